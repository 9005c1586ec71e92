/** The state of one conversation as this client knows it: messages by seq, members, and the rev it stands at. */

import type { Change, Conversation, Head, Member, Message, Receipt, Snapshot } from "./types";

export type Verdict = "applied" | "stale" | "ahead";

export class ConversationLog {
  conversation: Partial<Conversation> & { id: string };
  rev = 0;
  headSeq = 0;
  /** There are older messages on the server. */
  more = false;
  loaded = false;
  members = new Map<string, Member>();

  private readonly bySeq = new Map<number, Message>();
  /** Changes to messages older than the loaded window; they win over a history page read before them. */
  private readonly older = new Map<number, Message>();
  private sorted: Message[] | null = null;

  constructor(readonly id: string) {
    this.conversation = { id };
  }

  /** Ascending by seq. The array is the same object until something changes. */
  get messages(): readonly Message[] {
    this.sorted ??= [...this.bySeq.values()].sort((a, b) => a.seq - b.seq);
    return this.sorted;
  }

  get oldestSeq(): number {
    return this.messages[0]?.seq ?? this.headSeq + 1;
  }

  message(seq: number): Message | undefined {
    return this.bySeq.get(seq);
  }

  /** Start again from what the server holds now. */
  replace(snapshot: Snapshot): void {
    this.bySeq.clear();
    this.older.clear();
    this.sorted = null;
    this.adoptHead(snapshot.head);
    this.rev = snapshot.head.rev;
    this.headSeq = snapshot.head.seq;
    for (const message of snapshot.messages) this.put(message);
    this.conversation = { ...this.conversation, ...snapshot.conversation, reason: snapshot.reason ?? snapshot.conversation.reason };
    this.mergeMembers(snapshot.members);
    this.more = this.oldestSeq > 1;
    this.loaded = true;
  }

  /** The rule of the contract: next in order is applied, known is ignored, anything further reveals a gap. */
  accept(change: Change): Verdict {
    if (change.rev > this.rev + 1) return "ahead";
    const next = change.rev === this.rev + 1;
    this.absorb(change);
    return next ? "applied" : "stale";
  }

  /** Takes a change that the server vouches for as next in its log (a sync page), whatever its number. */
  absorb(change: Change): void {
    const fresh = change.rev > this.rev;
    if (fresh) this.rev = change.rev;
    if (change.message) this.upsert(change.message);
    if (fresh && change.conversation) this.conversation = { ...this.conversation, ...change.conversation, id: this.id };
  }

  /** The server's word that nothing up to `rev` concerns this viewer any more. */
  advance(rev: number): void {
    this.rev = Math.max(this.rev, rev);
  }

  addHistory(messages: Message[], more: boolean): void {
    for (const message of messages) {
      this.put(message);
      const newer = this.older.get(message.seq);
      if (newer) this.put(newer);
      this.older.delete(message.seq);
    }
    this.more = more;
  }

  mergeMembers(members: Member[]): void {
    for (const member of members) {
      const known = this.members.get(member.user_id);
      this.members.set(member.user_id, {
        ...known,
        ...member,
        // Watermarks only rise, so an answer that was overtaken cannot lower them.
        delivered_seq: Math.max(member.delivered_seq, known?.delivered_seq ?? 0),
        read_seq: Math.max(member.read_seq, known?.read_seq ?? 0),
      });
    }
  }

  applyReceipt(receipt: Receipt): void {
    const known = this.members.get(receipt.user_id);
    if (known) this.mergeMembers([{ ...known, delivered_seq: receipt.delivered_seq, read_seq: receipt.read_seq }]);
  }

  canSend(userId: string): boolean {
    const role = this.members.get(userId)?.role;
    if (role === undefined && this.conversation.kind === "announcement") return false;
    return this.conversation.state !== "closed" && role !== "observer";
  }

  /** Whether the conversation is a room that anybody may follow. */
  get live(): boolean {
    return this.conversation.kind === "live" || this.conversation.kind === "announcement";
  }

  /** Viewers of a live room write and delete; only its members edit and react. */
  canChange(userId: string): boolean {
    return this.canSend(userId) && (!this.live || this.members.has(userId));
  }

  private adoptHead(head: Head): void {
    this.conversation = { ...this.conversation, head };
  }

  private upsert(message: Message): void {
    const window = this.bySeq.size > 0 ? this.oldestSeq : this.headSeq + 1;
    // Showing an old message alone would make a hole in the list; it is kept until its page is loaded.
    if (message.seq < window && this.loaded) {
      const known = this.older.get(message.seq);
      if (!known || known.rev < message.rev) this.older.set(message.seq, message);
      return;
    }
    this.put(message);
  }

  private put(message: Message): void {
    const known = this.bySeq.get(message.seq);
    if (known && known.rev >= message.rev) return;
    this.bySeq.set(message.seq, message);
    this.headSeq = Math.max(this.headSeq, message.seq);
    this.sorted = null;
  }
}
