/** What the server says, and which part of the client hears it. */

import type { OpenConversation } from "./conversation";
import { HubError } from "./errors";
import type { Inbox } from "./inbox";
import type { NotificationBook } from "./notifications";
import type { Outbox } from "./outbox";
import type { PresenceBook } from "./presence";
import type { ReceiptSender } from "./receipts";
import type { TypingUsers } from "./typing";
import type {
  Change,
  ConversationLeft,
  ConversationUpdated,
  ErrorBody,
  LiveViewers,
  Message,
  NotificationNew,
  NotificationsUpdated,
  Presence,
  Receipt,
  TypingEvent,
} from "./types";

export interface Parts {
  readonly userId: string;
  readonly opened: ReadonlyMap<string, OpenConversation>;
  readonly inbox: Inbox;
  readonly notifications: NotificationBook;
  readonly outbox: Outbox;
  readonly presence: PresenceBook;
  readonly receipts: ReceiptSender;
  readonly typingUsers: TypingUsers;
  refreshInbox(): Promise<void>;
  emit<K extends keyof IncomingEvents>(name: K, value: IncomingEvents[K]): void;
}

export interface IncomingEvents {
  conversation: string;
  message: Message;
  error: HubError;
  event: { name: string; payload: unknown };
}

export class Incoming {
  constructor(private readonly parts: Parts) {}

  /** One event from the wire; what the SDK does not know is handed to the application. */
  route(name: string, payload: unknown): void {
    const handler = this.handlers[name];
    if (handler) handler(payload as never);
    else this.parts.emit("event", { name, payload });
  }

  /** An entry of a change log: from an event, or told by the ack of an own request. */
  change(change: Change): void {
    const { message } = change;
    const { opened, inbox, outbox, userId } = this.parts;
    opened.get(change.conversation_id)?.receive(change);
    if (!message) return;
    if (this.listed(message.conversation_id)) inbox.noteMessage(message);
    if (message.sender_id === userId && message.client_message_id) outbox.confirm(message.client_message_id);
  }

  /** This device has it now; the sender may know. */
  noteArrival(message: Message): void {
    if (message.sender_id === this.parts.userId || this.parts.opened.get(message.conversation_id)?.live) return;
    this.parts.receipts.delivered(message.conversation_id, message.seq);
  }

  /** What a viewer follows is not in the list, and no message there means that the list is behind. */
  private listed(id: string): boolean {
    return !this.parts.opened.get(id)?.live || this.parts.inbox.get(id) !== undefined;
  }

  private readonly handlers: Record<string, (payload: never) => void> = {
    "message.new": (change: Change) => this.created(change),
    "message.updated": (change: Change) => this.change(change),
    "message.deleted": (change: Change) => this.change(change),
    "ppv.unlocked": (change: Change) => change.message && this.change(change),
    "ppv.locked": (change: Change) => change.message && this.change(change),
    "conversation.updated": (update: ConversationUpdated) => this.updated(update),
    "conversation.resync": (which: { conversation_id?: string }) => this.resync(which?.conversation_id),
    "receipt.updated": (receipt: Receipt) => this.receipt(receipt),
    "conversation.left": (which: ConversationLeft) => this.parts.opened.get(which.conversation_id)?.leave(which.reason),
    "live.viewers": (told: LiveViewers) => this.parts.opened.get(told.conversation_id)?.count(told.viewers),
    typing: (event: TypingEvent) => this.parts.typingUsers.apply(event),
    presence: (presence: Presence) => this.parts.presence.apply(presence),
    "notification.new": (told: NotificationNew) => this.parts.notifications.applyNew(told),
    "notification.updated": (told: NotificationsUpdated) => this.parts.notifications.applyUpdated(told),
    "request.error": ({ error }: { error: ErrorBody }) => this.parts.emit("error", HubError.from(error)),
  };

  private created(change: Change): void {
    const { message, conversation_id } = change;
    const before = this.parts.opened.get(conversation_id)?.log.headSeq ?? 0;
    this.change(change);
    if (!message || message.sender_id === this.parts.userId) return;
    this.parts.typingUsers.apply({ conversation_id, user_id: message.sender_id, state: "stop" });
    if (message.seq > before) this.parts.emit("message", message);
  }

  private updated(update: ConversationUpdated): void {
    const opened = this.parts.opened.get(update.conversation_id);
    // Only with `conversation` is it an entry of the log; a badge update just tells where the log stands.
    if (update.conversation) opened?.receive({ ...update, type: "conversation.updated" });
    else opened?.reveal(update.rev);
    if (this.listed(update.conversation_id)) this.parts.inbox.apply(update);
    if (update.last_message) this.noteArrival(update.last_message);
  }

  private receipt(receipt: Receipt): void {
    const { conversation_id, user_id, delivered_seq, read_seq } = receipt;
    this.parts.opened.get(conversation_id)?.log.applyReceipt(receipt);
    if (user_id === this.parts.userId) this.parts.receipts.known(conversation_id, delivered_seq, read_seq);
    this.parts.emit("conversation", conversation_id);
  }

  private resync(id?: string): void {
    for (const conversation of this.parts.opened.values()) {
      if (id === undefined || conversation.id === id) void conversation.resync();
    }
    if (id === undefined) void this.parts.refreshInbox();
  }
}

/** An ack tells of a change as the live event does, and the same rule orders it. */
export const asChange = (message: Message): Change => ({
  type: "message.updated",
  conversation_id: message.conversation_id,
  rev: message.rev,
  message,
});
