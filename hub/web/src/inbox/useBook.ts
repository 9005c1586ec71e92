/** One list of the notifications, kept current while the panel is open. */

import { useCallback, useEffect, useState } from "preact/hooks";
import type { NotificationFilter, NotificationList } from "../../sdk";
import { HubError } from "../../sdk/errors";
import { useApp, useClientEvent } from "../hooks/app";

export interface BookView extends NotificationList {
  failed: boolean;
  retry: () => void;
  more: () => void;
}

export function useBook(filter: NotificationFilter): BookView {
  const { client } = useApp();
  const book = client.notifications;
  const [failed, fail] = useState(false);
  useClientEvent("notifications");
  const retry = useCallback(() => {
    fail(false);
    book.load(filter).catch(() => fail(true));
  }, [book, filter]);
  useEffect(retry, [retry]);
  useEffect(() => () => book.forget(), [book]);
  const more = (): void => void book.loadMore(filter).catch(() => fail(true));
  return { ...book.list(filter), failed, retry, more };
}

/** Runs what may be refused; the error in the reader's language goes to `say`. */
export function useAttempt(say: (text: string) => void): (work: Promise<unknown>) => Promise<boolean> {
  const { explain } = useApp();
  return async (work) => {
    try {
      await work;
      return true;
    } catch (thrown) {
      say(explain(HubError.of(thrown)));
      return false;
    }
  };
}
