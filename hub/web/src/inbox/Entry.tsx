/** One notification in the list: what it is about, since when, and what can be done with it. */

import { useRef, useState } from "preact/hooks";
import type { Notification, NotificationFilter } from "../../sdk";
import { Icon } from "../components/Icon";
import { useApp } from "../hooks/app";
import { categoryName } from "../i18n/categories";
import type { Say } from "../i18n/catalog";
import type { InboxKey } from "../i18n/inbox";
import { ago } from "../text/ago";
import { categoryIcon, knownCategory } from "../text/categories";
import { EntryMenu } from "./EntryMenu";
import type { EntryActions } from "./useActions";

type Props = { entry: Notification; filter: NotificationFilter; t: Say<InboxKey>; actions: EntryActions };

export function Entry({ entry, filter, t, actions }: Props) {
  const { dates, language } = useApp();
  const [open, setOpen] = useState(false);
  const more = useRef<HTMLButtonElement>(null);
  const unread = !entry.read_at;
  const closeMenu = (): void => {
    setOpen(false);
    more.current?.focus();
  };
  return (
    <li class={`entry ${unread ? "unread" : ""}`} data-testid="notification" data-notification-id={entry.id} data-unread={unread}>
      <div class="entry-line">
        <button type="button" class="entry-main" data-entry data-testid="notification-open" onClick={() => actions.open(entry)}>
          <span class="entry-icon" data-category={knownCategory(entry.category)} title={categoryName(language, entry.category)}>
            <Icon name={categoryIcon(entry.category)} />
          </span>
          <span class="entry-text">
            <span class="entry-top">
              <strong>{entry.title}</strong>
              <time dateTime={entry.created_at} title={dates.moment(entry.created_at)}>
                {ago(entry.created_at, t, dates)}
              </time>
            </span>
            {entry.body && <span class="entry-body">{entry.body}</span>}
            <Marks entry={entry} t={t} />
          </span>
          {unread && (
            <span class="unread-dot">
              <span class="sr-only">{t("unread")}</span>
            </span>
          )}
        </button>
        <button
          type="button"
          class="icon-button entry-more"
          data-testid="notification-menu"
          ref={more}
          aria-label={t("actions", { title: entry.title })}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Icon name="menu" />
        </button>
      </div>
      {open && <EntryMenu entry={entry} filter={filter} t={t} actions={actions} onClose={closeMenu} />}
    </li>
  );
}

function Marks({ entry, t }: { entry: Notification; t: Say<InboxKey> }) {
  const { dates } = useApp();
  const asleep = entry.snoozed_until && Date.parse(entry.snoozed_until) > Date.now();
  if (!asleep && entry.priority !== "critical") return null;
  return (
    <span class="entry-marks">
      {entry.priority === "critical" && <span class="pill danger-pill">{t("urgent")}</span>}
      {asleep && <span class="pill">{t("until", { time: dates.moment(entry.snoozed_until ?? "") })}</span>}
    </span>
  );
}
