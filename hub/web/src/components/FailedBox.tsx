/** Under a message the server refused: why, and the two ways on. */

import { HubError, type OutboxItem } from "../../sdk";
import { useApp } from "../hooks/app";
import type { MessageActions } from "./actions";

export function FailedBox({ echo, actions }: { echo: OutboxItem; actions: MessageActions }) {
  const { t, explain, ui } = useApp();
  const { error } = echo;
  const why = error ? explain(new HubError(error.code, error.message, false, null, error.localized)) : "";
  return (
    <div class="failed-box" role="alert">
      <span>
        <strong>{t("state.failed")}.</strong> {why}
      </span>
      <button type="button" data-testid="retry-button" onClick={() => actions.retry(echo.client_message_id)}>
        {t("message.retry")}
      </button>
      <button
        type="button"
        data-testid="discard-button"
        onClick={() => {
          actions.discard(echo.client_message_id);
          ui.focusComposer();
        }}
      >
        {t("message.discard")}
      </button>
    </div>
  );
}
