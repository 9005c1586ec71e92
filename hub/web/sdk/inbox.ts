/** The list of conversations with their unread numbers, which are always the server's own. */

import type { Wire } from "./conversation";
import type { Conversation, ConversationUpdated, Message } from "./types";

const PAGE = 30;
/** Several signs of an unknown conversation within this time cause one refetch. */
const REFETCH_MS = 200;

export class Inbox {
  loaded = false;
  next: string | null = null;
  private readonly byId = new Map<string, Conversation>();
  private readonly unread = new Map<string, number>();
  private refetchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly wire: Wire,
    private readonly changed: () => void,
  ) {}

  /** Newest activity first. */
  get conversations(): Conversation[] {
    return [...this.byId.values()].sort((a, b) => activity(b).localeCompare(activity(a)));
  }

  get(id: string): Conversation | undefined {
    return this.byId.get(id);
  }

  unreadOf(id: string): number {
    return this.unread.get(id) ?? 0;
  }

  get unreadTotal(): number {
    return [...this.unread.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The numbers of session.ready are complete: what is not named has nothing unread. */
  resetUnread(counts: Record<string, number>): void {
    this.unread.clear();
    for (const [id, count] of Object.entries(counts)) this.unread.set(id, count);
    this.changed();
  }

  setUnread(id: string, count: number): void {
    this.unread.set(id, count);
    this.changed();
  }

  async load(cursor?: string): Promise<Conversation[]> {
    const payload = cursor ? { cursor, limit: PAGE } : { limit: PAGE };
    const page = await this.wire.request<{ conversations: Conversation[]; next?: string | null }>("conversation.list", payload);
    for (const conversation of page.conversations) {
      this.byId.set(conversation.id, conversation);
      this.unread.set(conversation.id, conversation.unread);
    }
    // Refreshing the first page must not forget how far the list was already paged.
    if (cursor || !this.loaded) this.next = page.next ?? null;
    this.loaded = true;
    this.changed();
    return page.conversations;
  }

  async loadMore(): Promise<Conversation[]> {
    return this.next ? this.load(this.next) : [];
  }

  apply(update: ConversationUpdated): void {
    if (update.unread !== undefined) this.unread.set(update.conversation_id, update.unread);
    const known = this.byId.get(update.conversation_id);
    if (!known) return this.refetchSoon();
    this.byId.set(known.id, { ...known, ...update.conversation, id: known.id });
    if (update.last_message) this.noteMessage(update.last_message);
    this.changed();
  }

  /** Keeps the preview line right for conversations whose messages arrive live. */
  noteMessage(message: Message): void {
    const known = this.byId.get(message.conversation_id);
    if (!known) return this.refetchSoon();
    const last = known.last_message;
    if (last && (message.seq < last.seq || (message.seq === last.seq && message.rev < last.rev))) return;
    const updated_at = message.created_at > known.updated_at ? message.created_at : known.updated_at;
    this.byId.set(known.id, { ...known, last_message: message, updated_at });
    this.changed();
  }

  private refetchSoon(): void {
    clearTimeout(this.refetchTimer);
    this.refetchTimer = setTimeout(() => {
      if (this.wire.online) this.load().catch(() => undefined);
    }, REFETCH_MS);
  }
}

const activity = (conversation: Conversation): string =>
  conversation.last_message?.created_at ?? conversation.updated_at ?? conversation.created_at;
