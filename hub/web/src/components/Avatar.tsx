/** A person or group as a coloured disc with initials, and a dot for presence. */

import { useApp, useClientEvent } from "../hooks/app";
import type { TextKey } from "../i18n";
import { hue, initials } from "../text/names";

export function Avatar({ id, name, size = 44 }: { id: string; name: string; size?: number }) {
  return (
    <span class="avatar" style={`--hue:${hue(id)};--size:${size}px`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

/** Shape as well as colour: online is filled, away is a ring, offline is not drawn. */
export function PresenceDot({ userId }: { userId: string }) {
  const { client, t } = useApp();
  useClientEvent("presence", userId);
  const status = client.presence.of(userId)?.status ?? "offline";
  return <span class="dot" data-status={status} role="img" aria-label={t(presenceKey(status))} />;
}

export function presenceKey(status: string): TextKey {
  return status === "online" || status === "away" || status === "busy" ? `presence.${status}` : "presence.offline";
}
