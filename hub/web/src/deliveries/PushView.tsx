/** A push message as a phone shows it, with what was asked of the push service. */

import { Icon } from "../components/Icon";
import type { Delivery } from "./feed";
import { usePage } from "./page";
import { Facts } from "./Phone";
import { duration } from "../text/units";

export function PushView({ delivery }: { delivery: Delivery }) {
  const { t, dates, language } = usePage();
  const { title, body, url, topic, urgency, ttl_seconds: ttl } = delivery.details;
  return (
    <div class="stage">
      <div class="lock-screen">
        <time>{dates.time(delivery.at)}</time>
        <div class="push-card" data-testid="push-card">
          <span class="push-icon" aria-hidden="true">
            <Icon name="chat" size={20} />
          </span>
          <div>
            <p class="push-site">
              {location.host} · {t("now")}
            </p>
            <h3>{title ?? delivery.subject}</h3>
            <p data-testid="delivery-text">{body ?? delivery.text}</p>
          </div>
        </div>
      </div>
      <Facts
        facts={[
          [t("opens"), url],
          [t("urgency"), urgency],
          [t("ttl"), ttl === undefined ? null : duration(language, ttl)],
          [t("topic"), topic],
        ]}
      />
    </div>
  );
}
