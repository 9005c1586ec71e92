/** The hub for an application: one object that connects, keeps conversations current, and sends. */

import { deviceId, onWake } from "./browser";
import { Connection, type ConnectionState } from "./connection";
import { OpenConversation, type JoinEvent } from "./conversation";
import { Emitter } from "./emitter";
import { uuid } from "./ids";
import { Inbox } from "./inbox";
import { asChange, Incoming, type IncomingEvents, type Parts } from "./incoming";
import { NotificationBook } from "./notifications";
import { Outbox, type OutboxItem } from "./outbox";
import { PresenceBook } from "./presence";
import { ReceiptSender } from "./receipts";
import { socketIo, type SocketFactory } from "./socket";
import { defaultStorage, type HubStorage } from "./storage";
import { timeline, type TimelineItem } from "./timeline";
import { TokenKeeper, type GetToken } from "./token";
import { TypingSender, TypingUsers } from "./typing";
import type { Conversation, Message, Notification, Payment, ReceiptAck, SessionReady } from "./types";

export interface HubClientOptions {
  getToken: GetToken;
  /** Default: the page's own origin. */
  url?: string;
  storage?: HubStorage;
  createSocket?: SocketFactory;
}

/**
 * `conversation`: something in it changed, be it messages, marks, unsent ones or its load state; the value is its id.
 * `message`: one of somebody else arrived live. `notifications`: their lists or the badge
 * changed. `notification`: one arrived. `event`: one that the SDK does not handle itself.
 */
export interface HubClientEvents extends IncomingEvents {
  connection: ConnectionState;
  session: SessionReady;
  inbox: void;
  notifications: void;
  notification: Notification;
  typing: string;
  presence: string;
}

export class HubClient extends Emitter<HubClientEvents> implements Parts {
  session: SessionReady | null = null;
  readonly inbox: Inbox;
  readonly notifications: NotificationBook;
  readonly outbox: Outbox;
  readonly presence: PresenceBook;
  readonly typing: TypingSender;
  readonly typingUsers: TypingUsers;

  readonly receipts: ReceiptSender;
  readonly opened = new Map<string, OpenConversation>();

  private readonly connection: Connection;
  private readonly incoming: Incoming;
  private focus: string | null = null;
  private unwake: () => void = () => undefined;

  constructor(options: HubClientOptions) {
    super();
    const storage = options.storage ?? defaultStorage();
    this.connection = new Connection({
      createSocket: options.createSocket ?? socketIo(options.url),
      tokens: new TokenKeeper(options.getToken),
      resume: () => this.positions(),
      deviceId: deviceId(storage, uuid),
    });
    const wire = this.connection;
    const changed = (id: string): void => this.emit("conversation", id);
    this.inbox = new Inbox(wire, () => this.emit("inbox", undefined));
    this.notifications = new NotificationBook(
      wire,
      () => this.emit("notifications", undefined),
      (notification) => this.emit("notification", notification),
    );
    this.outbox = new Outbox(wire, storage, changed, (message) => this.incoming.change(asChange(message)));
    this.presence = new PresenceBook(wire, (id) => this.emit("presence", id));
    this.typing = new TypingSender(wire);
    this.typingUsers = new TypingUsers((id) => this.emit("typing", id));
    this.receipts = new ReceiptSender(wire, (id, ack) => this.receiptAcknowledged(id, ack));
    this.incoming = new Incoming(this);
    wire.on("ready", (session) => this.onReady(session));
    wire.on("state", (state) => this.onState(state));
    wire.on("event", ({ name, payload }) => this.incoming.route(name, payload));
  }

  get state(): ConnectionState {
    return this.connection.state;
  }

  get userId(): string {
    return this.session?.user.id ?? "";
  }

  start(): void {
    this.unwake = onWake(() => this.connection.wake());
    this.connection.start();
  }

  stop(): void {
    this.unwake();
    this.connection.stop();
    for (const conversation of this.opened.values()) conversation.dispose();
  }

  request<T>(event: string, payload: object): Promise<T> {
    return this.connection.request<T>(event, payload);
  }

  /** A fresh id, for idempotency keys. */
  newId(): string {
    return uuid();
  }

  // --- conversations ---

  /** Opens it, or returns it when it is open. It stays current until `leave`. */
  openConversation(id: string): OpenConversation {
    return this.open(id, "conversation.open");
  }

  /** Follows a live room, as `openConversation` does a member's; `viewers` of it says how many others do. */
  joinLive(id: string): OpenConversation {
    return this.open(id, "live.join");
  }

  leaveLive(id: string): void {
    this.leave(id, "live.leave");
  }

  /**
   * Writes in a live room. It is not kept when it fails: in slow mode the error says how long to wait (`retryAfterMs`).
   * Repeat it with the same id when the answer was lost.
   */
  sendLive(id: string, body: string, clientMessageId: string = uuid()): Promise<Message> {
    return this.command("live.send", { conversation_id: id, client_message_id: clientMessageId, body });
  }

