/** The devices that show notifications, and this one among them. */

import { useCallback, useEffect, useState } from "preact/hooks";
import { Icon } from "../components/Icon";
import { usePerson } from "../hooks/person";
import type { Say } from "../i18n/catalog";
import type { PreferencesKey } from "../i18n/preferences";
import { pushSupport, surroundings } from "../push/support";
import { currentSubscription, disablePush, enablePush, type Device, type Enabled } from "../push/subscription";

const WORDS: Record<Exclude<Enabled, "enabled">, PreferencesKey> = {
  denied: "devices.denied",
  dismissed: "devices.dismissed",
  off: "devices.off",
};

type Props = { t: Say<PreferencesKey>; tell: (text: string, problem?: boolean) => void; onChange: () => void };

export function Devices({ t, tell, onChange }: Props) {
  const { rest, dates } = usePerson();
  const [devices, list] = useState<Device[]>([]);
  const reload = useCallback(() => {
    rest.get<{ subscriptions: Device[] }>("/me/push-subscriptions").then(
      ({ subscriptions }) => list(subscriptions),
      () => undefined, // the rest of the page says that the server is away
    );
  }, [rest]);
  useEffect(reload, [reload]);
  const changed = (): void => {
    reload();
    onChange();
  };
  const remove = async (device: Device): Promise<void> => {
    const name = device.label || t("devices.unnamed");
    try {
      await rest.delete(`/me/push-subscriptions/${encodeURIComponent(device.id)}`);
      tell(t("devices.removed", { name }));
    } catch {
      tell(t("failed"), true);
    }
    changed();
  };
  return (
    <section class="panel" aria-labelledby="devices-title">
      <h2 id="devices-title">{t("devices.title")}</h2>
      <p class="lead">{t("devices.hint")}</p>
      <ThisDevice t={t} tell={tell} onChange={changed} known={devices.length} />
      {devices.length === 0 && <p class="lead">{t("devices.none")}</p>}
      <ul class="devices">
        {devices.map((device) => (
          <li key={device.id} data-testid="device">
            <Icon name="phone" />
            <span>
              <strong>{device.label || t("devices.unnamed")}</strong>
              <small>{t("devices.added", { time: dates.moment(device.created_at) })}</small>
            </span>
            <button
              type="button"
              class="icon-button"
              data-testid="device-remove"
              aria-label={t("devices.remove", { name: device.label || t("devices.unnamed") })}
              onClick={() => void remove(device)}
            >
              <Icon name="trash" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** `known`: how many devices the hub knows; when it forgot this one, the browser's own word is not enough. */
function ThisDevice({ t, tell, onChange, known }: Props & { known: number }) {
  const { rest } = usePerson();
  const [support, setSupport] = useState(() => pushSupport(surroundings()));
  const [subscription, hold] = useState<PushSubscription | null>(null);
  const [busy, setBusy] = useState(false);
  const look = (): void => void currentSubscription().then(hold, () => hold(null));
  useEffect(look, []);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    await work().catch(() => tell(t("devices.failed"), true));
    setBusy(false);
    setSupport(pushSupport(surroundings()));
    look();
    onChange();
  };
  const enable = async (): Promise<void> => {
    const outcome = await enablePush(rest);
    if (outcome === "enabled") tell(t("devices.on"));
    else tell(t(WORDS[outcome]), true);
  };
  if (support !== "ready") {
    return (
      <p class="note" data-testid="push-state" data-state={support}>
        <Icon name="alert" size={18} />
        {t(`devices.${support}`)}
      </p>
    );
  }
  if (subscription && known > 0) {
    return (
      <p class="note good" data-testid="push-state" data-state="on">
        <Icon name="check" size={18} />
        <span>{t("devices.on")}</span>
        <button type="button" class="link" disabled={busy} onClick={() => void attempt(() => disablePush(rest, subscription))}>
          {t("devices.remove", { name: t("devices.here").toLocaleLowerCase() })}
        </button>
      </p>
    );
  }
  return (
    <button type="button" class="primary" data-testid="push-enable" data-state="off" disabled={busy} onClick={() => void attempt(enable)}>
      {t(busy ? "devices.enabling" : "devices.enable")}
    </button>
  );
}
