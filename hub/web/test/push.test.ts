/** Turning on Web Push: what this browser can do, its keys, and its name. */

import { describe, expect, it } from "vitest";
import { keyBytes, sameBytes } from "../src/push/keys";
import { deviceLabel } from "../src/push/label";
import { pushSupport, type Surroundings } from "../src/push/support";

const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1";
const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15";
const ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Mobile Safari/537.36";
const around = (change: Partial<Surroundings>): Surroundings => ({
  capable: true,
  permission: "default",
  userAgent: ANDROID,
  touchPoints: 5,
  installed: false,
  ...change,
});

describe("support", () => {
  it.each([
    ["ready", around({})],
    ["ready", around({ permission: "granted" })],
    ["denied", around({ permission: "denied" })],
    ["unsupported", around({ capable: false })],
    ["install", around({ capable: false, userAgent: IPHONE })],
    ["install", around({ capable: false, userAgent: MAC })],
    ["unsupported", around({ capable: false, userAgent: MAC, touchPoints: 0 })],
    ["unsupported", around({ capable: false, userAgent: IPHONE, installed: true })],
    ["ready", around({ userAgent: IPHONE, installed: true })],
  ])("is %s", (expected, surroundings) => {
    expect(pushSupport(surroundings)).toBe(expected);
  });
});

describe("a device's name", () => {
  it.each([
    [ANDROID, "Chrome · Android"],
    [IPHONE, "Safari · iPhone"],
    [MAC, "Safari · Mac"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox · Linux"],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"],
    ["Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 SamsungBrowser/25.0 Chrome/121.0 Mobile Safari/537.36", "Samsung Internet · Android"],
    ["curl/8.0", ""],
  ])("of %s is %s", (userAgent, label) => {
    expect(deviceLabel(userAgent)).toBe(label);
  });
});

describe("keys", () => {
  it("are read from base64url", () => {
    expect([...keyBytes("-_8B")]).toEqual([0xfb, 0xff, 0x01]);
  });

  it("are compared byte by byte", () => {
    const key = keyBytes("-_8B");
    expect(sameBytes(keyBytes("-_8B").buffer, key)).toBe(true);
    expect(sameBytes(keyBytes("-_8C").buffer, key)).toBe(false);
    expect(sameBytes(null, key)).toBe(false);
  });
});
