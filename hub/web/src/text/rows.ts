/** Lays a timeline out: day separators, the mark for new messages, and runs of one sender. */

import type { TimelineItem } from "../../sdk";
import { sameDay } from "../i18n/dates";

export interface MessageRowModel {
  kind: "message";
  key: string;
  item: TimelineItem;
  /** First and last of a run by the same sender. */
  first: boolean;
  last: boolean;
}

export type Row = { kind: "day"; key: string; at: string } | { kind: "new"; key: string } | MessageRowModel;

/** A pause longer than this starts a new run. */
const RUN_MS = 5 * 60_000;

const timeOf = (item: TimelineItem): string => item.message?.created_at ?? item.echo?.created_at ?? "";
const senderOf = (item: TimelineItem): string => (item.own ? "me" : (item.message?.sender_id ?? ""));
const isSystem = (item: TimelineItem): boolean => item.message?.kind === "system";

/** `readSeq`: what had been read when the conversation came on screen; null for no mark. */
export function rowsOf(items: TimelineItem[], readSeq: number | null): Row[] {
  const rows: Row[] = [];
  let marked = readSeq === null;
  items.forEach((item, index) => {
    const previous = items[index - 1];
    const at = timeOf(item);
    const newDay = !previous || !sameDay(timeOf(previous), at);
    if (newDay) rows.push({ kind: "day", key: `day-${item.key}`, at });
    const unseen = !marked && !item.own && (item.message?.seq ?? 0) > (readSeq ?? 0);
    if (unseen) {
      marked = true;
      rows.push({ kind: "new", key: "new" });
    }
    const first = newDay || unseen || startsRun(previous, item);
    const before = rows.at(-1);
    if (first && index > 0) closeRun(rows);
    rows.push({ kind: "message", key: item.key, item, first: first || before?.kind !== "message", last: index === items.length - 1 });
  });
  return rows;
}

function startsRun(previous: TimelineItem | undefined, item: TimelineItem): boolean {
  if (!previous || isSystem(previous) || isSystem(item) || senderOf(previous) !== senderOf(item)) return true;
  return Date.parse(timeOf(item)) - Date.parse(timeOf(previous)) > RUN_MS;
}

/** The latest message row so far was the last of its run. */
function closeRun(rows: Row[]): void {
  const row = rows.findLast((candidate) => candidate.kind === "message");
  if (row?.kind === "message") row.last = true;
}
