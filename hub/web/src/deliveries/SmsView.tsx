/** An SMS in a phone, with its length and what it would cost. */

import { RichText } from "../components/RichText";
import { micros } from "../text/units";
import { numberOf } from "../i18n/catalog";
import type { Delivery } from "./feed";
import { usePage } from "./page";
import { Facts, Phone } from "./Phone";

export function SmsView({ delivery }: { delivery: Delivery }) {
  const { t, dates, language } = usePage();
  const { segments, encoding, characters, cost_micros: cost } = delivery.details;
  const length = segments === undefined ? null : t(`segments.${numberOf(language, segments)}`, { n: segments });
  return (
    <div class="stage">
      <Phone kind="sms" title="SMS">
        <p class="sms-bubble" data-testid="delivery-text">
          <RichText text={delivery.text} />
        </p>
        <time class="bubble-time">{dates.time(delivery.at)}</time>
      </Phone>
      <Facts
        facts={[
          [t("length"), length && (characters === undefined ? length : `${length} (${characters})`)],
          [t("encoding"), encoding],
          [t("cost"), cost === undefined ? null : micros(language, cost)],
        ]}
      />
    </div>
  );
}
