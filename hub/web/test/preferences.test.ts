/** Preferences on screen before the hub has answered, and the way back. */

import { describe, expect, it } from "vitest";
import { applied, inverse, type Change, type Preferences } from "../src/preferences/model";
import { zones } from "../src/preferences/zones";

const CHANNELS = { in_app: true, push: true, email: false, sms: false, whatsapp: false };
const BEFORE: Preferences = {
  locale: "en",
  time_zone: "America/New_York",
  quiet_hours: null,
  categories: [
    { category: "orders", required: false, channels: CHANNELS },
    { category: "security", required: true, channels: CHANNELS },
  ],
  muted_conversations: ["c1"],
  channels_available: {},
};

const CHANGES: Array<[string, Change]> = [
  ["a switch", { settings: [{ scope: "category:orders", channel: "email", allowed: true }] }],
  ["several switches", { settings: [{ scope: "category:orders", channel: "email", allowed: true }, { scope: "category:orders", channel: "push", allowed: false }] }],
  ["quiet hours", { quiet_hours: { start: "22:00", end: "07:00" } }],
  ["a language", { locale: "ht" }],
  ["a time zone", { time_zone: "America/Port-au-Prince" }],
  ["an unmuted conversation", { settings: [{ scope: "conversation:c1", channel: "*", allowed: null }] }],
  ["a muted conversation", { settings: [{ scope: "conversation:c2", channel: "*", allowed: false }] }],
];

describe("a change", () => {
  it("shows at once, and changes nothing else", () => {
    const after = applied(BEFORE, { settings: [{ scope: "category:orders", channel: "email", allowed: true }] });
    expect(after.categories[0]?.channels).toEqual({ ...CHANNELS, email: true });
    expect(after.categories[1]).toBe(BEFORE.categories[1]);
    expect(BEFORE.categories[0]?.channels.email).toBe(false);
  });

  it.each(CHANGES)("of %s can be taken back", (_, change) => {
    const after = applied(BEFORE, change);
    expect(after).not.toEqual(BEFORE);
    expect(applied(after, inverse(BEFORE, change))).toEqual(BEFORE);
  });

  it("of an unknown category does no harm", () => {
    expect(applied(BEFORE, { settings: [{ scope: "category:invented", channel: "sms", allowed: true }] })).toEqual(BEFORE);
  });
});

describe("time zones", () => {
  it("hold the person's own one, even where the browser does not know it", () => {
    expect(zones("Mars/Olympus_Mons", null)).toContain("Mars/Olympus_Mons");
    expect(zones(null)).toContain("America/Port-au-Prince");
  });
});
