/** Typing, both ways: throttled heartbeats out, self-expiring names in. */

import type { Wire } from "./conversation";
import type { TypingEvent } from "./types";

/** The server forgets after 6 s; a heartbeat each 3 s survives one loss. */
const HEARTBEAT_MS = 3_000;
const IDLE_MS = 5_000;
/** One second longer than the server, for the way. */
const EXPIRY_MS = 7_000;

export class TypingSender {
  private active: string | null = null;
  private lastStart = 0;
  private idle: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly wire: Wire) {}

  /** The user changed the text. */
  input(conversationId: string): void {
    if (this.active !== null && this.active !== conversationId) this.stop();
    clearTimeout(this.idle);
    this.idle = setTimeout(() => this.stop(), IDLE_MS);
    if (this.active === conversationId && Date.now() - this.lastStart < HEARTBEAT_MS) return;
    this.active = conversationId;
    this.lastStart = Date.now();
    this.tell("typing.start", conversationId);
  }

  /** Sent, cleared, or left. */
  stop(): void {
    clearTimeout(this.idle);
    if (this.active !== null) this.tell("typing.stop", this.active);
    this.active = null;
  }

  private tell(event: string, conversationId: string): void {
    if (!this.wire.online) return;
    this.wire.request(event, { conversation_id: conversationId }).catch(() => undefined);
  }
}

export class TypingUsers {
  private readonly timers = new Map<string, Map<string, ReturnType<typeof setTimeout>>>();

  constructor(private readonly changed: (conversationId: string) => void) {}

  in(conversationId: string): string[] {
    return [...(this.timers.get(conversationId)?.keys() ?? [])];
  }

  apply(event: TypingEvent): void {
    const users = this.timers.get(event.conversation_id) ?? new Map<string, ReturnType<typeof setTimeout>>();
    this.timers.set(event.conversation_id, users);
    clearTimeout(users.get(event.user_id));
    if (event.state === "stop") {
      if (!users.delete(event.user_id)) return;
    } else {
      const expire = (): void => this.apply({ ...event, state: "stop" });
      users.set(event.user_id, setTimeout(expire, EXPIRY_MS));
    }
    this.changed(event.conversation_id);
  }

  clear(): void {
    for (const [conversationId, users] of this.timers) {
      for (const timer of users.values()) clearTimeout(timer);
      users.clear();
      this.changed(conversationId);
    }
  }
}
