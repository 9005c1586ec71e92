/** What conversations, people and messages are called on screen. */

import type { Conversation, Member, Message } from "../../sdk";
import type { I18n } from "../i18n";

type Named = Pick<Conversation, "title" | "order_id"> & { kind?: string; members?: Member[] };

export const others = (members: Member[], ownId: string): Member[] =>
  members.filter((member) => member.user_id !== ownId && member.role !== "observer");

/** The one person on the other side, when there is exactly one. */
export function partner(members: Member[], ownId: string): Member | undefined {
  const rest = others(members, ownId);
  return rest.length === 1 ? rest[0] : undefined;
}

/** Rooms that anybody may follow; they have viewers instead of a partner. */
export const isRoom = (conversation: { kind?: string }): boolean => conversation.kind === "live" || conversation.kind === "announcement";

/** People recognise people: in a talk between two, the other's name, else the title. */
export function conversationName(conversation: Named, ownId: string, app: Pick<I18n, "t">): string {
  const members = conversation.members ?? [];
  if (conversation.title && isRoom(conversation)) return conversation.title;
  const only = partner(members, ownId);
  if (only?.display_name) return only.display_name;
  if (conversation.title) return conversation.title;
  const names = others(members, ownId).map((member) => member.display_name ?? member.user_id);
  return names.join(", ") || app.t("message.someone");
}

/** The line under the name: the order's title or number. */
export function conversationTopic(conversation: Named, ownId: string, app: Pick<I18n, "t">): string {
  if (conversation.title && conversation.title !== conversationName(conversation, ownId, app)) return conversation.title;
  return conversation.order_id ? app.t("kind.order", { id: shortId(conversation.order_id) }) : "";
}

/** A shop's own order number as it is; of a long generated id its end, which is the part that differs. */
const shortId = (id: string): string => (id.length <= 14 ? id : id.slice(-6).toUpperCase());

export function senderName(senderId: string, members: Map<string, Member>, ownId: string, app: Pick<I18n, "t">): string {
  if (senderId === ownId) return app.t("message.you");
  return members.get(senderId)?.display_name ?? app.t("message.someone");
}

/** One line that stands for a message: in the list, in a quote, in an announcement. */
export function preview(message: Message, app: Pick<I18n, "t">): string {
  if (message.body_state === "deleted") return app.t("message.deleted");
  if (message.body_state === "blocked") return app.t("message.blocked");
  if (message.body_state === "held" && !message.body) return app.t("message.held");
  if (message.body) return message.body;
  if (message.kind === "ppv") return app.t("kind.ppv");
  if (message.kind === "image") return app.t("kind.image");
  if (message.kind === "voice") return app.t("kind.voice");
  return app.t("kind.attachment");
}

export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toLocaleUpperCase();
}

/** A steady hue for a person, 0-359. */
export function hue(id: string): number {
  // FNV-1a: ids that differ in one letter get colours far apart.
  let hash = 0x811c9dc5;
  for (const character of id) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 8) % 360;
}
