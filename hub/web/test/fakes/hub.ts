/** A hub in memory that keeps the contract's promises: numbering, idempotent sends, sync pages, resets, receipts. */

import type { Ack, Change, Conversation, Member, Message, Notification, NotificationFilter, ReceiptAck, Snapshot, SyncResult } from "../../sdk/types";
import { FakeNotices } from "./notices";

/** What requests may carry; the SDK is trusted to send what an event needs. */
interface Payload {
  conversation_id: string;
  seq: number;
  before_seq: number;
  limit: number;
  body: string;
  emoji: string;
  action: string;
  cursors: Array<{ conversation_id: string; rev: number }>;
  user_ids: string[];
  filter: NotificationFilter;
  cursor: string;
  notification_id: string;
  until: string;
}

type Handler = (session: Session, payload: Payload, room: Room) => Ack<unknown>;
type Deliver = (event: string, payload: unknown) => void;

export interface Session {
  userId: string;
  deliver: Deliver;
  rooms: Set<string>;
}

interface Room {
  id: string;
  kind: string;
  title: string;
  state: "open" | "closed";
  reason: string | null;
  members: Member[];
  messages: Message[];
  log: Array<{ rev: number; type: string; seq?: number }>;
}

export interface Refusal {
  code: string;
  retryable?: boolean;
  retry_after_ms?: number;
}

export class FakeHub {
  readonly rooms = new Map<string, Room>();
  readonly sessions = new Set<Session>();
  readonly calls: Array<{ userId: string; event: string; payload: Record<string, unknown> }> = [];
  readonly notices = new FakeNotices();
  readonly names = new Map<string, string>();
  /** A sync further behind than this is answered by a reset. */
  resetAfter = 500;
  syncPage = 100;
  openPage = 50;
  /** Answers the next matching requests with an error: asked before anything is carried out. */
  refuse: (event: string, payload: Record<string, unknown>) => Refusal | null = () => null;
  private ids = 0;
  private clock = Date.parse("2026-01-05T10:00:00.000Z");

  addRoom(id: string, members: string[], title = id, kind = "order"): Room {
    const room: Room = {
      id,
      kind,
      title,
      state: "open",
      reason: null,
      members: members.map((user_id) => ({ user_id, role: user_id, display_name: this.names.get(user_id) ?? user_id, delivered_seq: 0, read_seq: 0 })),
      messages: [],
      log: [],
    };
    this.rooms.set(id, room);
    return room;
  }

  connect(userId: string, deliver: Deliver, resume: Record<string, number> = {}): Session {
    const session: Session = { userId, deliver, rooms: new Set() };
    this.sessions.add(session);
    const mine = [...this.rooms.values()].filter((room) => this.isMember(room, userId));
    const conversations = Object.fromEntries(mine.map((room) => [room.id, this.unread(room, userId)]));
    deliver("session.ready", {
      user: { id: userId, display_name: this.names.get(userId) ?? userId, locale: null, roles: [userId] },
      server_time: new Date().toISOString(),
      session_id: `s${(this.ids += 1)}`,
      limits: { body_bytes: 8192 },
      unread: { total: Object.values(conversations).reduce((a, b) => a + b, 0), conversations, notifications: this.notices.unseen(userId) },
    });
    for (const [id, rev] of Object.entries(resume)) this.resume(session, id, rev);
    return session;
  }

  disconnect(session: Session): void {
    this.sessions.delete(session);
  }

  handle(session: Session, event: string, payload: Record<string, unknown>): Ack<unknown> {
    this.calls.push({ userId: session.userId, event, payload });
    const refusal = this.refuse(event, payload);
    if (refusal) return failure(refusal);
    const handler = this.handlers[event];
    if (!handler) return failure({ code: "request.invalid" });
    const room = this.rooms.get(String(payload.conversation_id));
    if (payload.conversation_id && event !== "focus.set" && !room) return failure({ code: "conversation.not_found" });
    return handler(session, payload as unknown as Payload, room as Room);
  }

