/** Waiting times between attempts: doubling, capped, and jittered so that clients do not return in step. */

export interface BackoffOptions {
  baseMs: number;
  capMs: number;
}

/** The wait before attempt `attempt` (0 = first retry), between 50 % and 100 % of the doubled base. */
export function backoff(attempt: number, { baseMs, capMs }: BackoffOptions, random = Math.random): number {
  const full = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 16));
  return Math.round(full * (0.5 + random() / 2));
}
