/** Asks before a message disappears for everyone. */

import { useEffect, useRef } from "preact/hooks";
import { HubError, type Message } from "../../sdk";
import { useApp } from "../hooks/app";

export function DeleteDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const { client, ui, t, explain } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = (): void => {
    onClose();
    ui.focusComposer();
  };
  const remove = (): void => {
    client.remove(message.conversation_id, message.seq).catch((thrown) => ui.toast(explain(HubError.of(thrown))));
    close();
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="delete-title" aria-describedby="delete-text">
      <h2 id="delete-title">{t("delete.title")}</h2>
      <p id="delete-text">{t("delete.text")}</p>
      <div class="dialog-buttons">
        <button type="button" class="quiet" onClick={close}>
          {t("delete.cancel")}
        </button>
        <button type="button" class="danger" data-testid="delete-confirm" onClick={remove}>
          {t("message.delete")}
        </button>
      </div>
    </dialog>
  );
}
