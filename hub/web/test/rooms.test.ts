/** Live rooms: following one is like having a conversation open, without marks, badges and a place in the list. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeHub } from "./fakes/hub";
import { bodies, person, settle, wait, type Person } from "./fakes/world";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const LIVE = "live";

function hubWithLiveRoom(kind = "live"): FakeHub {
  const hub = new FakeHub();
  hub.addRoom(LIVE, ["creator"], "Opening night", kind);
  return hub;
}

async function follow(hub: FakeHub, userId: string): Promise<Person> {
  const one = person(hub, userId);
  one.client.start();
  await settle();
  one.client.joinLive(LIVE);
  await settle();
  return one;
}

const asked = (hub: FakeHub, event: string): number => hub.calls.filter((call) => call.event === event).length;

describe("a live room", () => {
  it("shows its last messages and then what is written in it", async () => {
    const hub = hubWithLiveRoom();
    hub.write("creator", LIVE, "welcome");
    const fan = await follow(hub, "fan");
    const other = await follow(hub, "other");
    await other.client.sendLive(LIVE, "hello");
    await settle();
    expect(bodies(fan, LIVE)).toEqual(["welcome", "hello"]);
    expect(bodies(other, LIVE)).toEqual(["welcome", "hello"]);
    expect(other.client.conversation(LIVE)?.viewers).toBe(2);
    expect(asked(hub, "conversation.open")).toBe(0);
  });

  it("sends no marks and does not fetch the list for its messages", async () => {
    const hub = hubWithLiveRoom();
    const fan = await follow(hub, "fan");
    const lists = asked(hub, "conversation.list");
    for (let n = 0; n < 5; n += 1) {
      hub.write("creator", LIVE, `m${n}`);
      await wait(1_000);
    }
    fan.client.markRead(LIVE, 5);
    hub.close(LIVE, "event_over");
    await wait(1_000);
    expect(asked(hub, "message.read")).toBe(0);
    expect(bodies(fan, LIVE)).toHaveLength(5);
    expect(asked(hub, "message.delivered")).toBe(0);
    expect(asked(hub, "conversation.list")).toBe(lists);
    expect(fan.client.conversation(LIVE)?.log.canSend("fan")).toBe(false);
  });

  it("hears how many follow it", async () => {
    const fan = await follow(hubWithLiveRoom(), "fan");
    fan.socket.say("live.viewers", { conversation_id: LIVE, viewers: 4_000 });
    expect(fan.client.conversation(LIVE)?.viewers).toBe(4_000);
  });

  it("heals what was lost and joins again after a resync", async () => {
    const hub = hubWithLiveRoom();
    const fan = await follow(hub, "fan");
    fan.socket.network.faults.loseEvent = 1;
    hub.write("creator", LIVE, "lost");
    fan.socket.network.faults.loseEvent = 0;
    hub.write("creator", LIVE, "arrives");
    await wait(600);
    expect(bodies(fan, LIVE)).toEqual(["lost", "arrives"]);
    fan.socket.say("conversation.resync", { conversation_id: LIVE });
    await settle();
    expect(asked(hub, "live.join")).toBe(2);
  });

  it("resumes where it was after a reconnect", async () => {
    const hub = hubWithLiveRoom();
    const fan = await follow(hub, "fan");
    hub.write("creator", LIVE, "one");
    await settle();
    fan.socket.cut();
    hub.write("creator", LIVE, "two");
    await wait(2_000);
    expect(fan.socket.auths.at(-1)?.resume).toEqual({ [LIVE]: 1 });
    expect(bodies(fan, LIVE)).toEqual(["one", "two"]);
  });

  it("is left for good, until it is joined again", async () => {
    const hub = hubWithLiveRoom();
    const fan = await follow(hub, "fan");
    hub.empty(LIVE, "event_over");
    await settle();
    hub.write("creator", LIVE, "missed");
    fan.socket.cut();
    await wait(2_000);
    expect(fan.client.conversation(LIVE)?.left).toBe("event_over");
    expect(fan.socket.auths.at(-1)?.resume).toEqual({});
    expect(bodies(fan, LIVE)).toEqual([]);
    fan.client.joinLive(LIVE);
    await settle();
    expect(fan.client.conversation(LIVE)?.left).toBeNull();
    expect(bodies(fan, LIVE)).toEqual(["missed"]);
    fan.client.leaveLive(LIVE);
    await settle();
    expect([asked(hub, "live.leave"), fan.client.conversation(LIVE)]).toEqual([1, undefined]);
  });

  it("says how long to wait in slow mode, and keeps nothing", async () => {
    const hub = hubWithLiveRoom();
    const fan = await follow(hub, "fan");
    hub.refuse = (event) => (event === "live.send" ? { code: "live.slow_mode", retryable: true, retry_after_ms: 7_000 } : null);
    await expect(fan.client.sendLive(LIVE, "again")).rejects.toMatchObject({ code: "live.slow_mode", retryAfterMs: 7_000 });
    await wait(30_000);
    expect(asked(hub, "live.send")).toBe(1);
  });

  it("is changed by hosts alone", async () => {
    const hub = hubWithLiveRoom();
    const log = (await follow(hub, "fan")).client.conversation(LIVE)?.log;
    expect([log?.canSend("fan"), log?.canChange("fan"), log?.canChange("creator")]).toEqual([true, false, true]);
  });

  it("is read only for viewers when it is an announcement", async () => {
    const hub = hubWithLiveRoom("announcement");
    const fan = await follow(hub, "fan");
    expect(fan.client.conversation(LIVE)?.log.canSend("fan")).toBe(false);
    expect(fan.client.conversation(LIVE)?.log.canSend("creator")).toBe(true);
  });
});
