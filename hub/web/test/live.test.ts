/** Typing, presence and the list: what comes and goes. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hubWithRoom, join, ROOM, settle, wait } from "./fakes/world";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("typing", () => {
  it("sends one start per three seconds and a stop after five idle ones", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    const told = (): string[] => hub.calls.filter((call) => call.event.startsWith("typing.")).map((call) => call.event);
    for (let key = 0; key < 20; key += 1) {
      fan.client.typing.input(ROOM);
      await wait(200);
    }
    expect(told()).toEqual(["typing.start", "typing.start"]);
    await wait(5_000);
    expect(told()).toEqual(["typing.start", "typing.start", "typing.stop"]);
  });

  it("stops with the message", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    const creator = await join(hub, "creator");
    fan.client.typing.input(ROOM);
    await settle();
    expect(creator.client.typingUsers.in(ROOM)).toEqual(["fan"]);
    fan.client.send(ROOM, "done");
    await settle();
    expect(creator.client.typingUsers.in(ROOM)).toEqual([]);
  });

  it("forgets somebody whose stop was lost after seven seconds", async () => {
    const fan = await join(hubWithRoom(), "fan");
    fan.socket.say("typing", { conversation_id: ROOM, user_id: "creator", state: "start" });
    await wait(6_900);
    expect(fan.client.typingUsers.in(ROOM)).toEqual(["creator"]);
    await wait(200);
    expect(fan.client.typingUsers.in(ROOM)).toEqual([]);
  });

  it("forgets everybody when the connection is lost", async () => {
    const fan = await join(hubWithRoom(), "fan");
    fan.socket.say("typing", { conversation_id: ROOM, user_id: "creator", state: "start" });
    fan.socket.cut();
    expect(fan.client.typingUsers.in(ROOM)).toEqual([]);
  });
});

describe("presence", () => {
  it("asks once for people that several parts of a page watch", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    const asked = (event: string): number => hub.calls.filter((call) => call.event === event).length;
    const first = fan.client.presence.watch(["creator"]);
    const second = fan.client.presence.watch(["creator"]);
    await settle();
    expect(asked("presence.subscribe")).toBe(1);
    expect(fan.client.presence.of("creator")?.status).toBe("offline");
    first();
    expect(asked("presence.unsubscribe")).toBe(0);
    second();
    await settle();
    expect(asked("presence.unsubscribe")).toBe(1);
  });
});

describe("the list", () => {
  it("fetches itself again when a new conversation appears", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    hub.addRoom("fresh", ["fan", "creator"]);
    hub.write("creator", "fresh", "hello");
    await wait(500);
    expect(fan.client.inbox.conversations.map((one) => one.id)).toEqual(["fresh", ROOM]);
    expect(fan.client.inbox.unreadOf("fresh")).toBe(1);
  });

  it("moves a conversation up when it gets a message, and shows an edit of that message", async () => {
    const hub = hubWithRoom();
    hub.addRoom("other", ["fan", "creator"]);
    const fan = await join(hub, "fan");
    hub.write("creator", "other", "first");
    await settle();
    hub.write("creator", ROOM, "second");
    await settle();
    expect(fan.client.inbox.conversations.map((one) => one.id)).toEqual([ROOM, "other"]);
    hub.change(ROOM, 1, { body: "second, edited" });
    await settle();
    expect(fan.client.inbox.get(ROOM)?.last_message?.body).toBe("second, edited");
  });

  it("announces messages of others that arrive live, and only those", async () => {
    const hub = hubWithRoom();
    hub.write("creator", ROOM, "history");
    const fan = await join(hub, "fan");
    const heard: Array<string | null> = [];
    fan.client.on("message", (message) => heard.push(message.body));
    fan.client.send(ROOM, "own");
    hub.write("creator", ROOM, "live");
    await settle();
    expect(heard).toEqual(["live"]);
  });
});
