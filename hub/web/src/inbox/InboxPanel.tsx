/** The notifications: a panel beside the bell, the whole screen on a phone. Loaded when it is opened first. */

import "../styles/inbox.css";
import { useEffect, useRef, useState } from "preact/hooks";
import type { NotificationFilter } from "../../sdk";
import { addressOf } from "../boot/session";
import { EmptyState } from "../components/EmptyState";
import { Icon } from "../components/Icon";
import { ListSkeleton } from "../components/Skeleton";
import { useApp } from "../hooks/app";
import { useAttention } from "../hooks/attention";
import { say, type Say } from "../i18n/catalog";
import { INBOX, type InboxKey } from "../i18n/inbox";
import { Entry } from "./Entry";
import { NoteLine, type Note } from "./NoteLine";
import { useActions } from "./useActions";
import { useBook } from "./useBook";

const FILTERS: NotificationFilter[] = ["all", "unread", "archived", "snoozed"];
const PHONE = "(max-width: 720px)";

export function InboxPanel({ onClose }: { onClose: () => void }) {
  const { client, language } = useApp();
  const t = say(INBOX, language);
  const [filter, setFilter] = useState<NotificationFilter>("all");
  const [note, setNote] = useState<Note | null>(null);
  const attentive = useAttention();
  const dialog = useRef<HTMLDialogElement>(null);
  const actions = useActions(t, setNote, onClose);
  useShown(dialog, onClose);
  useEffect(() => {
    // Whoever looks at the open panel has seen what is in it, also what arrives meanwhile.
    if (attentive && client.notifications.unseen > 0) void client.notifications.seen().catch(() => undefined);
  }, [attentive, client.notifications.unseen]);
  return (
    <dialog
      ref={dialog}
      class="inbox"
      data-testid="inbox"
      aria-label={t("title")}
      onKeyDown={move}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header class="inbox-head">
        <h2>{t("title")}</h2>
        <button type="button" class="icon-button" data-testid="inbox-read-all" aria-label={t("readAll")} title={t("readAll")} onClick={actions.readAll}>
          <Icon name="checks" />
        </button>
        <a class="icon-button" href={addressOf("/preferences.html")} data-testid="inbox-settings" aria-label={t("settings")} title={t("settings")}>
          <Icon name="gear" />
        </a>
        <button type="button" class="icon-button" data-testid="inbox-close" aria-label={t("close")} title={t("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="inbox-filters" role="group" aria-label={t("filter.label")}>
        {FILTERS.map((one) => (
          <button type="button" key={one} data-testid={`inbox-${one}`} aria-pressed={one === filter} onClick={() => setFilter(one)}>
            {t(`filter.${one}`)}
          </button>
        ))}
      </div>
      <Entries filter={filter} t={t} actions={actions} />
      <NoteLine note={note} undoLabel={t("undo")} onGone={() => setNote(null)} />
    </dialog>
  );
}

function Entries({ filter, t, actions }: { filter: NotificationFilter; t: Say<InboxKey>; actions: ReturnType<typeof useActions> }) {
  const { items, loaded, next, failed, retry, more } = useBook(filter);
  const lost = failed && !loaded;
  return (
    <div class="inbox-list" aria-busy={!loaded && !failed}>
      {lost && (
        <div class="inbox-failed" role="alert">
          <p>{t("failed")}</p>
          <button type="button" class="quiet" onClick={retry}>
            {t("again")}
          </button>
        </div>
      )}
      {!loaded && !failed && (
        <>
          <span class="sr-only" role="status">
            {t("loading")}
          </span>
          <ListSkeleton />
        </>
      )}
      {loaded && items.length === 0 && <EmptyState icon="bell" title={t(`empty.${filter}.title`)} text={t(`empty.${filter}.text`)} level={3} />}
      <ul>
        {items.map((entry) => (
          <Entry key={entry.id} entry={entry} filter={filter} t={t} actions={actions} />
        ))}
      </ul>
      {next && (
        <button type="button" class="more" data-testid="inbox-more" onClick={more}>
          {t("more")}
        </button>
      )}
    </div>
  );
}

/** On a phone it covers everything, so nothing else may have the focus; beside the bell a click elsewhere closes it. */
function useShown(dialog: { current: HTMLDialogElement | null }, onClose: () => void): void {
  useEffect(() => {
    if (matchMedia(PHONE).matches) dialog.current?.showModal();
    else dialog.current?.show();
    dialog.current?.focus();
    const outside = (event: PointerEvent): void => {
      const target = event.target as Element;
      if (!dialog.current?.contains(target) && !target.closest("[data-bell]")) onClose();
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key === "Escape") onClose();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("keydown", escape);
    };
  }, []);
}

/** Arrow keys move between the entries, from wherever in the panel the focus is. */
function move(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const entries = [...(event.currentTarget as HTMLElement).querySelectorAll<HTMLElement>("[data-entry]")];
  const row = (event.target as HTMLElement).closest(".entry")?.querySelector<HTMLElement>("[data-entry]");
  const at = row ? entries.indexOf(row) + step : 0;
  event.preventDefault();
  entries[Math.max(0, Math.min(entries.length - 1, at))]?.focus();
}
