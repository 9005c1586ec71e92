/** Which language the page speaks, and its texts. */

import type { Language } from "../../sdk";
import { keep, kept } from "../boot/kept";
import { Dates, type Translate } from "./dates";
import { en, type TextKey, type Texts } from "./en";
import { fr } from "./fr";
import { ht } from "./ht";

const TEXTS: Record<Language, Texts> = { en, fr, ht };
const STORED = "hub.language";

export const LANGUAGES: ReadonlyArray<[Language, string]> = [
  ["en", "English"],
  ["fr", "Français"],
  ["ht", "Kreyòl ayisyen"],
];

export interface I18n {
  language: Language;
  t: Translate;
  /** Chooses between `key.one` and `key.other`. */
  count: (key: "unread" | "chat.jump" | "chat.viewers" | "composer.left", n: number) => string;
  dates: Dates;
  money: (minor: number, currency: string) => string;
}

export function i18n(language: Language): I18n {
  const t: Translate = (key, values = {}) =>
    TEXTS[language][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  const plural = new Intl.PluralRules(language === "ht" ? "fr" : language);
  return {
    language,
    t,
    count: (key, n) => t(`${key}.${plural.select(n) === "one" ? "one" : "other"}` as TextKey, { n }),
    dates: new Dates(language, t),
    money: (minor, currency) => formatMoney(language, minor, currency),
  };
}

/** `?lang=` first, then the stored choice, then the browser's. */
export function chosenLanguage(): Language {
  const asked = new URLSearchParams(location.search).get("lang");
  const candidates = [asked, kept("always", STORED), ...navigator.languages];
  for (const candidate of candidates) {
    const known = LANGUAGES.find(([code]) => candidate?.toLowerCase().split("-")[0] === code);
    if (known) return known[0];
  }
  return "en";
}

export const storeLanguage = (language: Language): void => keep("always", STORED, language);

function formatMoney(language: Language, minor: number, currency: string): string {
  const locale = language === "ht" ? "fr" : language;
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  // Amounts are integer minor units; how many of them make one depends on the currency.
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** digits);
}

export type { TextKey };
