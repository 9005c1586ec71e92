/** What can be done with a notification, each with a word about it and, where it can be, a way back. */

import type { Notification } from "../../sdk";
import { useApp } from "../hooks/app";
import type { Say } from "../i18n/catalog";
import type { InboxKey } from "../i18n/inbox";
import type { Note } from "./NoteLine";
import { destination } from "./destination";
import { useAttempt } from "./useBook";

export interface EntryActions {
  open(entry: Notification): void;
  read(entry: Notification): void;
  unread(entry: Notification): void;
  archive(entry: Notification): void;
  unarchive(entry: Notification): void;
  snooze(entry: Notification, until: Date): void;
  mute(entry: Notification): void;
  readAll(): void;
}

export function useActions(t: Say<InboxKey>, note: (note: Note) => void, close: () => void): EntryActions {
  const { client, rest, ui, dates } = useApp();
  const attempt = useAttempt((text) => note({ text }));
  const book = client.notifications;
  const post = (entry: Notification, verb: string): Promise<unknown> => rest.post(`/me/notifications/${encodeURIComponent(entry.id)}/${verb}`);
  const then = async (work: Promise<unknown>, done: Note): Promise<void> => {
    if (await attempt(work)) note(done);
  };
  const setMuted = (id: string, allowed: boolean | null): Promise<unknown> =>
    rest.put("/me/preferences", { settings: [{ scope: `conversation:${id}`, channel: "*", allowed }] });
  const actions: EntryActions = {
    open: (entry) => {
      if (!entry.read_at) void attempt(book.read(entry.id));
      const target = destination(entry, location.origin);
      if (target && "address" in target) location.assign(target.address);
      if (target && "conversation" in target) {
        ui.select(target.conversation);
        close();
      }
    },
    read: (entry) => void attempt(book.read(entry.id)),
    unread: (entry) => void attempt(post(entry, "unread")),
    unarchive: (entry) => void attempt(post(entry, "unarchive")),
    archive: (entry) => void then(book.archive(entry.id), { text: t("done.archived"), undo: () => actions.unarchive(entry) }),
    snooze: (entry, until) => {
      const at = until.toISOString();
      void then(book.snooze(entry.id, at), { text: t("done.snoozed", { time: dates.moment(at) }) });
    },
    mute: (entry) => {
      const id = entry.conversation_id;
      if (id) void then(setMuted(id, false), { text: t("done.muted"), undo: () => void attempt(setMuted(id, null)) });
    },
    readAll: () => void then(rest.post("/me/notifications/read-all"), { text: t("done.readAll") }),
  };
  return actions;
}
