/** What can be done with one notification, unfolded below it. */

import { useEffect, useRef } from "preact/hooks";
import type { Notification, NotificationFilter } from "../../sdk";
import { addressOf } from "../boot/session";
import { Icon, type IconName } from "../components/Icon";
import type { Say } from "../i18n/catalog";
import type { InboxKey } from "../i18n/inbox";
import { snoozes } from "./snooze";
import type { EntryActions } from "./useActions";

type Props = { entry: Notification; filter: NotificationFilter; t: Say<InboxKey>; actions: EntryActions; onClose: () => void };

export function EntryMenu({ entry, filter, t, actions, onClose }: Props) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.querySelector<HTMLElement>("button")?.focus();
    box.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const item = (id: string, icon: IconName, label: InboxKey, act: () => void) => (
    <button
      type="button"
      data-testid={id}
      onClick={() => {
        onClose();
        act();
      }}
    >
      <Icon name={icon} size={18} />
      {t(label)}
    </button>
  );
  const archived = filter === "archived";
  return (
    <div class="entry-menu" role="group" aria-label={t("actions", { title: entry.title })} ref={box} onKeyDown={(event) => escape(event, onClose)}>
      {entry.read_at
        ? item("notification-unread", "mail", "unreadAgain", () => actions.unread(entry))
        : item("notification-read", "check", "read", () => actions.read(entry))}
      {archived
        ? item("notification-unarchive", "reply", "unarchive", () => actions.unarchive(entry))
        : item("notification-archive", "archive", "archive", () => actions.archive(entry))}
      {entry.conversation_id && item("notification-mute", "mute", "mute", () => actions.mute(entry))}
      <a href={addressOf("/trace.html", { id: entry.id })} data-testid="notification-why">
        <Icon name="help" size={18} />
        {t("why")}
      </a>
      {!archived && (
        <>
          <span class="menu-head">{t("snooze")}</span>
          {snoozes().map(({ key, until }) => item(key, "clock", key, () => actions.snooze(entry, until)))}
        </>
      )}
    </div>
  );
}

/** Arrow keys move between the actions; Escape folds them up, and leaves the panel open. */
function escape(event: KeyboardEvent, close: () => void): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key !== "Escape" && step === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  if (step === undefined) return close();
  const all = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("button, a")];
  all[(all.indexOf(event.target as HTMLElement) + step + all.length) % all.length]?.focus();
}
