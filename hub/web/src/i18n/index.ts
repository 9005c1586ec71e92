/** Which language the page speaks, and its texts. */

import type { Language } from "../../sdk";
import { keep, kept } from "../boot/kept";
import { fill, numberOf, typeset } from "./catalog";
import { Dates, type Translate } from "./dates";
import { en, type TextKey, type Texts } from "./en";

/** English is always there; each other language is fetched by those who read it. */
const TEXTS: Partial<Record<Language, Texts>> = { en };
const LOAD: Record<Exclude<Language, "en">, () => Promise<Texts>> = {
  fr: async () => (await import("./fr")).fr,
  ht: async () => (await import("./ht")).ht,
};
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
  count: (key: "unread" | "bell.unseen" | "chat.jump" | "chat.viewers" | "composer.left", n: number) => string;
  dates: Dates;
  money: (minor: number, currency: string) => string;
}

/** Fetches the texts of a language. Where that fails, they stay English. */
export async function loadTexts(language: Language): Promise<void> {
  if (language === "en" || TEXTS[language]) return;
  try {
    TEXTS[language] = await LOAD[language]();
  } catch {
    // The next choice of this language tries again.
  }
}

/** Call `loadTexts` before. */
export function i18n(language: Language): I18n {
  const texts = TEXTS[language] ?? en;
  const t: Translate = (key, values) => fill(typeset(language, texts[key]), values);
  return {
    language,
    t,
    count: (key, n) => t(`${key}.${numberOf(language, n)}` as TextKey, { n }),
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
