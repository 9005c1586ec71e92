/** The bell with the number of new notifications. What it opens is loaded then. */

import type { FunctionComponent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { offline } from "../../sdk/errors";
import { useApp, useClientEvent } from "../hooks/app";
import { Icon } from "./Icon";

type Panel = FunctionComponent<{ onClose: () => void }>;

export function Bell() {
  const { client, ui, t, count, explain } = useApp();
  useClientEvent("notifications");
  const [panel, load] = useState<{ Panel: Panel } | null>(null);
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const { unseen } = client.notifications;
  const toggle = (): void => {
    setOpen(!open);
    if (panel) return;
    import("../inbox/InboxPanel").then(
      (loaded) => load({ Panel: loaded.InboxPanel }),
      () => {
        setOpen(false);
        ui.toast(explain(offline())); // that is why a part of the page does not load
      },
    );
  };
  const close = (): void => setOpen(false);
  const wasOpen = useRef(false);
  useEffect(() => {
    // Back to where it was opened from, unless something else took the focus meanwhile.
    const { activeElement } = document;
    const lost = !activeElement || activeElement === document.body || activeElement.closest(".inbox") !== null;
    if (wasOpen.current && !open && lost) button.current?.focus();
    wasOpen.current = open;
  }, [open]);
  const label = unseen > 0 ? `${t("bell.title")}, ${count("bell.unseen", unseen)}` : t("bell.title");
  return (
    <>
      <button
        type="button"
        class="icon-button bell"
        data-bell
        data-testid="bell"
        data-count={unseen}
        ref={button}
        aria-label={label}
        title={t("bell.title")}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={toggle}
      >
        <Icon name="bell" size={22} />
        {unseen > 0 && (
          <span class="badge" aria-hidden="true" key={unseen}>
            {unseen > 99 ? "99+" : unseen}
          </span>
        )}
      </button>
      {open && panel && <panel.Panel onClose={close} />}
    </>
  );
}
