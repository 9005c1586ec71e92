/** Sending: in order, once, and never lost. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Outbox } from "../sdk/outbox";
import { MemoryStorage } from "../sdk/storage";
import { hubWithRoom, join, ROOM, sends, settle, shown, wait } from "./fakes/world";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("outbox", () => {
  it("shows a message as sending until the ack, then as sent", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.client.send(ROOM, "hello");
    expect(shown(fan)).toEqual(["hello(sending)"]);
    await settle();
    expect(shown(fan)).toEqual(["hello(sent)"]);
  });

  it("keeps the row's key when the message replaces its echo", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    const item = fan.client.send(ROOM, "hello");
    const before = fan.client.timeline(ROOM).map((row) => row.key);
    await settle();
    expect(fan.client.timeline(ROOM).map((row) => row.key)).toEqual(before);
    expect(before).toEqual([item.client_message_id]);
  });

  it("sends one at a time, in the order of writing", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    let inFlight = 0;
    let most = 0;
    fan.socket.network.faults.delayMs = 50;
    const original = fan.socket.emit.bind(fan.socket);
    fan.socket.emit = (event, payload, ack) => {
      if (event !== "message.send") return original(event, payload, ack);
      most = Math.max(most, (inFlight += 1));
      return original(event, payload, (answer) => {
        inFlight -= 1;
        ack?.(answer);
      });
    };
    for (const body of ["1", "2", "3", "4"]) fan.client.send(ROOM, body);
    await wait(2_000);
    expect(most).toBe(1);
    expect(hub.room(ROOM).messages.map((message) => message.body)).toEqual(["1", "2", "3", "4"]);
  });

  it("sends again under the same id after a disconnect, and the server keeps one", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.socket.network.faults.loseAck = 1;
    fan.socket.network.faults.loseEvent = 1;
    fan.client.send(ROOM, "once");
    await settle();
    expect(shown(fan)).toEqual(["once(sending)"]);
    fan.socket.network.faults.loseAck = 0;
    fan.socket.network.faults.loseEvent = 0;
    fan.socket.cut();
    await wait(2_000);
    expect(shown(fan)).toEqual(["once(sent)"]);
    expect(hub.room(ROOM).messages).toHaveLength(1);
    expect(new Set(sends(hub).map((payload) => payload.client_message_id)).size).toBe(1);
  });

  it("sends again under the same id when no ack comes within ten seconds", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.socket.network.faults.loseRequest = 1;
    fan.client.send(ROOM, "late");
    await wait(9_900);
    expect(shown(fan)).toEqual(["late(sending)"]);
    fan.socket.network.faults.loseRequest = 0;
    await wait(2_000);
    expect(shown(fan)).toEqual(["late(sent)"]);
  });

  it("takes a lost ack as answered when the message itself comes back", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.socket.network.faults.loseAck = 1;
    fan.client.send(ROOM, "echo");
    await settle();
    expect(shown(fan)).toEqual(["echo(sent)"]);
    expect(fan.client.outbox.of(ROOM)).toEqual([]);
  });

  it("is not disturbed by a duplicate ack", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.socket.network.faults.duplicateAck = 1;
    fan.client.send(ROOM, "a");
    fan.client.send(ROOM, "b");
    await settle();
    expect(shown(fan)).toEqual(["a(sent)", "b(sent)"]);
    expect(sends(hub)).toHaveLength(2);
  });

  it("waits as long as the server asks before trying again", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    let refusals = 1;
    hub.refuse = (event) => (event === "message.send" && refusals-- > 0 ? { code: "rate.limited", retryable: true, retry_after_ms: 4_000 } : null);
    fan.client.send(ROOM, "patience");
    fan.client.send(ROOM, "after");
    await wait(3_900);
    expect(sends(hub)).toHaveLength(1);
    expect(shown(fan)).toEqual(["patience(sending)", "after(sending)"]);
    await wait(200);
    expect(shown(fan)).toEqual(["patience(sent)", "after(sent)"]);
  });

  it("marks a refused message as failed with the server's words, and goes on with the next", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    hub.refuse = (_, payload) => (payload.body === "bad" ? { code: "message.blocked" } : null);
    fan.client.send(ROOM, "bad");
    fan.client.send(ROOM, "good");
    await settle();
    expect(shown(fan)).toEqual(["good(sent)", "bad(failed)"]);
    expect(fan.client.outbox.of(ROOM)[0]?.error).toMatchObject({ code: "message.blocked", localized: { fr: "fr:message.blocked" } });
  });

  it("lets a failed message be tried again or discarded", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    hub.refuse = (event) => (event === "message.send" ? { code: "message.blocked" } : null);
    const first = fan.client.send(ROOM, "first");
    const second = fan.client.send(ROOM, "second");
    await settle();
    hub.refuse = () => null;
    fan.client.outbox.discard(second.client_message_id);
    fan.client.outbox.retry(first.client_message_id);
    await settle();
    expect(shown(fan)).toEqual(["first(sent)"]);
  });

  it("keeps what was written offline, in order, over a reload of the page", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.socket.refusal = "transport";
    fan.socket.cut();
    const ids = ["x", "y", "z"].map((body) => fan.client.send(ROOM, body).client_message_id);
    await wait(1_000);
    fan.client.stop();
    expect(hub.room(ROOM).messages).toEqual([]);
    const again = await join(hub, "fan", { storage: fan.storage });
    await settle();
    expect(shown(again)).toEqual(["x(sent)", "y(sent)", "z(sent)"]);
    expect(hub.room(ROOM).messages.map((message) => message.client_message_id)).toEqual(ids);
    expect(again.storage.keys("hub.outbox.")).toEqual([]);
  });

  it("keeps the messages of two people on one device apart", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.socket.refusal = "transport";
    fan.socket.cut();
    fan.client.send(ROOM, "mine");
    fan.client.stop();
    const creator = await join(hub, "creator", { storage: fan.storage });
    await wait(1_000);
    expect(shown(creator)).toEqual([]);
    expect(fan.storage.keys("hub.outbox.fan.")).toHaveLength(1);
  });

  it("does not send one person's messages as another", async () => {
    const sent: object[] = [];
    const wire = { epoch: 1, online: false, request: async <T>(_event: string, payload: object) => (sent.push(payload), {} as T) };
    const storage = new MemoryStorage();
    const outbox = new Outbox(wire, storage, () => {}, () => {});
    outbox.load("fan");
    outbox.add(ROOM, "from the fan");

    outbox.load("creator");
    expect(outbox.of(ROOM)).toEqual([]);
    outbox.load("fan");
    expect(outbox.of(ROOM).map((item) => item.body)).toEqual(["from the fan"]);
    expect(sent).toEqual([]);
  });
});
