/** Where things stand in the picture: time runs from left to right, by order and not by length, because waits differ by thousands. */

import { isWaiting, rungsOf, shownState, toneOf, type Delivery, type Tone, type Trace } from "./model";

export interface Dot {
  /** Percent of the width. */
  x: number;
  at: string;
  state: string;
  tone: Tone;
}

export interface Lane {
  key: string;
  rung: number;
  channel: string;
  /** Skipped: nothing was to be sent. */
  skipped: boolean;
  dots: Dot[];
  /** What it still waits for. */
  due: { x: number; at: string } | null;
}

export type MarkKind = "created" | "seen" | "read" | "replied" | "paid";

export interface Mark {
  x: number;
  at: string;
  kind: MarkKind;
}

export interface Picture {
  lanes: Lane[];
  marks: Mark[];
  first: string;
  last: string;
}

/** What lies within one second shares a place. */
const second = (at: string): number => Math.floor(Date.parse(at) / 1_000);

export function pictureOf(trace: Trace): Picture {
  const marks = marksOf(trace);
  const due = (one: Delivery): string[] => (isWaiting(one) && one.due_at ? [one.due_at] : []);
  const moments = [...marks.map((mark) => mark.at), ...trace.deliveries.flatMap((one) => [...one.steps.map((step) => step.at), ...due(one)])];
  const order = [...new Set(moments.map(second))].sort((a, b) => a - b);
  const x = (at: string): number => (order.length < 2 ? 0 : (order.indexOf(second(at)) / (order.length - 1)) * 100);
  const sorted = [...moments].sort((a, b) => Date.parse(a) - Date.parse(b));
  const lanes = rungsOf(trace).flatMap(({ rung, channel, deliveries }): Lane[] => {
    const lane = (key: string, one?: Delivery): Lane => ({
      key,
      rung,
      channel,
      skipped: one === undefined,
      dots: one ? happened(one, trace.notification.created_at).map(({ at, state }) => ({ x: x(at), at, state, tone: toneOf(state) })) : [],
      due: one && due(one)[0] ? { x: x(due(one)[0] ?? ""), at: due(one)[0] ?? "" } : null,
    });
    return deliveries.length > 0 ? deliveries.map((one) => lane(one.id, one)) : [lane(`${rung} ${channel}`)];
  });
  const created = trace.notification.created_at;
  return { lanes, marks: marks.map((mark) => ({ ...mark, x: x(mark.at) })), first: sorted[0] ?? created, last: sorted.at(-1) ?? created };
}

/** What shows at once has no steps: it was there from the beginning. */
function happened(one: Delivery, created: string): Array<{ at: string; state: string }> {
  if (one.steps.length > 0 || isWaiting(one)) return one.steps;
  return [{ at: created, state: shownState(one) }];
}

function marksOf({ notification }: Trace): Mark[] {
  const { created_at, seen_at, read_at, replied_at, paid_at } = notification;
  const all: Array<[MarkKind, string | undefined]> = [
    ["created", created_at],
    ["seen", seen_at],
    ["read", read_at],
    ["replied", replied_at],
    ["paid", paid_at],
  ];
  return all.flatMap(([kind, at]) => (at ? [{ kind, at, x: 0 }] : []));
}
