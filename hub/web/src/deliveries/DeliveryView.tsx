/** One delivery as its reader would see it, with what is known about it and the way to its trace. */

import type { FunctionComponent } from "preact";
import { addressOf } from "../boot/session";
import { Icon } from "../components/Icon";
import { channelName } from "../i18n/categories";
import { EmailView } from "./EmailView";
import type { Delivery } from "./feed";
import { usePage } from "./page";
import { PushView } from "./PushView";
import { SmsView } from "./SmsView";
import { WhatsAppView } from "./WhatsAppView";

const VIEWS: Record<string, FunctionComponent<{ delivery: Delivery }>> = {
  email: EmailView,
  push: PushView,
  sms: SmsView,
  whatsapp: WhatsAppView,
};

export function DeliveryView({ delivery, onBack }: { delivery: Delivery; onBack: () => void }) {
  const { t, dates, language, nameOf } = usePage();
  const View = VIEWS[delivery.channel] ?? EmailView;
  // The address of a push message is long and says nothing to people.
  const address = delivery.channel === "push" ? t("device") : delivery.to;
  const trace = addressOf("/trace.html", { id: delivery.notification_id, as: delivery.user_id });
  return (
    <article class="delivery" data-testid="delivery-view" data-channel={delivery.channel}>
      <header>
        <button type="button" class="icon-button back-to-list" data-testid="back-to-list" aria-label={t("backToList")} onClick={onBack}>
          <Icon name="back" />
        </button>
        <div>
          <h2>{nameOf(delivery.user_id)}</h2>
          <p>
            {channelName(language, delivery.channel)} {t("to", { address, time: dates.moment(delivery.at) })}
          </p>
        </div>
        <a class="trace-link" data-testid="trace-link" href={trace}>
          <Icon name="help" size={18} />
          {t("trace")}
        </a>
      </header>
      <View delivery={delivery} />
    </article>
  );
}
