/** The list of conversations, with who is signed in above and the page's preferences below. */

import { useEffect } from "preact/hooks";
import { addressOf, signOut } from "../boot/session";
import { useApp, useClientEvent } from "../hooks/app";
import { partner } from "../text/names";
import { Avatar } from "./Avatar";
import { Bell } from "./Bell";
import { ConversationItem } from "./ConversationItem";
import { EmptyState } from "./EmptyState";
import { LanguageSelect, ThemeToggle } from "./Preferences";
import { ListSkeleton } from "./Skeleton";

export function Sidebar({ selected }: { selected: string | null }) {
  const { client, t } = useApp();
  useClientEvent("inbox");
  useClientEvent("session");
  const { inbox } = client;
  const conversations = inbox.conversations;
  usePartnersPresence(conversations.flatMap((one) => partner(one.members, client.userId)?.user_id ?? []));
  return (
    <nav class="sidebar" aria-label={t("list.title")}>
      <SidebarHeader />
      <div class="list">
        {!inbox.loaded && <ListSkeleton />}
        {inbox.loaded && conversations.length === 0 && (
          <EmptyState icon="chat" title={t("list.empty.title")} text={t("list.empty.text")} level={3} />
        )}
        <ul>
          {conversations.map((conversation) => (
            <ConversationItem key={conversation.id} conversation={conversation} selected={conversation.id === selected} />
          ))}
        </ul>
        {inbox.next && (
          <button type="button" class="more" onClick={() => void inbox.loadMore().catch(() => undefined)}>
            {t("list.more")}
          </button>
        )}
      </div>
      <SidebarFooter />
    </nav>
  );
}

function SidebarHeader() {
  const { client, t } = useApp();
  const name = client.session?.user.display_name ?? "";
  return (
    <header class="sidebar-head">
      <h1>{t("list.title")}</h1>
      <Bell />
      {name && (
        <span class="me" title={name}>
          <span>{name}</span>
          <Avatar id={client.userId} name={name} size={32} />
        </span>
      )}
    </header>
  );
}

function SidebarFooter() {
  const app = useApp();
  const { t, demo, client } = app;
  return (
    <footer class="sidebar-foot">
      <div class="foot-row">
        <LanguageSelect i18n={app} onChange={app.setLanguage} />
        <ThemeToggle t={t} />
      </div>
      <div class="foot-row links">
        <a href={addressOf("/preferences.html")} data-testid="preferences-link">
          {t("app.preferences")}
        </a>
        {demo && <a href={addressOf("/deliveries.html", { user_id: client.userId })}>{t("app.deliveries")}</a>}
        <a href="/api.html">{t("app.api")}</a>
        <button type="button" onClick={signOut}>
          {t("app.signout")}
        </button>
      </div>
    </footer>
  );
}

export function usePartnersPresence(userIds: string[]): void {
  const { client } = useApp();
  const key = [...new Set(userIds)].sort().join(" ");
  useEffect(() => (key ? client.presence.watch(key.split(" ")) : undefined), [client, key]);
}

