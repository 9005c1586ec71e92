/** Getting a session, keeping it, and knowing when to stop. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ConnectionStatus } from "../sdk";
import { bodies, hubWithRoom, join, person, ROOM, settle, wait, type Person } from "./fakes/world";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const states = (one: Person): ConnectionStatus[] => {
  const seen: ConnectionStatus[] = [];
  one.client.on("connection", (state) => seen.push(state.status));
  return seen;
};

/** A token like the real ones, as far as a client reads them. */
const jwt = (expiresInMs: number): string => `x.${btoa(JSON.stringify({ exp: (Date.now() + expiresInMs) / 1000 }))}.x`;

describe("connection", () => {
  it("is online only after session.ready", async () => {
    const fan = person(hubWithRoom(), "fan");
    fan.client.start();
    expect(fan.client.state.status).toBe("connecting");
    await settle();
    expect(fan.client.state.status).toBe("online");
    expect(fan.client.session?.user.id).toBe("fan");
  });

  it("comes back by itself after the server closed it", async () => {
    const fan = await join(hubWithRoom(), "fan");
    const seen = states(fan);
    fan.socket.cut("io server disconnect");
    await wait(1_000);
    expect(seen).toEqual(["reconnecting", "online"]);
  });

  it.each(["banned", "replaced"])("stops when the server closes with %s", async (reason) => {
    const fan = await join(hubWithRoom(), "fan");
    fan.socket.say("session.closing", { reason, reconnect: false });
    fan.socket.cut("io server disconnect");
    await wait(60_000);
    expect(fan.client.state).toMatchObject({ status: "stopped", reason });
    expect(fan.socket.auths).toHaveLength(1);
  });

  it("reconnects when the server closes with slow_consumer", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.socket.say("session.closing", { reason: "slow_consumer", reconnect: true });
    fan.socket.cut("io server disconnect");
    hub.write("creator", ROOM, "meanwhile");
    await wait(1_000);
    expect(fan.client.state.status).toBe("online");
    expect(bodies(fan)).toEqual(["meanwhile"]);
  });

  it("leaves by itself when the server announces a close and then forgets it", async () => {
    const fan = await join(hubWithRoom(), "fan");
    fan.socket.say("session.closing", { reason: "slow_consumer", reconnect: true });
    await wait(1_900);
    expect(fan.client.state.status).toBe("online");
    await wait(1_000);
    expect(fan.socket.auths).toHaveLength(2);
    expect(fan.client.state.status).toBe("online");
  });

  it("moves at the moment that a draining server gave it", async () => {
    const fan = await join(hubWithRoom(), "fan");
    fan.socket.say("session.draining", { reconnect_in_ms: 3_000 });
    fan.socket.cut("io server disconnect");
    await wait(2_900);
    expect(fan.client.state.status).toBe("reconnecting");
    await wait(200);
    expect(fan.client.state.status).toBe("online");
  });

  it("gets a new token when the old one has expired", async () => {
    const tokens = ["old", "new"];
    const asked: string[] = [];
    const getToken = (reason: string): string | null => {
      asked.push(reason);
      return tokens.shift() ?? null;
    };
    const fan = await join(hubWithRoom(), "fan", { getToken });
    fan.socket.say("session.expired", {});
    fan.socket.cut("io server disconnect");
    await wait(500);
    expect(asked).toEqual(["connect", "expired"]);
    expect(fan.socket.auths.map((auth) => auth.token)).toEqual(["old", "new"]);
    expect(fan.client.state.status).toBe("online");
  });

  it("stops when there is no other token than the expired one", async () => {
    const fan = await join(hubWithRoom(), "fan", { getToken: () => "only" });
    fan.socket.refusal = { code: "auth.expired" };
    fan.socket.cut();
    await wait(5_000);
    expect(fan.client.state).toMatchObject({ status: "stopped", reason: "auth.expired" });
  });

  it("extends the session before the token expires", async () => {
    const hub = hubWithRoom();
    const tokens = [jwt(300_000), jwt(900_000)];
    const fan = await join(hub, "fan", { getToken: () => tokens.shift() ?? null });
    await wait(245_000);
    const refreshes = hub.calls.filter((call) => call.event === "session.refresh");
    expect(refreshes).toHaveLength(1);
    expect(fan.client.state.status).toBe("online");
  });

  it("stops at a refusal that will not change, and goes on at one that will", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.socket.refusal = { code: "rate.limited", retryable: true };
    fan.socket.cut();
    await wait(20_000);
    expect(fan.client.state.status).toBe("reconnecting");
    fan.socket.refusal = { code: "auth.invalid" };
    await wait(30_000);
    expect(fan.client.state).toMatchObject({ status: "stopped", reason: "auth.invalid" });
    expect(fan.client.state.error?.code).toBe("auth.invalid");
  });

  it("waits longer and longer, but not for ever, while the server is away", async () => {
    const fan = await join(hubWithRoom(), "fan");
    fan.socket.refusal = "transport";
    fan.socket.cut();
    let attempts = 0;
    const { connect } = fan.socket;
    fan.socket.connect = function counted(): void {
      attempts += 1;
      connect.call(this);
    };
    await wait(60_000);
    expect(attempts).toBeGreaterThan(6);
    expect(attempts).toBeLessThan(15);
    fan.socket.refusal = null;
    await wait(15_000);
    expect(fan.client.state.status).toBe("online");
  });

  it("tells the focus, the presences and the open conversations again on a new connection", async () => {
    const hub = hubWithRoom();
    const fan = await join(hub, "fan");
    fan.client.setFocus(ROOM);
    fan.client.presence.watch(["creator"]);
    await settle();
    hub.calls.length = 0;
    fan.socket.cut();
    await wait(1_000);
    const events = hub.calls.map((call) => call.event);
    expect(events).toEqual(expect.arrayContaining(["focus.set", "presence.subscribe", "conversation.sync", "conversation.list"]));
    expect(hub.calls.find((call) => call.event === "focus.set")?.payload).toEqual({ conversation_id: ROOM });
  });
});
