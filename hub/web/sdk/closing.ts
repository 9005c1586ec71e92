/** What a lost connection means for the client: try again and when, get a new token, or stop for good. */

import type { HubError } from "./errors";
import type { SessionClosing } from "./types";

export type Verdict =
  | { next: "retry"; afterMs: number | null }
  | { next: "new_token" }
  | { next: "stop"; reason: string };

/** A refusal of the CONNECT packet. Without an error object it was the transport that failed. */
export function afterRefusal(error: HubError | null): Verdict {
  if (!error) return { next: "retry", afterMs: null };
  if (error.code === "auth.expired") return { next: "new_token" };
  if (error.retryable) return { next: "retry", afterMs: error.retryAfterMs };
  return { next: "stop", reason: error.code };
}

/** A connection that was up and is gone; `closing` is the server's word about it, when it gave one. */
export function afterLoss(closing: SessionClosing | null, drainMs: number | null): Verdict {
  if (closing?.reason === "token_expired" || closing?.reason === "auth.expired") return { next: "new_token" };
  if (closing && !closing.reconnect) return { next: "stop", reason: closing.reason };
  return { next: "retry", afterMs: drainMs };
}