  /** A message written by somebody, as if it had come over the wire. */
  write(userId: string, roomId: string, body: string, clientMessageId = `c${(this.ids += 1)}`): Message {
    const answer = this.send(userId, this.room(roomId), { body, client_message_id: clientMessageId });
    if (!answer.success) throw new Error(answer.error.code);
    return (answer.data as { message: Message }).message;
  }

  change(roomId: string, seq: number, edit: Partial<Message>, type = "message.updated"): void {
    const room = this.room(roomId);
    const message = room.messages[seq - 1];
    if (!message) throw new Error("no such message");
    const rev = room.log.length + 1;
    Object.assign(message, edit, { rev });
    room.log.push({ rev, type, seq });
    this.broadcast(room, type, { conversation_id: roomId, rev, message: { ...message } });
  }

  close(roomId: string, reason = "closed"): void {
    const room = this.room(roomId);
    Object.assign(room, { state: "closed", reason });
    const rev = room.log.length + 1;
    room.log.push({ rev, type: "conversation.updated" });
    this.broadcast(room, "conversation.updated", { conversation_id: roomId, rev, conversation: this.conversation(room, "") });
  }

  room(id: string): Room {
    const room = this.rooms.get(id);
    if (!room) throw new Error(`no room ${id}`);
    return room;
  }

  private readonly handlers: Record<string, Handler> = {
    "time.get": () => ok({ server_time: new Date().toISOString() }),
    "session.refresh": () => ok({}),
    "conversation.list": (session) => ok({ conversations: this.list(session.userId), next: null }),
    "conversation.open": (session, _, room) => {
      session.rooms.add(room.id);
      return ok(this.snapshot(room, session.userId));
    },
    "conversation.leave": (session, _, room) => {
      session.rooms.delete(room.id);
      return ok({});
    },
    "live.join": (session, _, room) => {
      session.rooms.add(room.id);
      return ok({ ...this.snapshot(room, session.userId), viewers: this.viewers(room), slow_mode_seconds: 0 });
    },
    "live.leave": (session, _, room) => {
      session.rooms.delete(room.id);
      return ok({});
    },
    "live.send": (session, payload, room) => this.send(session.userId, room, { ...payload }),
    "conversation.history": (_, payload, room) => ok(this.history(room, payload.before_seq, payload.limit)),
    "conversation.sync": (session, payload) => {
      return ok({ results: payload.cursors.map((cursor) => this.sync(this.room(cursor.conversation_id), cursor.rev, session.userId)) });
    },
    "message.send": (session, payload, room) => this.send(session.userId, room, { ...payload }),
    "message.edit": (_, payload, room) => {
      this.change(room.id, payload.seq, { body: payload.body, edited_at: this.tick() });
      return ok({ message: { ...room.messages[payload.seq - 1] } });
    },
    "message.delete": (_, payload, room) => {
      const gone = { body: null, body_state: "deleted" as const, deleted_at: this.tick() };
      this.change(room.id, payload.seq, gone, "message.deleted");
      return ok({ message: { ...room.messages[payload.seq - 1] } });
    },
    "message.react": (session, payload, room) => {
      const reactions = { ...room.messages[payload.seq - 1]?.reactions };
      const users = (reactions[payload.emoji] ?? []).filter((user) => user !== session.userId);
      reactions[payload.emoji] = payload.action === "add" ? [...users, session.userId] : users;
      this.change(room.id, payload.seq, { reactions });
      return ok({ message: { ...room.messages[payload.seq - 1] } });
    },
    "message.delivered": (session, payload, room) => this.mark(session.userId, room, payload.seq, 0),
    "message.read": (session, payload, room) => this.mark(session.userId, room, payload.seq, payload.seq),
    "typing.start": (session, _, room) => this.typing(session, room, "start"),
    "typing.stop": (session, _, room) => this.typing(session, room, "stop"),
    "presence.subscribe": (_, payload) => {
      const online = (id: string): boolean => [...this.sessions].some((session) => session.userId === id);
      return ok({ users: payload.user_ids.map((user_id) => ({ user_id, status: online(user_id) ? "online" : "offline", last_seen: null })) });
    },
    "presence.unsubscribe": () => ok({ users: [] }),
    "focus.set": () => ok({}),
    "notification.list": (session, payload) => ok(this.notices.page(session.userId, payload)),
    "notification.seen": (session) => this.noted(session, { seen_at: this.tick() }),
    "notification.read": (session, { notification_id }) => this.noted(session, { read_at: this.tick() }, notification_id),
    "notification.archive": (session, { notification_id }) => this.noted(session, { archived_at: this.tick() }, notification_id),
    "notification.snooze": (session, { notification_id, until }) =>
      this.noted(session, { snoozed_until: until, seen_at: null }, notification_id),
  };

