/** The texts of the pages: the same in every language as far as a machine can tell. */

import { describe, expect, it } from "vitest";
import { languageOf, numberOf, say, type Catalog } from "../src/i18n/catalog";
import { categoryName, channelName } from "../src/i18n/categories";
import { DELIVERIES } from "../src/i18n/deliveries";
import { INBOX } from "../src/i18n/inbox";
import { PREFERENCES } from "../src/i18n/preferences";
import { TRACE } from "../src/i18n/trace";
import { UNSUBSCRIBE } from "../src/i18n/unsubscribe";
import { CATEGORIES } from "../src/text/categories";

const PARTS: Array<[string, Catalog<string>]> = [
  ["captured messages", DELIVERIES],
  ["notification panel", INBOX],
  ["preferences", PREFERENCES],
  ["trace", TRACE],
  ["unsubscribe", UNSUBSCRIBE],
];
const LANGUAGES = ["en", "fr", "ht"] as const;

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

describe.each(PARTS)("the texts of the %s", (_, catalog) => {
  it.each(["fr", "ht"] as const)("have the same blanks in %s as in English", (language) => {
    for (const [key, text] of Object.entries(catalog.en)) {
      expect([key, placeholders(catalog[language][key] ?? "")]).toEqual([key, placeholders(text)]);
    }
  });

  it.each(LANGUAGES)("are complete in %s", (language) => {
    expect(Object.keys(catalog[language]).sort()).toEqual(Object.keys(catalog.en).sort());
    expect(Object.values(catalog[language]).filter((text) => text.trim() === "")).toEqual([]);
  });
});

describe("texts", () => {
  it("fill in what is given", () => {
    expect(say(INBOX, "en")("actions", { title: "Receipt" })).toBe("Actions for “Receipt”");
  });

  it("never break a line before a French sign, and leave what people wrote as it is", () => {
    expect(say(INBOX, "fr")("actions", { title: "a : b" })).toBe("Actions pour «\u00a0a : b\u00a0»");
  });

  it.each([
    ["fr-CA", "fr"],
    ["ht_HT", "ht"],
    ["EN", "en"],
    ["es", null],
    [null, null],
  ])("know the language of %s", (tag, language) => {
    expect(languageOf(tag)).toBe(language);
  });

  it("count as each language does", () => {
    expect([0, 1, 2].map((n) => [numberOf("en", n), numberOf("fr", n), numberOf("ht", n)])).toEqual([
      ["other", "one", "one"],
      ["one", "one", "one"],
      ["other", "other", "other"],
    ]);
  });

  it.each(LANGUAGES)("name every category and channel in %s", (language) => {
    for (const category of CATEGORIES) expect(categoryName(language, category)).toBeTruthy();
    expect(categoryName(language, "invented")).toBe(categoryName(language, "other"));
    expect(channelName(language, "carrier pigeon")).toBe("carrier pigeon");
  });
});
