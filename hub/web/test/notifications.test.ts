/** The inbox of notifications: its badge on all devices, its lists, and what is done with an entry. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Notification, NotificationFilter } from "../sdk";
import { hubWithRoom, join, settle, wait, type Person } from "./fakes/world";

beforeEach(() => void vi.useFakeTimers({ now: Date.parse("2026-01-05T12:00:00.000Z") }));
afterEach(() => void vi.useRealTimers());

const titles = (one: Person, filter: NotificationFilter = "all"): string[] => one.client.notifications.list(filter).items.map((entry) => entry.title);

async function looking(count: number): Promise<{ hub: ReturnType<typeof hubWithRoom>; fan: Person }> {
  const hub = hubWithRoom();
  for (let n = 0; n < count; n += 1) hub.notices.add("fan");
  const fan = await join(hub, "fan");
  await Promise.all([fan.client.notifications.load("all"), settle()]);
  return { hub, fan };
}

describe("the badge", () => {
  it("begins with what the session says", async () => {
    const { fan } = await looking(3);
    expect(fan.client.notifications.unseen).toBe(3);
  });

  it("goes out on every device when one has looked", async () => {
    const { hub, fan } = await looking(2);
    const phone = await join(hub, "fan");
    hub.notify("fan");
    await settle();
    expect([fan.client.notifications.unseen, phone.client.notifications.unseen]).toEqual([3, 3]);
    await Promise.all([phone.client.notifications.seen(), settle()]);
    expect([fan.client.notifications.unseen, phone.client.notifications.unseen]).toEqual([0, 0]);
  });

  it("asks nothing when there is nothing unseen", async () => {
    const { hub, fan } = await looking(0);
    await fan.client.notifications.seen();
    expect(hub.calls.map((call) => call.event)).not.toContain("notification.seen");
  });

  it("is right again after an absence", async () => {
    const { hub, fan } = await looking(1);
    fan.socket.cut();
    hub.notify("fan", { title: "missed" });
    await wait(2_000);
    expect(fan.client.notifications.unseen).toBe(2);
    expect(titles(fan)[0]).toBe("missed");
  });
});

describe("the lists", () => {
  it("are fetched page by page without doubles", async () => {
    const { fan } = await looking(45);
    expect(titles(fan)).toHaveLength(20);
    for (let page = 0; page < 2; page += 1) await Promise.all([fan.client.notifications.loadMore("all"), settle()]);
    expect(new Set(titles(fan)).size).toBe(45);
    expect(fan.client.notifications.list("all").next).toBeNull();
  });

  it("show what arrives on top, once, and announce it", async () => {
    const { hub, fan } = await looking(1);
    const heard: Notification[] = [];
    fan.client.on("notification", (one) => heard.push(one));
    const told = hub.notify("fan", { title: "fresh" });
    await settle();
    expect(titles(fan)).toEqual(["fresh", "title 1"]);
    fan.socket.say("notification.new", { notification: { ...told, title: "fresh, twice" }, unseen: 2 });
    expect(titles(fan)).toEqual(["fresh, twice", "title 1"]);
    expect(heard).toHaveLength(2);
  });

  it("keep the older pages when the first is fetched anew", async () => {
    const { hub, fan } = await looking(30);
    await Promise.all([fan.client.notifications.loadMore("all"), settle()]);
    hub.notify("fan", { title: "fresh" });
    await wait(500);
    expect(titles(fan)).toHaveLength(31);
    expect(titles(fan)[0]).toBe("fresh");
  });

  it("follow what another device did", async () => {
    const { hub, fan } = await looking(2);
    const phone = await join(hub, "fan");
    await Promise.all([phone.client.notifications.archive("n001"), settle()]);
    await wait(500);
    expect(titles(fan)).toEqual(["title 2"]);
  });

  it("are not fetched any more after they were let go", async () => {
    const { hub, fan } = await looking(1);
    fan.client.notifications.forget();
    hub.calls.length = 0;
    hub.notify("fan");
    await wait(1_000);
    expect(hub.calls).toEqual([]);
    expect(fan.client.notifications.unseen).toBe(2);
  });
});

describe("an entry", () => {
  it("is read at once, before the server has answered", async () => {
    const { fan } = await looking(1);
    const reading = fan.client.notifications.read("n001");
    expect(fan.client.notifications.list("all").items[0]?.read_at).toBeTruthy();
    await Promise.all([reading, settle()]);
  });

  it("leaves the list when it is archived, and is found among the archived", async () => {
    const { fan } = await looking(2);
    await Promise.all([fan.client.notifications.archive("n002"), settle()]);
    expect(titles(fan)).toEqual(["title 1"]);
    await Promise.all([fan.client.notifications.load("archived"), settle()]);
    expect(titles(fan, "archived")).toEqual(["title 2"]);
  });

  it("sleeps until the moment it was asked to", async () => {
    const { fan } = await looking(1);
    await Promise.all([fan.client.notifications.snooze("n001", "2026-01-05T13:00:00.000Z"), settle()]);
    expect(titles(fan)).toEqual([]);
    vi.setSystemTime(Date.parse("2026-01-05T13:00:01.000Z"));
    await Promise.all([fan.client.notifications.load("all"), settle()]);
    expect(titles(fan)).toEqual(["title 1"]);
    expect(fan.client.notifications.unseen).toBe(1);
  });

  it("comes back when the server refuses what was done with it", async () => {
    const { hub, fan } = await looking(1);
    hub.refuse = (event) => (event === "notification.archive" ? { code: "internal.error" } : null);
    const refused = fan.client.notifications.archive("n001").catch((thrown: { code: string }) => thrown.code);
    expect(titles(fan)).toEqual([]);
    await wait(500);
    expect([await refused, ...titles(fan)]).toEqual(["internal.error", "title 1"]);
  });
});
