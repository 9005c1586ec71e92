/** How long ago, in as few letters as can be. */

import type { Dates } from "../i18n/dates";
import type { Say } from "../i18n/catalog";

type AgoKey = "ago.now" | "ago.minutes" | "ago.hours" | "ago.days";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function ago(at: string, t: Say<AgoKey>, dates: Dates, now = new Date()): string {
  const age = now.getTime() - Date.parse(at);
  if (age < MINUTE) return t("ago.now");
  if (age < HOUR) return t("ago.minutes", { n: Math.floor(age / MINUTE) });
  if (age < DAY) return t("ago.hours", { n: Math.floor(age / HOUR) });
  if (age < 7 * DAY) return t("ago.days", { n: Math.floor(age / DAY) });
  return dates.brief(at, now);
}
