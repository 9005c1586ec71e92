/** Text on screen: links, layout of a timeline, dates, and the length limit. */

import { beforeAll, describe, expect, it } from "vitest";
import type { TimelineItem } from "../sdk";
import { i18n, loadTexts } from "../src/i18n";
import { en } from "../src/i18n/en";
import { fr } from "../src/i18n/fr";
import { ht } from "../src/i18n/ht";
import { roomFor } from "../src/text/limits";
import { moved } from "../src/hooks/unseen";
import { partsOf } from "../src/text/links";
import { initials } from "../src/text/names";
import { rowsOf } from "../src/text/rows";

beforeAll(() => Promise.all([loadTexts("fr"), loadTexts("ht")]));

describe("links", () => {
  const links = (text: string): string[] => partsOf(text).flatMap((part) => part.href ?? []);

  it.each([
    ["see https://a.example/x?y=1.", ["https://a.example/x?y=1"]],
    ["(https://a.example/b)", ["https://a.example/b"]],
    ["https://a.example/b_(c)", ["https://a.example/b_(c)"]],
    ["javascript:alert(1) data:text/html,x", []],
    ["http://a.example https://b.example!", ["http://a.example", "https://b.example"]],
    ["<img src=x onerror=alert(1)>", []],
    ['https://a.example/"onmouseover=x', ["https://a.example/"]],
  ])("finds the addresses in %s", (text, expected) => {
    expect(links(text)).toEqual(expected);
  });

  it("loses no character", () => {
    const text = "a https://x.example, b\nhttp://y.example) c";
    expect(partsOf(text).map((part) => part.text).join("")).toBe(text);
  });
});

describe("rows", () => {
  const item = (seq: number, sender: string, at: string): TimelineItem => ({
    key: String(seq),
    own: sender === "me",
    state: "sent",
    message: { id: "", conversation_id: "", seq, rev: seq, sender_id: sender, kind: "text", body: "", body_state: "clear", created_at: at },
  });
  const items = [item(1, "a", "2026-01-05T10:00:00"), item(2, "a", "2026-01-05T10:01:00"), item(3, "a", "2026-01-05T10:20:00"), item(4, "me", "2026-01-06T09:00:00")];

  it("separates days and marks what is new before the first unread message of somebody else", () => {
    expect(rowsOf(items, 2).map((row) => row.kind)).toEqual(["day", "message", "message", "new", "message", "day", "message"]);
    expect(rowsOf(items, 3).some((row) => row.kind === "new")).toBe(false);
    expect(rowsOf(items, null).some((row) => row.kind === "new")).toBe(false);
  });

  it("joins messages of one sender into runs until a pause", () => {
    const runs = rowsOf(items, null).flatMap((row) => (row.kind === "message" ? [[row.first, row.last]] : []));
    expect(runs).toEqual([[true, false], [false, true], [true, true], [true, true]]);
  });
});

describe("the mark for new messages", () => {
  it.each([
    ["follows what arrives before the reader's eyes", { head: 5, mark: 5 }, 6, true, 6],
    ["stays before what arrives unseen", { head: 5, mark: 5 }, 6, false, 5],
    ["stays where it is while on display", { head: 8, mark: 5 }, 9, true, 5],
    ["does not move without a new message", { head: 5, mark: 5 }, 5, false, 5],
  ])("%s", (_, place, head, watching, mark) => {
    expect(moved(place, head, watching)).toEqual({ head, mark });
  });
});

describe("languages", () => {
  it("have the same placeholders in every text", () => {
    const holes = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();
    for (const key of Object.keys(en) as Array<keyof typeof en>) {
      expect(holes(fr[key]), key).toEqual(holes(en[key]));
      expect(holes(ht[key]), key).toEqual(holes(en[key]));
    }
  });

  it("names days in Haitian Creole without the browser's help", () => {
    const now = new Date("2026-03-12T12:00:00");
    const { dates } = i18n("ht");
    expect(dates.day("2026-03-12T08:00:00", now)).toBe("Jodi a");
    expect(dates.day("2026-03-11T23:59:00", now)).toBe("Yè");
    expect(dates.day("2026-03-13T00:10:00", now)).toBe("Demen");
    expect(dates.day("2026-03-09T08:00:00", now)).toBe("Lendi");
    expect(dates.day("2025-08-01T08:00:00", now)).toBe("Vandredi 1 out 2025");
    expect(dates.time("2026-03-12T15:05:00")).toBe("15:05");
  });

  it("count as each language does", () => {
    expect([0, 1, 2].map((n) => i18n("fr").count("unread", n))).toEqual(["0 message non lu", "1 message non lu", "2 messages non lus"]);
    expect([0, 1].map((n) => i18n("en").count("unread", n))).toEqual(["0 unread messages", "1 unread message"]);
  });

  it("shows minor units in the currency's own way", () => {
    expect(i18n("en").money(1250, "USD")).toBe("$12.50");
    expect(i18n("en").money(1250, "JPY")).toBe("¥1,250");
  });
});

describe("small things", () => {
  it("counts length in bytes of UTF-8, as the server does", () => {
    expect(roomFor("é".repeat(4_096))).toMatchObject({ left: 0, over: false, show: true });
    expect(roomFor("é".repeat(4_097)).over).toBe(true);
    expect(roomFor("short").show).toBe(false);
  });

  it("makes initials from the first and last name", () => {
    expect([initials("Ana Maria Silva"), initials("bo"), initials("")]).toEqual(["AS", "B", ""]);
  });
});
