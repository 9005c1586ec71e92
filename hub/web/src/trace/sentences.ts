/** Plain sentences for what the hub wrote down in codes. What is not known here is shown as the code alone. */

import { say } from "../i18n/catalog";
import { TRACE, type TraceKey } from "../i18n/trace";

export type Words = ReturnType<typeof say<TraceKey>>;

/** The codes that are sentences themselves, and those that have a shorter key here. */
const KEYS: Record<string, TraceKey> = {
  "quiet hours": "why.quiet_hours",
  "too many at once": "why.too_many",
  "looking at it": "why.looking",
  "reached an open page": "why.open_page",
  "in a digest": "why.in_digest",
  "its digest's fate": "why.in_digest",
  "read or told already": "why.read",
  "the rung before it failed": "why.before_failed",
  "cancelled by the sender": "why.sender",
  "a newer message has time": "why.newer",
  "another is on its way": "why.another",
  "too late to matter": "why.too_late",
  "the worker died while the provider was being called": "why.lost",
};
const REACHED = /^(delivered|accepted) by \w+$/;

const isKey = (key: string): key is TraceKey => key in TRACE.en;

/** Why, in a sentence; null when the code is not known. `level: reason` counts as its reason. */
export function reasonSentence(code: string | null | undefined, t: Words): string | null {
  if (!code) return null;
  if (REACHED.test(code)) return t("why.reached");
  const bare = code.includes(": ") ? code.slice(code.indexOf(": ") + 2) : code;
  const key = KEYS[bare] ?? `why.${bare}`;
  return isKey(key) ? t(key) : null;
}

const named = (family: "state" | "say" | "kind" | "verdict", code: string, t: Words): string => {
  const key = `${family}.${code}`;
  return isKey(key) ? t(key) : code;
};

export const stateName = (state: string, t: Words): string => named("state", state, t);
export const stateSentence = (state: string, t: Words): string => named("say", state, t);
export const reportSentence = (kind: string, t: Words): string => named("kind", kind, t);
export const verdictName = (verdict: string, t: Words): string => named("verdict", verdict, t);
