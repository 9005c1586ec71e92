/** A hub with one conversation and clients in it, on vitest's fake clock. */

import { vi } from "vitest";
import { HubClient, MemoryStorage, type HubStorage } from "../../sdk";
import { FakeHub } from "./hub";
import { Network } from "./network";
import { FakeSocket } from "./socket";

export const ROOM = "room";

export interface Person {
  client: HubClient;
  socket: FakeSocket;
  storage: HubStorage;
}

export function hubWithRoom(): FakeHub {
  const hub = new FakeHub();
  hub.addRoom(ROOM, ["fan", "creator"]);
  return hub;
}

export interface JoinOptions {
  storage?: HubStorage;
  network?: Network;
  getToken?: (reason: string) => string | null;
}

/** A client that is not started yet. */
export function person(hub: FakeHub, userId: string, options: JoinOptions = {}): Person {
  const storage = options.storage ?? new MemoryStorage();
  let socket: FakeSocket | undefined;
  const client = new HubClient({
    getToken: options.getToken ?? (() => "token"),
    storage,
    createSocket: (auth) => (socket = new FakeSocket(hub, userId, auth, options.network)),
  });
  return {
    client,
    storage,
    get socket() {
      if (!socket) throw new Error("not started");
      return socket;
    },
  };
}

/** A client that is connected and has the room open. */
export async function join(hub: FakeHub, userId: string, options: JoinOptions = {}): Promise<Person> {
  const one = person(hub, userId, options);
  one.client.start();
  await settle();
  one.client.openConversation(ROOM);
  await settle();
  return one;
}

/** Lets everything happen that needs no waiting. */
export const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
export const wait = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** What the conversation shows, as "body(state)". */
export const shown = (one: Person, roomId = ROOM): string[] =>
  one.client.timeline(roomId).map((item) => `${item.message?.body ?? item.echo?.body ?? "-"}(${item.state})`);

export const bodies = (one: Person, roomId = ROOM): Array<string | null> =>
  one.client.timeline(roomId).map((item) => item.message?.body ?? item.echo?.body ?? null);

export const sends = (hub: FakeHub): Array<Record<string, unknown>> =>
  hub.calls.filter((call) => call.event === "message.send").map((call) => call.payload);
