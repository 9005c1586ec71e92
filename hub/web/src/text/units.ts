/** Prices in millionths and spans of time, as people read them. */

import type { Language } from "../../sdk/types";

const localeOf = (language: Language): string => (language === "ht" ? "fr" : language);

/** Millionths of a US dollar, the unit of SMS prices. */
export function micros(language: Language, amount: number): string {
  return new Intl.NumberFormat(localeOf(language), { style: "currency", currency: "USD", maximumFractionDigits: 4 }).format(amount / 1_000_000);
}

const UNITS: Array<[seconds: number, letters: Record<Language, string>]> = [
  [86_400, { en: "d", fr: "j", ht: "j" }],
  [3_600, { en: "h", fr: "h", ht: "è" }],
  [60, { en: "min", fr: "min", ht: "min" }],
];

/** In the largest unit that it fills, to a tenth: "7 d", "1.5 h". */
export function duration(language: Language, seconds: number): string {
  const number = new Intl.NumberFormat(localeOf(language), { maximumFractionDigits: 1 });
  const unit = UNITS.find(([size]) => seconds >= size);
  return unit ? `${number.format(seconds / unit[0])} ${unit[1][language]}` : `${number.format(seconds)} s`;
}