  private resume(session: Session, id: string, rev: number): void {
    const room = this.rooms.get(id);
    if (!room) return;
    session.rooms.add(id);
    const result = this.sync(room, rev, session.userId, Infinity);
    if (result.reset) return session.deliver("conversation.resync", { conversation_id: id });
    for (const { type, ...change } of result.changes) session.deliver(type, change);
  }

  private send(userId: string, room: Room, payload: Record<string, unknown>): Ack<unknown> {
    const id = String(payload.client_message_id);
    const known = room.messages.find((message) => message.sender_id === userId && message.client_message_id === id);
    if (known) return ok({ message: { ...known }, deduplicated: true });
    if (room.state === "closed") return failure({ code: "conversation.closed" });
    const rev = room.log.length + 1;
    const message: Message = {
      id: `m${(this.ids += 1)}`,
      conversation_id: room.id,
      seq: room.messages.length + 1,
      rev,
      client_message_id: id,
      sender_id: userId,
      kind: "text",
      body: String(payload.body),
      body_state: "clear",
      reply_to_seq: (payload.reply_to_seq as number) ?? null,
      reactions: {},
      created_at: this.tick(),
    };
    room.messages.push(message);
    room.log.push({ rev, type: "message.new", seq: message.seq });
    this.mark(userId, room, message.seq, message.seq);
    this.broadcast(room, "message.new", { conversation_id: room.id, rev, message: { ...message } });
    for (const session of this.sessions) {
      if (session.userId !== userId && this.isMember(room, session.userId)) this.badge(session, room, rev, message);
    }
    return ok({ message: { ...message }, deduplicated: false });
  }

  private badge(session: Session, room: Room, rev: number, message: Message): void {
    const unread = this.unread(room, session.userId);
    session.deliver("conversation.updated", { conversation_id: room.id, rev, unread, last_message: { ...message } });
  }

  private mark(userId: string, room: Room, delivered: number, read: number): Ack<ReceiptAck> {
    const member = room.members.find((one) => one.user_id === userId);
    if (!member) return failure({ code: "conversation.not_found" }) as never;
    member.delivered_seq = Math.max(member.delivered_seq, delivered);
    member.read_seq = Math.max(member.read_seq, read);
    const { delivered_seq, read_seq } = member;
    this.broadcast(room, "receipt.updated", { conversation_id: room.id, user_id: userId, delivered_seq, read_seq });
    return ok({ delivered_seq, read_seq, unread: this.unread(room, userId) }) as Ack<ReceiptAck>;
  }

  private typing(from: Session, room: Room, state: string): Ack<unknown> {
    for (const session of this.sessions) {
      if (session !== from && session.rooms.has(room.id)) session.deliver("typing", { conversation_id: room.id, user_id: from.userId, state });
    }
    return ok({});
  }

