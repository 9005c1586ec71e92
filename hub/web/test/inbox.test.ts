/** Small decisions of the notification panel: where an entry leads, how long it may sleep, how old it looks. */

import { describe, expect, it } from "vitest";
import { say } from "../src/i18n/catalog";
import { i18n } from "../src/i18n";
import { INBOX } from "../src/i18n/inbox";
import { destination } from "../src/inbox/destination";
import { snoozes } from "../src/inbox/snooze";
import { ago } from "../src/text/ago";

const HERE = "https://hub.example";

describe("an entry leads", () => {
  it.each([
    ["to its conversation in place", `${HERE}/?conversation=c1`, null, { conversation: "c1" }],
    ["to it in place even when the hub has several addresses", "https://other.example/?conversation=c1", "c1", { conversation: "c1" }],
    ["elsewhere as it says", "https://shop.example/orders/7?x=1", "c1", { address: "https://shop.example/orders/7?x=1" }],
    ["to a shop's page that happens to have the same name", "https://shop.example/?conversation=c9", "c1", { address: "https://shop.example/?conversation=c9" }],
    ["to another page of the hub", "/preferences.html", null, { address: `${HERE}/preferences.html` }],
    ["to its conversation when it has no address", "", "c1", { conversation: "c1" }],
    ["to its conversation when the address is the hub itself", `${HERE}/`, "c1", { conversation: "c1" }],
    ["nowhere when there is nothing", `${HERE}/`, null, null],
    ["never into a script", "javascript:alert(1)", null, null],
    ["never into data", "data:text/html,x", "c1", { conversation: "c1" }],
    ["nowhere from nonsense", "http://[", null, null],
  ])("%s", (_, url, conversation_id, expected) => {
    expect(destination({ url, conversation_id }, HERE)).toEqual(expected);
  });
});

describe("snoozing", () => {
  const keys = (now: Date): string[] => snoozes(now).map(({ key }) => key);
  const wednesday = (hour: number): Date => new Date(2026, 0, 7, hour, 30);

  it("offers the evening only while it is still ahead", () => {
    expect(keys(wednesday(10))).toEqual(["snooze.hour", "snooze.evening", "snooze.tomorrow", "snooze.monday"]);
    expect(keys(wednesday(17))).toEqual(["snooze.hour", "snooze.tomorrow", "snooze.monday"]);
  });

  it("offers Monday except on Sunday, when it is tomorrow", () => {
    expect(keys(new Date(2026, 0, 4, 20))).toEqual(["snooze.hour", "snooze.tomorrow"]);
    const monday = snoozes(new Date(2026, 0, 5, 20)).find(({ key }) => key === "snooze.monday");
    expect(monday?.until).toEqual(new Date(2026, 0, 12, 9));
  });

  it("ends in the future, whatever the hour", () => {
    for (let hour = 0; hour < 24; hour += 1) {
      const now = wednesday(hour);
      for (const { until } of snoozes(now)) expect(until.getTime()).toBeGreaterThan(now.getTime());
    }
  });
});

describe("an age", () => {
  const now = new Date("2026-01-07T12:00:00Z");
  it.each([
    [0, "now"],
    [59, "now"],
    [60, "1 min"],
    [3_599, "59 min"],
    [3_600, "1 h"],
    [86_400, "1 d"],
    [6 * 86_400, "6 d"],
    [-30, "now"],
  ])("of %d s is %s", (seconds, shown) => {
    const at = new Date(now.getTime() - seconds * 1_000).toISOString();
    expect(ago(at, say(INBOX, "en"), i18n("en").dates, now)).toBe(shown);
  });
});
