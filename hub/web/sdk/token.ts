/** Keeps the bearer token: asks for it when needed, and again shortly before it expires. */

export type TokenReason = "connect" | "refresh" | "expired";
export type GetToken = (reason: TokenReason) => string | null | Promise<string | null>;

/** Refresh this long before `exp`; a clock that is wrong by less than this does no harm. */
const EARLY_MS = 60_000;
/** setTimeout overflows above 2^31-1 ms. */
const LONGEST_TIMER_MS = 2_000_000_000;

/** Expiry of a JWT in ms since the epoch, or null when it has none or is not a JWT. The signature is the server's concern. */
export function expiryOf(token: string): number | null {
  try {
    const payload = token.split(".")[1] ?? "";
    const json = atob(payload.replace(/-/g, "+").replace(/_/g, "/"));
    const exp = (JSON.parse(json) as { exp?: unknown }).exp;
    return typeof exp === "number" ? exp * 1000 : null;
  } catch {
    return null;
  }
}

export class TokenKeeper {
  private token: string | null = null;
  private stale = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly getToken: GetToken,
    private readonly now: () => number = Date.now,
  ) {}

  /** The token for CONNECT; null when the application has none (any more). */
  async forConnect(): Promise<string | null> {
    if (this.token && !this.stale) return this.token;
    const fresh = await this.getToken(this.stale ? "expired" : "connect");
    // The same token again would be refused again: that is "no token".
    if (this.stale && fresh === this.token) return null;
    this.stale = false;
    this.token = fresh;
    return fresh;
  }

  markExpired(): void {
    this.stale = true;
  }

  /** Calls `extend` with a new token before the present one runs out. `skewMs` = server clock − own clock. */
  schedule(extend: (token: string) => Promise<unknown>, skewMs = 0): void {
    this.cancel();
    const expiry = this.token ? expiryOf(this.token) : null;
    if (expiry === null) return;
    const wait = Math.max(1_000, expiry - skewMs - this.now() - EARLY_MS);
    if (wait > LONGEST_TIMER_MS) return;
    this.timer = setTimeout(() => void this.renew(extend, skewMs), wait);
  }

  cancel(): void {
    clearTimeout(this.timer);
  }

  private async renew(extend: (token: string) => Promise<unknown>, skewMs: number): Promise<void> {
    try {
      const fresh = await this.getToken("refresh");
      if (!fresh || fresh === this.token) return; // session.expired will follow and ask again
      await extend(fresh);
      this.token = fresh;
      this.schedule(extend, skewMs);
    } catch {
      // session.expired will follow; the reconnect asks for a token once more.
    }
  }
}
