/** Above the field: which message is being answered or corrected. */

import { useApp } from "../hooks/app";
import { preview, senderName } from "../text/names";
import type { ComposerMode } from "../ui";
import { Icon } from "./Icon";

export function ComposerContext({ mode, onCancel }: { mode: ComposerMode; onCancel: () => void }) {
  const app = useApp();
  const { client, t, ui } = app;
  if (mode.kind === "write") return null;
  const { message } = mode;
  const members = client.conversation(message.conversation_id)?.log.members ?? new Map();
  const name = senderName(message.sender_id, members, client.userId, app);
  const cancel = (): void => {
    onCancel();
    ui.focusComposer();
  };
  return (
    <div class="context" data-testid="composer-context" data-mode={mode.kind}>
      <Icon name={mode.kind === "reply" ? "reply" : "edit"} size={18} />
      <span class="context-text">
        <strong>{mode.kind === "reply" ? t("composer.replying", { name }) : t("composer.editing")}</strong>
        <span>{preview(message, app)}</span>
      </span>
      <button type="button" class="icon-button" aria-label={t("composer.cancel")} onClick={cancel}>
        <Icon name="close" size={18} />
      </button>
    </div>
  );
}
