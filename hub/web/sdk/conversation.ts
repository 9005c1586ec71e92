/** One opened conversation, kept equal to the server's copy: applies changes in order, notices gaps, and fills them. */

import { backoff } from "./backoff";
import { HubError } from "./errors";
import { ConversationLog } from "./log";
import type { Change, LiveRoom, Message, Snapshot, SyncResult } from "./types";

/** Events travel by different roads and may overtake each other; most gaps close by themselves within this time. */
export const HOLD_MS = 500;
const HISTORY_PAGE = 50;
const RETRY = { baseMs: 1_000, capMs: 20_000 };
/** More held changes than this are dropped; the sync that is due brings them. */
const MAX_HELD = 2_000;
const NO_ACCESS = new Set(["conversation.not_found", "access.denied"]);

/** What a conversation needs of the connection. */
export interface Wire {
  readonly epoch: number;
  readonly online: boolean;
  request<T>(event: string, payload: object): Promise<T>;
}

/** How the socket gets into the room: as a member, or as one of the many who follow a live room. */
export type JoinEvent = "conversation.open" | "live.join";
export type LoadStatus = "loading" | "ready" | "error";

export class OpenConversation {
  readonly log: ConversationLog;
  status: LoadStatus = "loading";
  error: HubError | null = null;
  /** Of a live room: how many follow it. */
  viewers: number | null = null;
  /** Why an operator took this client out of it; it stays out until it is opened or joined again. */
  left: string | null = null;
  private paging: Promise<void> | null = null;

