/** Requests waiting for their ack. Each belongs to one connection; losing that connection answers them all. */

import { HubError, unanswered } from "./errors";
import type { Ack } from "./types";

export const ACK_TIMEOUT_MS = 10_000;

export class PendingRequests {
  private readonly pending = new Set<(error: HubError) => void>();

  /** `write` puts the request on the wire and calls back with the ack. */
  track<T>(write: (ack: (answer: Ack<T>) => void) => void, timeoutMs = ACK_TIMEOUT_MS): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const fail = (error: HubError): void => {
        if (!this.pending.delete(fail)) return;
        clearTimeout(timer);
        reject(error);
      };
      const timer = setTimeout(() => fail(unanswered("request.timeout")), timeoutMs);
      this.pending.add(fail);
      write((answer) => {
        if (!answer?.success) return fail(HubError.from(answer?.error));
        if (!this.pending.delete(fail)) return; // too late, or a duplicate ack
        clearTimeout(timer);
        resolve(answer.data);
      });
    });
  }

  /** The connection they were written on is gone, so their answers can no longer come. */
  abandon(): void {
    for (const fail of [...this.pending]) fail(unanswered("connection.lost"));
  }
}
