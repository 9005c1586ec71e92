/** What was captured, newest first. */

import { Icon } from "../components/Icon";
import { channelName } from "../i18n/categories";
import { channelIcon } from "../text/categories";
import type { Delivery } from "./feed";
import { usePage } from "./page";

type Props = { deliveries: Delivery[]; shown: Delivery | undefined; onChoose: (deliveryId: string) => void };

export function List({ deliveries, shown, onChoose }: Props) {
  const { t, dates, language, nameOf } = usePage();
  return (
    <nav class="captured" aria-label={t("list")}>
      <ul>
        {deliveries.map((one) => (
          <li key={one.delivery_id}>
            <button
              type="button"
              data-testid="delivery"
              data-channel={one.channel}
              aria-current={one === shown ? "true" : undefined}
              onClick={() => onChoose(one.delivery_id)}
            >
              <span class="captured-icon" title={channelName(language, one.channel)}>
                <Icon name={channelIcon(one.channel)} size={18} />
              </span>
              <span class="captured-text">
                <span class="row-top">
                  <strong>{nameOf(one.user_id)}</strong>
                  <time dateTime={one.at}>{dates.brief(one.at)}</time>
                </span>
                <span class="row-subject">{one.subject ?? one.details.title ?? one.text}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
