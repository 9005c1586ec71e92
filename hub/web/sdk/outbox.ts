/** Unsent messages: stored until acknowledged, sent in order, one at a time per conversation, always under the same id. */

import { backoff } from "./backoff";
import type { Wire } from "./conversation";
import { HubError } from "./errors";
import { uuid } from "./ids";
import type { HubStorage } from "./storage";
import type { Localized, Message, SendPayload } from "./types";

export interface OutboxItem {
  client_message_id: string;
  conversation_id: string;
  body: string;
  reply_to_seq?: number;
  created_at: string;
  /** Position in the order of writing; the clock may stand still or jump. */
  order: number;
  state: "waiting" | "sending" | "failed";
  error?: { code: string; message: string; localized: Localized };
}

const RETRY = { baseMs: 1_000, capMs: 30_000 };
/** Not the message's fault: the connection gets a new token and the message goes again. */
const SESSION_ERRORS = new Set(["auth.expired"]);

export class Outbox {
  private items: OutboxItem[] = [];
  private readonly busy = new Set<string>();
  private readonly attempts = new Map<string, number>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private userId: string | null = null;

  constructor(
    private readonly wire: Wire,
    private readonly storage: HubStorage,
    private readonly changed: (conversationId: string) => void,
    private readonly acknowledged: (message: Message) => void,
  ) {}

  /** The messages of this user that an earlier page left behind. */
  load(userId: string): void {
    if (this.userId === userId) return;
    // Another person signs in: what the first one wrote stays in storage for them and is not sent in this name.
    if (this.userId !== null) this.items = [];
    for (const item of this.items) this.forget(item); // written before the user was known
    this.userId = userId;
    for (const item of this.items) this.store(item);
    const present = new Set(this.items.map((item) => item.client_message_id));
    for (const key of this.storage.keys(this.prefix)) {
      const item = parse(this.storage.get(key));
      if (item && !present.has(item.client_message_id)) this.items.push(item);
    }
    this.items.sort((a, b) => a.order - b.order);
    for (const id of this.conversationIds) this.changed(id);
  }

  get conversationIds(): string[] {
    return [...new Set(this.items.map((item) => item.conversation_id))];
  }

  of(conversationId: string): OutboxItem[] {
    return this.items.filter((item) => item.conversation_id === conversationId);
  }

  add(conversationId: string, body: string, replyToSeq?: number): OutboxItem {
    const item: OutboxItem = {
      client_message_id: uuid(),
      conversation_id: conversationId,
      body,
      reply_to_seq: replyToSeq,
      created_at: new Date().toISOString(),
      order: Math.max(Date.now(), (this.items.at(-1)?.order ?? 0) + 1),
      state: "waiting",
    };
    this.items.push(item);
    this.store(item);
    this.changed(conversationId);
    void this.pump(conversationId);
    return item;
  }

  /** The server has this message, whatever became of the ack. */
  confirm(clientMessageId: string): void {
    const item = this.find(clientMessageId);
    if (item) this.remove(item);
  }

  retry(clientMessageId: string): void {
    const item = this.find(clientMessageId);
    if (item?.state !== "failed") return;
    // After a conflict the old id belongs to another text for ever.
    if (item.error?.code === "message.conflict") {
      this.forget(item);
      item.client_message_id = uuid();
    }
    this.set(item, { state: "waiting", error: undefined });
    void this.pump(item.conversation_id);
  }

  discard(clientMessageId: string): void {
    const item = this.find(clientMessageId);
    if (item?.state === "failed") this.remove(item);
  }

  /** Connected again: nothing waits for a timer. */
  flush(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.attempts.clear();
    for (const id of this.conversationIds) void this.pump(id);
  }

  private async pump(conversationId: string): Promise<void> {
    if (this.busy.has(conversationId) || this.timers.has(conversationId)) return;
    this.busy.add(conversationId);
    try {
      while (this.wire.online) {
        const item = this.of(conversationId).find((candidate) => candidate.state !== "failed");
        if (!item || !(await this.deliver(item))) return;
      }
    } finally {
      this.busy.delete(conversationId);
    }
  }

  /** True when the next message may follow; false when this one must be tried again first. */
  private async deliver(item: OutboxItem): Promise<boolean> {
    this.set(item, { state: "sending" });
    const { epoch } = this.wire;
    try {
      const { message } = await this.wire.request<{ message: Message }>("message.send", payloadOf(item));
      this.attempts.delete(item.conversation_id);
      this.acknowledged(message);
      this.remove(item);
      return true;
    } catch (thrown) {
      if (!this.items.includes(item)) return true; // confirmed by its own message.new meanwhile
      return this.failed(item, HubError.of(thrown), epoch);
    }
  }

  private failed(item: OutboxItem, error: HubError, epoch: number): boolean {
    if (!error.retryable && !SESSION_ERRORS.has(error.code)) {
      const { code, message, localized } = error;
      this.set(item, { state: "failed", error: { code, message, localized } });
      return true;
    }
    this.set(item, { state: "waiting" });
    // Already on a newer connection: send at once. Without one, the next flush does.
    if (this.wire.online && epoch !== this.wire.epoch) return true;
    if (this.wire.online) this.later(item.conversation_id, error.retryAfterMs);
    return false;
  }

  private later(conversationId: string, afterMs: number | null): void {
    const attempt = this.attempts.get(conversationId) ?? 0;
    this.attempts.set(conversationId, attempt + 1);
    const wait = Math.max(afterMs ?? 0, backoff(attempt, RETRY));
    const timer = setTimeout(() => {
      this.timers.delete(conversationId);
      void this.pump(conversationId);
    }, wait);
    this.timers.set(conversationId, timer);
  }

  private find(clientMessageId: string): OutboxItem | undefined {
    return this.items.find((item) => item.client_message_id === clientMessageId);
  }

  private set(item: OutboxItem, change: Partial<OutboxItem>): void {
    Object.assign(item, change);
    this.store(item);
    this.changed(item.conversation_id);
  }

  private remove(item: OutboxItem): void {
    this.items = this.items.filter((other) => other !== item);
    this.forget(item);
    this.changed(item.conversation_id);
  }

  /** One key per message, so that two tabs never overwrite each other's. */
  private get prefix(): string {
    return `hub.outbox.${this.userId ?? "?"}.`;
  }

  private store(item: OutboxItem): void {
    this.storage.set(this.prefix + item.client_message_id, JSON.stringify(item));
  }

  private forget(item: OutboxItem): void {
    this.storage.remove(this.prefix + item.client_message_id);
  }
}

function payloadOf(item: OutboxItem): SendPayload {
  const { conversation_id, client_message_id, body, reply_to_seq } = item;
  return { conversation_id, client_message_id, kind: "text", body, ...(reply_to_seq ? { reply_to_seq } : {}) };
}

function parse(text: string | null): OutboxItem | null {
  try {
    const item = JSON.parse(text ?? "") as OutboxItem;
    // "sending" on a page that is gone means: the outcome is unknown, so send it again under the same id.
    return { ...item, state: item.state === "failed" ? "failed" : "waiting" };
  } catch {
    return null;
  }
}
