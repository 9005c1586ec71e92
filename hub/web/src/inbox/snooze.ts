/** Until when a notification may sleep: the choices that make sense at this hour, in the reader's own time. */

import type { InboxKey } from "../i18n/inbox";

export interface Snooze {
  key: InboxKey;
  until: Date;
}

const EVENING = 18;
const MORNING = 9;
const MONDAY = 1;

export function snoozes(now = new Date()): Snooze[] {
  const at = (days: number, hour: number): Date => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  const toMonday = (MONDAY - now.getDay() + 7) % 7 || 7;
  const choices: Snooze[] = [{ key: "snooze.hour", until: new Date(now.getTime() + 3_600_000) }];
  // In the late afternoon "this evening" would be the same as "for an hour".
  if (now.getHours() < EVENING - 1) choices.push({ key: "snooze.evening", until: at(0, EVENING) });
  choices.push({ key: "snooze.tomorrow", until: at(1, MORNING) });
  if (toMonday > 1) choices.push({ key: "snooze.monday", until: at(toMonday, MORNING) });
  return choices;
}