  conversation(id: string): OpenConversation | undefined {
    return this.opened.get(id);
  }

  leave(id: string, event: "conversation.leave" | "live.leave" = "conversation.leave"): void {
    const conversation = this.opened.get(id);
    if (!conversation) return;
    conversation.dispose();
    this.opened.delete(id);
    this.request(event, { conversation_id: id }).catch(() => undefined);
  }

  timeline(id: string): TimelineItem[] {
    const conversation = this.opened.get(id);
    return conversation ? timeline(conversation, this.outbox, this.userId) : [];
  }

  /** What this device shows now; null when it is hidden. The server holds notifications back accordingly. */
  setFocus(id: string | null): void {
    if (id === this.focus) return;
    this.focus = id;
    this.sendFocus();
  }

  // --- messages ---

  send(conversationId: string, body: string, replyToSeq?: number): OutboxItem {
    this.typing.stop();
    return this.outbox.add(conversationId, body, replyToSeq);
  }

  edit(conversationId: string, seq: number, body: string): Promise<Message> {
    return this.command("message.edit", { conversation_id: conversationId, seq, body });
  }

  remove(conversationId: string, seq: number): Promise<Message> {
    return this.command("message.delete", { conversation_id: conversationId, seq });
  }

  react(conversationId: string, seq: number, emoji: string, action: "add" | "remove"): Promise<Message> {
    return this.command("message.react", { conversation_id: conversationId, seq, emoji, action });
  }

  /** Pays for a paid message. The same key never pays twice; the unlocked body arrives as a change. */
  async unlock(messageId: string, idempotencyKey: string = uuid()): Promise<Payment> {
    const payload = { message_id: messageId, idempotency_key: idempotencyKey };
    return (await this.request<{ payment: Payment }>("ppv.unlock", payload)).payment;
  }

  markRead(conversationId: string, seq: number): void {
    if (!this.opened.get(conversationId)?.live) this.receipts.read(conversationId, seq);
  }

  /** The first page anew. Marks are not in the change log, so after an absence the list brings the members' present ones. */
  async refreshInbox(): Promise<void> {
    try {
      for (const conversation of await this.inbox.load()) this.noteListed(conversation);
    } catch {
      // The next reconnect or badge update loads it again.
    }
  }

  // --- inner workings ---

  private open(id: string, event: JoinEvent): OpenConversation {
    const known = this.opened.get(id);
    if (known && known.left !== null) known.rejoin();
    if (known) return known;
    const made = new OpenConversation(id, this.connection, () => this.conversationChanged(id), event);
    this.opened.set(id, made);
    void made.connect();
    return made;
  }

  private onState(state: ConnectionState): void {
    if (state.status !== "online") this.typingUsers.clear();
    this.emit("connection", state);
  }

  private onReady(session: SessionReady): void {
    this.session = session;
    this.inbox.resetUnread(session.unread.conversations);
    this.notifications.ready(session.unread.notifications);
    this.outbox.load(session.user.id);
    this.emit("session", session);
    for (const conversation of this.opened.values()) void conversation.connect();
    this.outbox.flush();
    this.presence.reconnect();
    this.receipts.resend();
    this.sendFocus();
    void this.refreshInbox();
  }

  private noteListed(conversation: Conversation): void {
    const me = conversation.members.find((member) => member.user_id === this.userId);
    if (me) this.receipts.known(conversation.id, me.delivered_seq, me.read_seq);
    if (conversation.last_message) this.incoming.noteArrival(conversation.last_message);
    const opened = this.opened.get(conversation.id);
    if (!opened) return;
    opened.log.mergeMembers(conversation.members);
    opened.reveal(conversation.head.rev);
    this.emit("conversation", conversation.id);
  }

  private conversationChanged(id: string): void {
    const log = this.opened.get(id)?.log;
    const last = log?.messages.findLast((message) => message.sender_id !== this.userId);
    const me = log?.members.get(this.userId);
    if (me) this.receipts.known(id, me.delivered_seq, me.read_seq);
    if (last) this.incoming.noteArrival(last);
    this.emit("conversation", id);
  }

  private receiptAcknowledged(id: string, ack: ReceiptAck): void {
    this.inbox.setUnread(id, ack.unread);
    this.opened.get(id)?.log.applyReceipt({ conversation_id: id, user_id: this.userId, ...ack });
    this.emit("conversation", id);
  }

  private async command(event: string, payload: object): Promise<Message> {
    const { message } = await this.request<{ message: Message }>(event, payload);
    this.incoming.change(asChange(message));
    return message;
  }

  private positions(): Record<string, number> {
    const loaded = [...this.opened.values()].filter((conversation) => conversation.log.loaded && conversation.left === null);
    return Object.fromEntries(loaded.map((conversation) => [conversation.id, conversation.log.rev]));
  }

  private sendFocus(): void {
    this.request("focus.set", { conversation_id: this.focus }).catch(() => undefined);
  }
}