  private held: Change[] = [];
  private filling = false;
  private again = false;
  /** The socket may not be in the conversation's room: open it again before trusting the live events. */
  private mustJoin = false;
  private disposed = false;
  private attempt = 0;
  private holdTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: string,
    private readonly wire: Wire,
    private readonly changed: () => void,
    private readonly joinEvent: JoinEvent = "conversation.open",
  ) {
    this.log = new ConversationLog(id);
  }

  /** Called when opened and after each session.ready: load for the first time, or check that nothing is missing. */
  async connect(): Promise<void> {
    if (this.left !== null) return;
    if (this.log.loaded) return this.fill();
    return this.exclusively(async (current) => {
      const snapshot = await this.fetchSnapshot();
      if (current()) this.log.replace(snapshot);
    });
  }

  /** The server dropped changes for this socket: join again, then fetch what was missed. */
  async resync(): Promise<void> {
    this.mustJoin = true;
    await this.connect();
  }

  /** Nobody has marks, badges or a place in the list of a room that thousands follow. */
  get live(): boolean {
    return this.log.live;
  }

  /** Taken out by an operator. */
  leave(reason: string): void {
    this.left = reason;
    this.changed();
  }

  /** Opened or joined again after that. */
  rejoin(): void {
    this.left = null;
    void this.resync();
  }

  count(viewers: number): void {
    this.viewers = viewers;
    this.changed();
  }

  receive(change: Change): void {
    if (!this.log.loaded || this.filling) this.hold(change);
    else if (this.log.accept(change) === "ahead") this.hold(change, true);
    else this.drain();
    this.changed();
  }

  /** Something else told that the server's log is at `rev`. */
  reveal(rev: number): void {
    if (this.log.loaded && rev > this.log.rev) this.awaitGap();
  }

  /** Messages that are committed on the server but wait here for their turn; shown already, so nothing flickers. */
  get heldMessages(): Message[] {
    return this.held.flatMap((change) => (change.message && change.rev > this.log.rev ? [change.message] : []));
  }

  get loadingHistory(): boolean {
    return this.paging !== null;
  }

  /** Loads the page before the oldest message. Asked while one is on its way, it answers with that one. */
  history(): Promise<void> {
    if (this.paging) return this.paging;
    if (!this.log.loaded || !this.log.more) return Promise.resolve();
    this.paging = this.fetchHistory().finally(() => {
      this.paging = null;
      this.changed();
    });
    this.changed();
    return this.paging;
  }

  dispose(): void {
    this.disposed = true;
    clearTimeout(this.holdTimer);
    clearTimeout(this.retryTimer);
  }

  private async fetchHistory(): Promise<void> {
    const before = this.log.oldestSeq;
    const { epoch } = this.wire;
    const page = await this.wire.request<{ messages: Message[]; more: boolean }>("conversation.history", {
      conversation_id: this.id,
      before_seq: before,
      limit: HISTORY_PAGE,
    });
    // A reset meanwhile moved the window: this page would not join it.
    if (epoch === this.wire.epoch && before === this.log.oldestSeq) this.log.addHistory(page.messages, page.more);
  }

  private fill(): Promise<void> {
    return this.exclusively(async (current) => {
      if (this.mustJoin) {
        const { members } = await this.fetchSnapshot();
        if (!current()) return;
        this.log.mergeMembers(members);
      }
      await this.pages(current);
    });
  }

  /** Opening also puts the socket into the conversation's room. */
  private async fetchSnapshot(): Promise<Snapshot> {
    const snapshot = await this.wire.request<Snapshot & Partial<LiveRoom>>(this.joinEvent, { conversation_id: this.id });
    this.mustJoin = false;
    this.viewers = snapshot.viewers ?? this.viewers;
    return snapshot;
  }

  /** Sync pages from our rev up to the server's head. */
  private async pages(current: () => boolean): Promise<void> {
    let proven: number | null = null;
    for (;;) {
      const result = await this.page();
      if (!current() || !result) return;
      if (result.reset) return this.reset(result, current);
      for (const change of result.changes) this.log.absorb(change);
      if (result.more && result.changes.length > 0) continue;
      // A head beyond the last change means changes that this viewer does not get, or one committed between the
      // server's two reads. Asking once more tells which: then everything up to the first head has been seen.
      if (proven !== null) this.log.advance(proven);
      if (proven !== null || result.head.rev <= this.log.rev) return;
      proven = result.head.rev;
    }
  }

  private async page(): Promise<SyncResult | undefined> {
    const cursors = [{ conversation_id: this.id, rev: this.log.rev }];
    const { results } = await this.wire.request<{ results: SyncResult[] }>("conversation.sync", { cursors });
    return results.find((result) => result.conversation_id === this.id);
  }

  private async reset(result: SyncResult, current: () => boolean): Promise<void> {
    const snapshot = result.snapshot ?? (await this.fetchSnapshot());
    if (current()) this.log.replace(snapshot);
  }

  /** One fetch at a time; meanwhile live changes are held. `current()` is false once its answer would be stale. */
  private async exclusively(work: (current: () => boolean) => Promise<void>): Promise<void> {
    if (this.filling) {
      this.again = true;
      return;
    }
    if (!this.wire.online || this.disposed) return;
    this.filling = true;
    clearTimeout(this.retryTimer);
    const { epoch } = this.wire;
    const current = (): boolean => epoch === this.wire.epoch && !this.disposed;
    try {
      await work(current);
      this.attempt = 0;
      this.error = null;
      if (this.log.loaded) this.status = "ready";
    } catch (thrown) {
      this.failed(HubError.of(thrown));
    } finally {
      this.filling = false;
      this.drain();
      this.changed();
      if (this.again && !this.disposed) {
        this.again = false;
        void this.connect();
      }
    }
  }

  private failed(error: HubError): void {
    if (error.retryable) {
      // Offline: the next session.ready calls connect().
      const wait = error.retryAfterMs ?? backoff(this.attempt++, RETRY);
      if (this.wire.online && !this.disposed) this.retryTimer = setTimeout(() => void this.connect(), wait);
      return;
    }
    this.error = error;
    // Without access what is loaded must not stay on screen; any other trouble leaves it there.
    if (!this.log.loaded || NO_ACCESS.has(error.code)) this.status = "error";
  }

  private hold(change: Change, gap = false): void {
    if (this.held.length < MAX_HELD) this.held.push(change);
    if (gap) this.awaitGap();
  }

  private awaitGap(): void {
    if (this.filling || this.holdTimer !== undefined) return;
    this.holdTimer = setTimeout(() => {
      this.holdTimer = undefined;
      if (this.wire.online) void this.fill();
    }, HOLD_MS);
  }

  /** Held changes whose turn has come. What stays is ahead of a gap that is still open. */
  private drain(): void {
    if (!this.log.loaded) return;
    this.held.sort((a, b) => a.rev - b.rev);
    this.held = this.held.filter((change) => this.log.accept(change) === "ahead");
    if (this.held.length > 0) return this.awaitGap();
    clearTimeout(this.holdTimer);
    this.holdTimer = undefined;
  }
}
