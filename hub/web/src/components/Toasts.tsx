/** Short notices about something that did not work; read aloud, and gone after a while. */

import { useApp } from "../hooks/app";
import { useStore } from "../hooks/store";
import { Icon } from "./Icon";

export function Toasts() {
  const { ui, t } = useApp();
  const toasts = useStore(ui.toasts);
  return (
    <div class="toasts" role="alert">
      {toasts.map((toast) => (
        <div class="toast" key={toast.id}>
          <Icon name="alert" size={18} />
          <span>{toast.text}</span>
          <button type="button" class="icon-button" aria-label={t("toast.close")} onClick={() => ui.dismiss(toast.id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
