/** Delivered and read marks: what is owed to the server, and what the others' marks say about an own message. */

import { backoff } from "./backoff";
import type { Wire } from "./conversation";
import { HubError } from "./errors";
import type { Member, ReceiptAck } from "./types";

export type MessageState = "sending" | "sent" | "delivered" | "read" | "failed" | "received";

/** Marks of one burst are joined; the research notes ask for at most about one a second. */
const JOIN_MS = 250;
const RETRY = { baseMs: 1_000, capMs: 30_000 };

type Mark = "message.delivered" | "message.read";

export class ReceiptSender {
  /** The highest seq that is wanted, and the highest that the server has confirmed, by mark and conversation. */
  private readonly wanted = new Map<string, number>();
  private readonly confirmed = new Map<string, number>();
  private readonly attempts = new Map<string, number>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly wire: Wire,
    private readonly acknowledged: (conversationId: string, ack: ReceiptAck) => void,
  ) {}

  delivered(conversationId: string, seq: number): void {
    this.want("message.delivered", conversationId, seq);
  }

  read(conversationId: string, seq: number): void {
    this.want("message.read", conversationId, seq);
  }

  /** What is known from the server needs no mark. */
  known(conversationId: string, deliveredSeq: number, readSeq: number): void {
    this.raise(this.confirmed, key("message.delivered", conversationId), deliveredSeq);
    this.raise(this.confirmed, key("message.read", conversationId), readSeq);
  }

  /** After reconnecting: marks whose request was lost are still owed. */
  resend(): void {
    for (const entry of this.wanted.keys()) this.plan(entry);
  }

  private want(mark: Mark, conversationId: string, seq: number): void {
    const entry = key(mark, conversationId);
    if (seq <= (this.wanted.get(entry) ?? 0) || seq <= (this.confirmed.get(entry) ?? 0)) return;
    this.wanted.set(entry, seq);
    this.plan(entry);
  }

  private plan(entry: string, afterMs = JOIN_MS): void {
    if (this.timers.has(entry)) return;
    this.timers.set(
      entry,
      setTimeout(() => {
        this.timers.delete(entry);
        void this.send(entry);
      }, afterMs),
    );
  }

  private async send(entry: string): Promise<void> {
    const seq = this.wanted.get(entry) ?? 0;
    if (!this.wire.online || seq <= (this.confirmed.get(entry) ?? 0)) return;
    const [mark, conversationId] = split(entry);
    try {
      const ack = await this.wire.request<ReceiptAck>(mark, { conversation_id: conversationId, seq });
      this.raise(this.confirmed, entry, seq);
      this.known(conversationId, ack.delivered_seq, ack.read_seq);
      this.attempts.delete(entry);
      this.acknowledged(conversationId, ack);
    } catch (thrown) {
      // A mark is never worth an error in the user's face; a lost connection resends it by itself.
      if (this.wire.online && HubError.of(thrown).retryable) this.plan(entry, this.pause(entry, HubError.of(thrown)));
    }
  }

  private pause(entry: string, error: HubError): number {
    const attempt = this.attempts.get(entry) ?? 0;
    this.attempts.set(entry, attempt + 1);
    return Math.max(error.retryAfterMs ?? 0, backoff(attempt, RETRY));
  }

  private raise(map: Map<string, number>, entry: string, seq: number): void {
    if (seq > (map.get(entry) ?? 0)) map.set(entry, seq);
  }
}

const key = (mark: Mark, conversationId: string): string => `${mark} ${conversationId}`;
const split = (entry: string): [Mark, string] => {
  const space = entry.indexOf(" ");
  return [entry.slice(0, space) as Mark, entry.slice(space + 1)];
};

/** The state of an own, committed message: delivered or read once that holds for every other participant. */
export function stateOf(seq: number, ownId: string, members: Iterable<Member>): MessageState {
  const others = [...members].filter((member) => member.user_id !== ownId && member.role !== "observer");
  if (others.length === 0) return "sent";
  if (others.every((member) => member.read_seq >= seq)) return "read";
  if (others.every((member) => Math.max(member.delivered_seq, member.read_seq) >= seq)) return "delivered";
  return "sent";
}