  private sync(room: Room, rev: number, userId: string, page = this.syncPage): SyncResult {
    const head = this.head(room);
    const missed = room.log.filter((entry) => entry.rev > rev);
    if (missed.length > this.resetAfter || rev > head.rev) {
      return { conversation_id: room.id, reset: true, changes: [], head, more: false, snapshot: this.snapshot(room, userId) };
    }
    const changes = missed.slice(0, page).map((entry): Change => {
      const message = entry.seq ? room.messages[entry.seq - 1] : undefined;
      const base = { type: entry.type, conversation_id: room.id, rev: entry.rev };
      return message ? { ...base, message: { ...message } } : { ...base, conversation: this.conversation(room, userId) };
    });
    return { conversation_id: room.id, reset: false, changes, head, more: missed.length > changes.length };
  }

  private snapshot(room: Room, userId: string): Snapshot {
    return {
      conversation: this.conversation(room, userId),
      members: room.members.map((member) => ({ ...member })),
      head: this.head(room),
      messages: room.messages.slice(-this.openPage).map((message) => ({ ...message })),
      can_send: room.state === "open",
      reason: room.reason,
    };
  }

  private history(room: Room, before = Infinity, limit = 50): { messages: Message[]; more: boolean } {
    const older = room.messages.filter((message) => message.seq < before);
    return { messages: older.slice(-limit).map((message) => ({ ...message })), more: older.length > limit };
  }

  private list(userId: string): Conversation[] {
    return [...this.rooms.values()].filter((room) => this.isMember(room, userId)).map((room) => this.conversation(room, userId));
  }

  private conversation(room: Room, userId: string): Conversation {
    const last = room.messages.at(-1);
    const at = last?.created_at ?? "2026-01-05T10:00:00.000Z";
    return {
      id: room.id,
      kind: room.kind,
      order_id: null,
      title: room.title,
      state: room.state,
      reason: room.reason,
      head: this.head(room),
      members: room.members.map((member) => ({ ...member })),
      unread: this.unread(room, userId),
      last_message: last ? { ...last } : null,
      created_at: at,
      updated_at: at,
    };
  }

  private head(room: Room): { seq: number; rev: number } {
    return { seq: room.messages.length, rev: room.log.length };
  }

  private unread(room: Room, userId: string): number {
    const read = room.members.find((member) => member.user_id === userId)?.read_seq ?? 0;
    return room.messages.filter((message) => message.seq > read && message.sender_id !== userId).length;
  }

  private isMember(room: Room, userId: string): boolean {
    return room.members.some((member) => member.user_id === userId);
  }

  /** Tells a person something, on all their devices. */
  notify(userId: string, change: Partial<Notification> = {}): Notification {
    const notification = this.notices.add(userId, change);
    this.tell(userId, "notification.new", { notification, unseen: this.notices.unseen(userId) });
    return notification;
  }

  private noted(session: Session, change: Partial<Notification>, id?: string): Ack<unknown> {
    const counted = this.notices.mark(session.userId, change, id);
    this.tell(session.userId, "notification.updated", { notification_ids: id ? [id] : undefined, ...counted });
    return ok(counted);
  }

  private tell(userId: string, event: string, payload: object): void {
    for (const session of this.sessions) if (session.userId === userId) session.deliver(event, payload);
  }

  /** As an operator does it. */
  empty(roomId: string, reason: string): void {
    this.broadcast(this.room(roomId), "conversation.left", { conversation_id: roomId, reason });
    for (const session of this.sessions) session.rooms.delete(roomId);
  }

  private viewers(room: Room): number {
    return [...this.sessions].filter((session) => session.rooms.has(room.id)).length;
  }

  private broadcast(room: Room, event: string, payload: object): void {
    for (const session of this.sessions) if (session.rooms.has(room.id)) session.deliver(event, payload);
  }

  private tick(): string {
    return new Date((this.clock += 1_000)).toISOString();
  }
}

const ok = (data: unknown): Ack<unknown> => ({ success: true, data });

const failure = (refusal: Refusal): Ack<unknown> => ({
  success: false,
  error: { message: refusal.code, localized_message: { en: `en:${refusal.code}`, fr: `fr:${refusal.code}` }, ...refusal },
});
