/** What a conversation shows, top to bottom: committed messages, then this device's unsent ones. */

import type { OpenConversation } from "./conversation";
import type { Outbox, OutboxItem } from "./outbox";
import { stateOf, type MessageState } from "./receipts";
import type { Message } from "./types";

export interface TimelineItem {
  /** Stable across "sending" → "sent", so a list keeps its row. */
  key: string;
  own: boolean;
  state: MessageState;
  message?: Message;
  echo?: OutboxItem;
}

export function timeline(conversation: OpenConversation, outbox: Outbox, ownId: string): TimelineItem[] {
  const known = new Set(conversation.log.messages.map((message) => message.seq));
  const held = conversation.heldMessages.filter((message) => !known.has(message.seq) && message.seq > conversation.log.headSeq);
  const messages = held.length > 0 ? [...conversation.log.messages, ...unique(held)] : conversation.log.messages;
  const committed = messages.map((message) => committedItem(message, conversation, ownId));
  const mine = new Set(messages.filter((message) => message.sender_id === ownId).map((message) => message.client_message_id));
  const echoes = outbox
    .of(conversation.id)
    .filter((item) => !mine.has(item.client_message_id))
    .map(echoItem);
  return [...committed, ...echoes];
}

function unique(held: Message[]): Message[] {
  const newest = new Map<number, Message>();
  for (const message of held) if (message.rev > (newest.get(message.seq)?.rev ?? -1)) newest.set(message.seq, message);
  return [...newest.values()].sort((a, b) => a.seq - b.seq);
}

function committedItem(message: Message, { log }: OpenConversation, ownId: string): TimelineItem {
  const own = message.sender_id === ownId && message.kind !== "system";
  const key = (own && message.client_message_id) || `seq-${message.seq}`;
  return { key, own, message, state: own ? stateOf(message.seq, ownId, log.members.values()) : "received" };
}

const echoItem = (echo: OutboxItem): TimelineItem => ({
  key: echo.client_message_id,
  own: true,
  echo,
  state: echo.state === "failed" ? "failed" : "sending",
});
