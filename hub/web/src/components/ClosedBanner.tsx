/** In place of the composer: why nobody can write here, and what can be done. */

import type { OpenConversation } from "../../sdk";
import { useApp } from "../hooks/app";
import type { I18n } from "../i18n";
import { Icon } from "./Icon";

export function ClosedBanner({ conversation }: { conversation: OpenConversation }) {
  const app = useApp();
  const { state, reason, opens_at, kind } = conversation.log.conversation;
  const readOnly = kind === "announcement" ? app.t("closed.hosts_only") : app.t("closed.observer");
  const open = conversation.left === null ? readOnly : app.t("closed.left");
  const text = state === "closed" ? whyClosed(reason, opens_at, app) : open;
  return (
    <div class="closed" data-testid="closed-banner" data-reason={reason ?? ""} role="status">
      <Icon name="lock" />
      <p>{text}</p>
    </div>
  );
}

function whyClosed(reason: string | null | undefined, opensAt: string | null | undefined, { t, dates }: I18n): string {
  if (reason === "not_open_yet" && opensAt) return t("closed.not_open_yet.at", { time: dates.moment(opensAt) });
  if (!reason || reason === "closed") return t("closed.closed");
  if (reason === "expired" || reason === "not_open_yet" || reason === "observer") return t(`closed.${reason}`);
  return t("closed.other", { reason });
}
