/** Delivered and read: what others' marks say, what is reported, and the unread numbers. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HubError } from "../sdk/errors";
import { ReceiptSender, stateOf } from "../sdk/receipts";
import type { Member } from "../sdk";
import { hubWithRoom, join, ROOM, settle, shown, wait } from "./fakes/world";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const member = (user_id: string, delivered_seq: number, read_seq: number, role = "fan"): Member => ({ user_id, role, delivered_seq, read_seq });

describe("the state of an own message", () => {
  it.each([
    ["sent", [member("me", 9, 9), member("a", 2, 1)]],
    ["delivered", [member("me", 9, 9), member("a", 3, 1)]],
    ["read", [member("me", 9, 9), member("a", 3, 3)]],
    ["delivered", [member("a", 5, 5), member("b", 3, 0)]],
    ["sent", [member("a", 5, 5), member("b", 2, 0)]],
    ["read", [member("a", 3, 3), member("watcher", 0, 0, "observer")]],
    ["sent", [member("me", 9, 9)]],
  ])("is %s", (state, members) => {
    expect(stateOf(3, "me", members)).toBe(state);
  });
});

describe("receipts", () => {
  it("goes from sent over delivered to read as the other side receives and reads", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.client.send(ROOM, "hi");
    await settle();
    expect(shown(fan)).toEqual(["hi(sent)"]);
    const creator = await join(hub, "creator");
    await wait(500);
    expect(shown(fan)).toEqual(["hi(delivered)"]);
    creator.client.markRead(ROOM, 1);
    await wait(500);
    expect(shown(fan)).toEqual(["hi(read)"]);
  });

  it("joins a burst into one mark for the highest message", async () => {
    const hub = hubWithRoom();
    await join(hub, "fan");
    for (const body of ["1", "2", "3"]) hub.write("creator", ROOM, body);
    await wait(500);
    const marks = hub.calls.filter((call) => call.event === "message.delivered");
    expect(marks.map((call) => call.payload.seq)).toEqual([3]);
  });

  it("reports delivery for conversations that are not open, too", async () => {
    const hub = hubWithRoom();
    hub.addRoom("other", ["fan", "creator"]);
    await join(hub, "fan");
    hub.write("creator", "other", "psst");
    await wait(500);
    expect(hub.room("other").members[0]?.delivered_seq).toBe(1);
  });

  it("still owes a mark whose connection was lost", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    hub.write("creator", ROOM, "read me");
    await settle();
    fan.client.markRead(ROOM, 1);
    fan.socket.network.faults.loseRequest = 1;
    await wait(300);
    fan.socket.network.faults.loseRequest = 0;
    fan.socket.cut();
    await wait(2_000);
    expect(hub.room(ROOM).members[0]?.read_seq).toBe(1);
  });

  it("catches up with marks that were made while it was away", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    const creator = await join(hub, "creator");
    fan.client.send(ROOM, "hi");
    await wait(500);
    fan.socket.cut();
    creator.client.markRead(ROOM, 1);
    await wait(2_000);
    expect(shown(fan)).toEqual(["hi(read)"]);
  });

  it("never lowers a mark", async () => {
    const fan = await join(hubWithRoom(), "fan");
    fan.client.send(ROOM, "hi");
    await settle();
    const receipt = { conversation_id: ROOM, user_id: "creator" };
    fan.socket.say("receipt.updated", { ...receipt, delivered_seq: 1, read_seq: 1 });
    fan.socket.say("receipt.updated", { ...receipt, delivered_seq: 1, read_seq: 0 });
    expect(shown(fan)).toEqual(["hi(read)"]);
  });

  it("shows the server's unread numbers and never counts itself", async () => {
    const hub = hubWithRoom();
    hub.addRoom("other", ["fan", "creator"]);
    const fan = await join(hub, "fan");
    hub.write("creator", ROOM, "1");
    hub.write("creator", "other", "2");
    hub.write("creator", "other", "3");
    await settle();
    expect([fan.client.inbox.unreadOf(ROOM), fan.client.inbox.unreadOf("other"), fan.client.inbox.unreadTotal]).toEqual([1, 2, 3]);
    fan.client.markRead(ROOM, 1);
    await wait(500);
    expect(fan.client.inbox.unreadTotal).toBe(2);
    fan.socket.say("conversation.updated", { conversation_id: "other", rev: 2, unread: 0 });
    expect(fan.client.inbox.unreadTotal).toBe(0);
  });

  it("tries a mark again that met a passing fault", async () => {
    let refusals = 1;
    const asked: string[] = [];
    const request = async <T>(event: string): Promise<T> => {
      asked.push(event);
      if (refusals-- > 0) throw new HubError("internal.error", "", true);
      return { delivered_seq: 1, read_seq: 1, unread: 0 } as T;
    };
    const sender = new ReceiptSender({ epoch: 1, online: true, request }, () => {});
    sender.read(ROOM, 1);
    await wait(10_000);
    expect(asked).toEqual(["message.read", "message.read"]);
  });
});
