/** Where a notification leads: to a conversation of this page, or to another address. */

import type { Notification } from "../../sdk/types";
import { asUrl } from "../text/address";

export type Destination = { conversation: string } | { address: string } | null;

type Linked = Pick<Notification, "url" | "conversation_id">;

/** `origin` is the page's own, where conversations open in place. Only http(s) addresses are followed. */
export function destination(entry: Linked, origin: string): Destination {
  const url = asUrl(entry.url, origin);
  const usable = entry.url !== "" && url !== null && (url.protocol === "https:" || url.protocol === "http:");
  const linked = usable && url.pathname === "/" ? url.searchParams.get("conversation") : null;
  if (linked && (url?.origin === origin || linked === entry.conversation_id)) return { conversation: linked };
  if (usable && !(url.origin === origin && url.pathname === "/")) return { address: url.href };
  return entry.conversation_id ? { conversation: entry.conversation_id } : null;
}
