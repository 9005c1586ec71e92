/** Texts of one part of the pages in every language; each part brings its own, so that nobody loads what they do not see. */

import type { Language } from "../../sdk/types";

export type Values = Record<string, string | number>;
export type Catalog<K extends string> = Record<Language, Readonly<Record<K, string>>>;
export type Say<K extends string> = (key: K, values?: Values) => string;

export const fill = (text: string, values: Values = {}): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));

export function say<K extends string>(catalog: Catalog<K>, language: Language): Say<K> {
  return (key, values) => fill(typeset(language, catalog[language][key]), values);
}

/** French puts spaces before some signs, at which no line may break. */
export const typeset = (language: Language, text: string): string =>
  language === "fr" ? text.replace(/ ([?!:;»])/g, "\u00a0$1").replace(/« /g, "«\u00a0") : text;

/** Which form of a word goes with `n`. Haitian Creole counts as French does. */
export const numberOf = (language: Language, n: number): "one" | "other" =>
  new Intl.PluralRules(language === "ht" ? "fr" : language).select(n) === "one" ? "one" : "other";

/** The language that the API's words for a language tag stand for: `fr-CA` is French. */
export const languageOf = (tag: string | null | undefined): Language | null => {
  const code = tag?.toLowerCase().split(/[-_]/)[0];
  return code === "en" || code === "fr" || code === "ht" ? code : null;
};
