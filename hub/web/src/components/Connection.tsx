/** Tells whether the page is connected; silent while all is well. */

import { useApp, useClientEvent } from "../hooks/app";
import { Icon } from "./Icon";

export function ConnectionBanner() {
  const { client, t } = useApp();
  useClientEvent("connection");
  const { status } = client.state;
  const text = status === "stopped" ? t("stopped.title") : t(`connection.${status}`);
  return (
    <div class="connection" data-testid="connection-state" data-state={status} role="status">
      {status === "offline" ? <Icon name="offline" size={16} /> : <span class="spinner" aria-hidden="true" />}
      <span>{text}</span>
    </div>
  );
}
