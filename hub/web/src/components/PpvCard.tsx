/** A paid message: what it costs and whether it is open; the buyer unlocks it here. */

import { useRef, useState } from "preact/hooks";
import { HubError, type Message } from "../../sdk";
import { useApp } from "../hooks/app";
import { Icon } from "./Icon";

export function PpvCard({ message, own }: { message: Message; own: boolean }) {
  const { t, money } = useApp();
  const offer = message.ppv;
  if (!offer) return null;
  const price = money(offer.price, offer.currency);
  const locked = offer.state !== "unlocked" && !own;
  const teaser = previewText(offer.preview);
  return (
    <div class={`ppv ${locked ? "locked" : ""}`} data-testid="ppv" data-state={offer.state}>
      {locked && (
        <span class="ppv-cover">
          <Icon name="lock" size={26} />
          <span>{teaser || t("ppv.locked")}</span>
        </span>
      )}
      {locked && offer.state === "locked" && <UnlockButton message={message} price={price} />}
      {offer.state === "refunded" && <span class="ppv-note">{t("ppv.refunded")}</span>}
      {!locked && offer.state !== "refunded" && (
        <span class="ppv-note">
          <Icon name="unlock" size={15} />
          {t(own ? "ppv.offered" : "ppv.unlocked", { price })}
        </span>
      )}
    </div>
  );
}

function UnlockButton({ message, price }: { message: Message; price: string }) {
  const { client, t, ui, explain } = useApp();
  const [busy, setBusy] = useState(false);
  const [redirect, setRedirect] = useState<string | null>(null);
  // One key for all attempts of this button: pressing again cannot pay twice.
  const key = useRef<string | undefined>(undefined);
  const unlock = async (): Promise<void> => {
    setBusy(true);
    key.current ??= client.newId();
    try {
      const payment = await client.unlock(message.id, key.current);
      if (payment.redirect_url) setRedirect(payment.redirect_url);
      if (payment.status === "failed") key.current = undefined;
    } catch (thrown) {
      const error = HubError.of(thrown);
      if (!error.retryable) key.current = undefined;
      ui.toast(explain(error));
    } finally {
      setBusy(false);
    }
  };
  if (redirect && /^https?:\/\//.test(redirect)) {
    return (
      <a class="primary small" href={redirect} target="_blank" rel="noopener noreferrer">
        {t("ppv.pay")}
      </a>
    );
  }
  return (
    <button type="button" class="primary small" data-testid="unlock-button" disabled={busy} onClick={() => void unlock()}>
      {busy ? t("ppv.unlocking") : t("ppv.unlock", { price })}
    </button>
  );
}

function previewText(preview: unknown): string {
  if (typeof preview === "string") return preview;
  const text = (preview as { text?: unknown } | null)?.text;
  return typeof text === "string" ? text : "";
}
