/** The messenger's frame: connection banner, list on one side, conversation on the other. */

import { useEffect } from "preact/hooks";
import { useApp, useClientEvent } from "../hooks/app";
import { usePushed } from "../hooks/pushed";
import { useStore } from "../hooks/store";
import { Announcer } from "./Announcer";
import { ChatPane } from "./ChatPane";
import { ConnectionBanner } from "./Connection";
import { EmptyState } from "./EmptyState";
import { Sidebar } from "./Sidebar";
import { Stopped } from "./Stopped";
import { Toasts } from "./Toasts";

export function Messenger() {
  const { client, ui, t } = useApp();
  useClientEvent("connection");
  useTitle();
  usePushed();
  const selected = useStore(ui.selected);
  if (client.state.status === "stopped") return <Stopped reason={client.state.reason ?? ""} />;
  return (
    <div class="messenger" data-pane={selected ? "chat" : "list"}>
      <a class="skip" href="#messages" onClick={skip}>
        {t("app.skip")}
      </a>
      <ConnectionBanner />
      <Sidebar selected={selected} />
      <main class="chat" id="messages" tabIndex={-1}>
        {selected ? <ChatPane key={selected} id={selected} /> : <EmptyState icon="chat" title={t("chat.pick.title")} text={t("chat.pick.text")} />}
      </main>
      <Announcer />
      <Toasts />
    </div>
  );
}

/** The address is taken by the conversation, so the link moves the focus itself. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  (document.querySelector<HTMLElement>("[data-testid=composer-input]") ?? document.getElementById("messages"))?.focus();
}

function useTitle(): void {
  const { client, t } = useApp();
  useClientEvent("inbox");
  const total = client.inbox.unreadTotal;
  const title = total > 0 ? `(${total}) ${t("app.name")}` : t("app.name");
  useEffect(() => {
    document.title = title;
  }, [title]);
}
