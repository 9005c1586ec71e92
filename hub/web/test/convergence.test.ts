/** Whatever the network does, in the end everybody holds what the server holds: no loss, no duplicate, same order. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hubWithRoom, join, ROOM, wait, type Person } from "./fakes/world";
import type { FakeHub } from "./fakes/hub";
import { Network, NO_FAULTS, seeded } from "./fakes/network";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SEEDS = Array.from({ length: 40 }, (_, n) => n + 1);
const STEPS = 120;
const ROUGH = { loseEvent: 0.15, duplicateEvent: 0.15, loseRequest: 0.05, loseAck: 0.08, duplicateAck: 0.1, delayMs: 700 };

interface Run {
  hub: FakeHub;
  people: Person[];
  random: () => number;
  written: string[];
}

function step({ hub, people, random, written }: Run): void {
  const one = people[Math.floor(random() * people.length)] as Person;
  const what = random();
  const { messages } = hub.room(ROOM);
  const target = messages[Math.floor(random() * messages.length)];
  if (what < 0.5) {
    const body = `${one.client.userId} ${written.length}`;
    written.push(body);
    one.client.send(ROOM, body);
  } else if (what < 0.6 && target) one.client.edit(ROOM, target.seq, `edited ${written.length}`).catch(() => undefined);
  else if (what < 0.65 && target) one.client.remove(ROOM, target.seq).catch(() => undefined);
  else if (what < 0.75 && target) one.client.react(ROOM, target.seq, "👍", random() < 0.5 ? "add" : "remove").catch(() => undefined);
  else if (what < 0.83) one.socket.cut();
  else if (what < 0.86) one.socket.say("conversation.resync", random() < 0.5 ? {} : { conversation_id: ROOM });
  else if (what < 0.9) one.client.conversation(ROOM)?.history().catch(() => undefined);
  else if (messages.length > 0) one.client.markRead(ROOM, messages.length);
}

async function run(seed: number, resetAfter: number): Promise<Run> {
  const random = seeded(seed);
  vi.spyOn(Math, "random").mockImplementation(random);
  const hub = hubWithRoom();
  Object.assign(hub, { resetAfter, syncPage: 5, openPage: 10 });
  const networks = [new Network(random), new Network(random)];
  const people = [await join(hub, "fan", { network: networks[0] }), await join(hub, "creator", { network: networks[1] })];
  const result = { hub, people, random, written: [] as string[] };
  for (const network of networks) network.faults = { ...ROUGH };
  for (let n = 0; n < STEPS; n += 1) {
    step(result);
    await wait(random() * 400);
  }
  for (const network of networks) network.faults = { ...NO_FAULTS };
  // One more event tells of gaps that nothing has told of yet; a cut does the same for the sender's own.
  for (const one of people) one.socket.cut();
  await wait(120_000);
  vi.restoreAllMocks();
  return result;
}

function expectEqualToServer({ hub, people, written }: Run): void {
  const truth = hub.room(ROOM).messages;
  expect([...truth.map((message) => message.client_message_id)].sort()).toEqual([...new Set(truth.map((message) => message.client_message_id))].sort());
  expect(truth).toHaveLength(written.length);
  for (const { client } of people) {
    const { log } = client.conversation(ROOM) as NonNullable<ReturnType<typeof client.conversation>>;
    expect(log.rev).toBe(hub.room(ROOM).log.length);
    expect(log.messages).toEqual(truth.slice(log.oldestSeq - 1));
    expect(client.outbox.of(ROOM)).toEqual([]);
    const rows = client.timeline(ROOM);
    expect(rows.map((row) => row.message?.seq)).toEqual(log.messages.map((message) => message.seq));
    expect(client.inbox.get(ROOM)?.last_message).toEqual(truth.at(-1));
    for (const member of hub.room(ROOM).members) expect(log.members.get(member.user_id)).toMatchObject(member);
  }
}

describe("convergence", () => {
  it.each(SEEDS)("holds with every missed change paged in (seed %i)", async (seed) => {
    expectEqualToServer(await run(seed, 10_000));
  });

  it.each(SEEDS.slice(0, 20))("holds with resets to a snapshot (seed %i)", async (seed) => {
    expectEqualToServer(await run(seed, 6));
  });

  it.each(SEEDS.slice(0, 10))("keeps each writer's own order (seed %i)", async (seed) => {
    const { hub, written, people } = await run(seed + 1_000, 10_000);
    for (const { client } of people) {
      const own = hub.room(ROOM).messages.filter((message) => message.sender_id === client.userId);
      const ids = own.map((message) => message.client_message_id);
      const times = own.map((message) => message.created_at);
      expect(new Set(ids).size).toBe(ids.length);
      expect(times).toEqual([...times].sort());
      // Edits change bodies, so order is told by the untouched ones.
      const untouched = own.filter((message) => written.includes(message.body ?? "")).map((message) => written.indexOf(message.body ?? ""));
      expect(untouched).toEqual([...untouched].sort((a, b) => a - b));
    }
  });
});
