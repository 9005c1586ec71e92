/** A WhatsApp message in a phone; outside the 24 hours it is a template with values. */

import { Icon } from "../components/Icon";
import { RichText } from "../components/RichText";
import type { Delivery } from "./feed";
import { usePage } from "./page";
import { Facts, Phone } from "./Phone";

export function WhatsAppView({ delivery }: { delivery: Delivery }) {
  const { t, dates } = usePage();
  const { template, language, parameters } = delivery.details;
  return (
    <div class="stage">
      <Phone kind="whatsapp" title="WhatsApp">
        <p class="whatsapp-bubble" data-testid="delivery-text">
          <RichText text={delivery.text} />
          <span class="whatsapp-meta">
            {dates.time(delivery.at)} <Icon name="checks" size={14} />
          </span>
        </p>
      </Phone>
      <p>
        <span class="tag" data-kind={template ? "wait" : "good"} data-testid="whatsapp-kind">
          {template ? `${t("template")}: ${template}` : t("freeform")}
        </span>
      </p>
      <Facts
        facts={[
          [t("template"), template && language ? `${template} (${language})` : template],
          [t("parameters"), parameters?.join(" · ")],
        ]}
      />
    </div>
  );
}
