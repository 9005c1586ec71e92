/** Staying equal to the server's copy: gaps, duplicates, overtaking, resets, and answers that come too late. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Change, Message } from "../sdk";
import { bodies, hubWithRoom, join, ROOM, settle, wait } from "./fakes/world";
import type { FakeHub } from "./fakes/hub";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const syncs = (hub: FakeHub): number => hub.calls.filter((call) => call.event === "conversation.sync").length;

/** Writes on the server without telling anybody, and returns what would have been told. */
function quietly(hub: FakeHub, count: number): Change[] {
  const sessions = [...hub.sessions];
  hub.sessions.clear();
  const changes = Array.from({ length: count }, (_, n) => {
    const message: Message = { ...hub.write("creator", ROOM, `m${n + 1}`) };
    return { type: "message.new", conversation_id: ROOM, rev: message.rev, message };
  });
  for (const session of sessions) hub.sessions.add(session);
  return changes;
}

describe("an opened conversation", () => {
  it("waits for a message that was overtaken, and asks nobody", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    const [first, second] = quietly(hub, 2);
    fan.socket.say("message.new", second);
    await wait(300);
    fan.socket.say("message.new", first);
    await wait(2_000);
    expect(bodies(fan)).toEqual(["m1", "m2"]);
    expect(syncs(hub)).toBe(0);
  });

  it("fetches what is missing when it does not come within half a second", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    const changes = quietly(hub, 3);
    fan.socket.say("message.new", changes[2]);
    await wait(450);
    expect(syncs(hub)).toBe(0);
    await wait(100);
    expect(bodies(fan)).toEqual(["m1", "m2", "m3"]);
    expect(syncs(hub)).toBe(1);
  });

  it("fetches page after page", async () => {
    const hub = hubWithRoom();
    hub.syncPage = 4;
    const fan = await join(hub, "fan");
    const changes = quietly(hub, 11);
    fan.socket.say("message.new", changes.at(-1));
    await wait(600);
    expect(bodies(fan)).toHaveLength(11);
    expect(syncs(hub)).toBe(3);
  });

  it("ignores duplicates, but takes a newer state of the same message", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    hub.write("creator", ROOM, "one");
    await settle();
    const message = { ...(hub.room(ROOM).messages[0] as Message) };
    fan.socket.say("message.new", { conversation_id: ROOM, rev: 1, message });
    fan.socket.say("message.new", { conversation_id: ROOM, rev: 1, message: { ...message, body: "older", rev: 0 } });
    await settle();
    expect(bodies(fan)).toEqual(["one"]);
    fan.socket.say("message.updated", { conversation_id: ROOM, rev: 1, message: { ...message, body: "newer", rev: 2 } });
    await settle();
    expect(bodies(fan)).toEqual(["newer"]);
  });

  it("starts again from the snapshot when the server says so", async () => {
    const hub = hubWithRoom();
    hub.resetAfter = 5;
    hub.openPage = 3;
    const fan = await join(hub, "fan");
    hub.write("creator", ROOM, "before");
    await settle();
    const changes = quietly(hub, 8);
    fan.socket.say("message.new", changes.at(-1));
    await wait(600);
    expect(bodies(fan)).toEqual(["m6", "m7", "m8"]);
    expect(fan.client.conversation(ROOM)?.log.more).toBe(true);
    hub.write("creator", ROOM, "after");
    await settle();
    expect(bodies(fan)).toEqual(["m6", "m7", "m8", "after"]);
  });

  it("learns of a gap from a badge update", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    const [only] = quietly(hub, 1);
    fan.socket.say("conversation.updated", { conversation_id: ROOM, rev: 1, unread: 1, last_message: only?.message });
    await wait(600);
    expect(bodies(fan)).toEqual(["m1"]);
    expect(fan.client.inbox.unreadOf(ROOM)).toBe(1);
  });

  it("does not ask for ever when the log holds changes that are not for this viewer", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    hub.write("creator", ROOM, "one");
    await settle();
    // The head moves on without a change that this viewer gets.
    const original = hub.handle.bind(hub);
    hub.handle = (session, event, payload) => {
      const answer = original(session, event, payload);
      if (event === "conversation.sync" && answer.success) {
        const { results } = answer.data as { results: Array<{ head: { rev: number } }> };
        for (const result of results) result.head.rev = 3;
      }
      return answer;
    };
    fan.socket.say("conversation.updated", { conversation_id: ROOM, rev: 3, unread: 1 });
    await wait(5_000);
    expect(syncs(hub)).toBe(2);
    expect(fan.client.conversation(ROOM)?.log.rev).toBe(3);
  });

  it("gets edits and deletions that were made while it was away", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    hub.write("creator", ROOM, "keep");
    hub.write("creator", ROOM, "change me");
    hub.write("creator", ROOM, "delete me");
    await settle();
    fan.socket.cut();
    hub.change(ROOM, 2, { body: "changed" });
    hub.change(ROOM, 3, { body: null, body_state: "deleted" }, "message.deleted");
    await wait(2_000);
    expect(bodies(fan)).toEqual(["keep", "changed", null]);
    expect(fan.socket.auths.at(-1)?.resume).toEqual({ [ROOM]: 3 });
  });

  it("checks after every reconnect, even when the replay was lost", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.socket.cut();
    hub.write("creator", ROOM, "missed");
    fan.socket.network.faults.loseEvent = 1;
    await wait(2_000);
    expect(bodies(fan)).toEqual(["missed"]);
  });

  it("joins again and catches up when told to resync", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    quietly(hub, 2);
    for (const session of hub.sessions) session.rooms.clear();
    fan.socket.say("conversation.resync", {});
    await settle();
    hub.write("creator", ROOM, "live again");
    await settle();
    expect(bodies(fan)).toEqual(["m1", "m2", "live again"]);
  });

  it("drops the answer of a connection that is gone", async () => {
    const hub = hubWithRoom();
    hub.openPage = 2;
    quietly(hub, 6);
    const fan = await join(hub, "fan");
    const emit = fan.socket.emit.bind(fan.socket);
    let lateAck: (() => void) | undefined;
    fan.socket.emit = (event, payload, ack) => {
      if (event !== "conversation.history") return emit(event, payload, ack);
      return emit(event, payload, (answer) => (lateAck = () => ack?.(answer)));
    };
    const page = fan.client.conversation(ROOM)?.history();
    page?.catch(() => undefined);
    await settle();
    fan.socket.cut();
    await expect(page).rejects.toMatchObject({ code: "connection.lost", retryable: true });
    lateAck?.();
    await wait(2_000);
    expect(bodies(fan)).toEqual(["m5", "m6"]);
  });

  it("keeps an edit of an old message for the page that is loaded later", async () => {
    const hub = hubWithRoom();
    hub.openPage = 2;
    quietly(hub, 5);
    const fan = await join(hub, "fan");
    const opened = fan.client.conversation(ROOM);
    const stale = hub.room(ROOM).messages.slice(0, 3).map((message) => ({ ...message }));
    hub.change(ROOM, 1, { body: "edited" });
    await settle();
    expect(bodies(fan)).toEqual(["m4", "m5"]);
    opened?.log.addHistory(stale, false); // a page that the server read before the edit
    expect(opened?.log.message(1)?.body).toBe("edited");
  });

  it("pages back to the beginning", async () => {
    const hub = hubWithRoom();
    quietly(hub, 120);
    const fan = await join(hub, "fan");
    const opened = fan.client.conversation(ROOM);
    expect(bodies(fan)).toHaveLength(50);
    await opened?.history();
    await opened?.history();
    expect(bodies(fan)).toHaveLength(120);
    expect(opened?.log.more).toBe(false);
  });

  it("closes for writing when the conversation is closed", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    expect(fan.client.conversation(ROOM)?.log.canSend("fan")).toBe(true);
    hub.close(ROOM, "expired");
    await settle();
    expect(fan.client.conversation(ROOM)?.log.canSend("fan")).toBe(false);
    expect(fan.client.conversation(ROOM)?.log.conversation.reason).toBe("expired");
  });

  it("tells why it cannot be opened", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    const other = fan.client.openConversation("nowhere");
    await settle();
    expect(other.status).toBe("error");
    expect(other.error?.code).toBe("conversation.not_found");
  });

  it("hides what it holds once access is withdrawn", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    hub.write("creator", ROOM, "secret");
    await settle();
    hub.refuse = (event) => (event === "conversation.open" ? { code: "conversation.not_found" } : null);
    fan.socket.say("conversation.resync", { conversation_id: ROOM });
    await settle();
    expect(fan.client.conversation(ROOM)?.status).toBe("error");
  });

  it("asks for one page at a time, however often it is asked", async () => {
    const hub = hubWithRoom();
    hub.openPage = 2;
    quietly(hub, 6);
    const fan = await join(hub, "fan");
    const opened = fan.client.conversation(ROOM);
    await Promise.all([opened?.history(), opened?.history()]);
    expect(hub.calls.filter((call) => call.event === "conversation.history")).toHaveLength(1);
  });
});
