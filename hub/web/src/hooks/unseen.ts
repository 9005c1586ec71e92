/** What of a conversation its reader has not seen: reports reads, places the "new" mark, counts for the jump button. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { OpenConversation, TimelineItem } from "../../sdk";
import { useApp } from "./app";

export interface Place {
  head: number;
  mark: number;
}

/**
 * Where the mark belongs after the head has moved to `head`. One that is on display stays; otherwise it goes before
 * the newcomers, unless they arrived before the reader's eyes.
 */
export function moved({ head: before, mark }: Place, head: number, watching: boolean): Place {
  if (head === before || mark < before) return { head, mark };
  return { head, mark: watching ? head : before };
}

/** The seq after which the "new messages" mark stands; there is none while that is the latest. */
export function useNewMark(conversation: OpenConversation, attentive: boolean, ownTail: string | undefined, atEnd: boolean): number {
  const { client } = useApp();
  const { log } = conversation;
  const place = useRef<Place | null>(null);
  const known = useRef({ attentive, ownTail });
  place.current ??= { head: log.headSeq, mark: log.members.get(client.userId)?.read_seq ?? log.headSeq };
  place.current = moved(place.current, log.headSeq, attentive && atEnd);
  const left = known.current.attentive && !attentive; // what arrives from now on is new when they come back
  const wrote = known.current.ownTail !== ownTail; // who answers has read
  if (left || wrote) place.current.mark = log.headSeq;
  known.current = { attentive, ownTail };
  return place.current.mark;
}

/** Further back than this the mark is not looked for; the list then starts at its end. */
const MARK_PAGES = 4;

/** Loads back to the first unread message, so that a long absence starts where it began. True once that is done. */
export function useMarkLoaded(conversation: OpenConversation, mark: number): boolean {
  const [ready, setReady] = useState(() => hasMark(conversation, mark));
  useEffect(() => {
    if (ready) return;
    void loadBackTo(conversation, mark).finally(() => setReady(true));
  }, []);
  return ready;
}

/** The place of the mark is known only when the message after it, or one before that, is loaded. */
export const hasMark = ({ log }: OpenConversation, mark: number): boolean => log.oldestSeq <= mark + 1 || !log.more;

async function loadBackTo(conversation: OpenConversation, mark: number): Promise<void> {
  try {
    for (let page = 0; page < MARK_PAGES && !hasMark(conversation, mark); page += 1) await conversation.history();
  } catch {
    // Then the list starts at its end.
  }
}

/** Where the list stands: `atEnd` redraws, `pinned` is already right in the effects of the first draw. */
export interface Position {
  ready: boolean;
  atEnd: boolean;
  pinned: { current: boolean };
}

/** Read means: shown, at the end of the list, with the page in front. */
export function useReadReport(conversation: OpenConversation, attentive: boolean, { ready, atEnd, pinned }: Position): void {
  const { client } = useApp();
  const { headSeq } = conversation.log;
  useEffect(() => {
    if (attentive && ready && pinned.current && headSeq > 0) client.markRead(conversation.id, headSeq);
  }, [client, conversation, attentive, ready, atEnd, headSeq]);
}

/** How many messages of others are below what has been on screen. */
export function useCountBelow(items: TimelineItem[], headSeq: number, mark: number, pinned: { current: boolean }): number {
  const seen = useRef(mark);
  // After layout, when it is known whether the end is on screen.
  useEffect(() => {
    if (pinned.current) seen.current = headSeq;
  });
  return items.filter((item) => !item.own && (item.message?.seq ?? 0) > seen.current).length;
}
