/** What can be done with a message; one object, so rows do not redraw when handlers are made anew. */

import type { Message } from "../../sdk";

export interface MessageActions {
  /** Makes this row the active one: its buttons show. */
  choose(key: string | null): void;
  reply(message: Message): void;
  edit(message: Message): void;
  remove(message: Message): void;
  /** Adds the reaction, or takes an own one back. */
  react(message: Message, emoji: string): void;
  retry(clientMessageId: string): void;
  discard(clientMessageId: string): void;
  jump(seq: number): void;
}

export const isLive = (message: Message): boolean => message.body_state !== "deleted" && message.body_state !== "blocked";

export const isEditable = (message: Message): boolean =>
  message.kind === "text" && (message.body_state === "clear" || message.body_state === "redacted" || message.body_state === "held");
