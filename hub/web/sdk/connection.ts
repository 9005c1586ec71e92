/** One session with the server: connects, stays connected, and says honestly which of the two it is doing. */

import { backoff } from "./backoff";
import { afterLoss, afterRefusal, type Verdict } from "./closing";
import { Emitter } from "./emitter";
import { HubError, offline } from "./errors";
import { PendingRequests } from "./requests";
import type { SocketFactory, SocketLike } from "./socket";
import type { TokenKeeper } from "./token";
import type { Ack, ErrorBody, SessionClosing, SessionReady } from "./types";

export type ConnectionStatus = "connecting" | "online" | "reconnecting" | "offline" | "stopped";

export interface ConnectionState {
  status: ConnectionStatus;
  /** Why it stopped: a code such as `banned`, `replaced`, `auth.invalid`. */
  reason?: string;
  error?: HubError;
}

export interface ConnectionEvents {
  state: ConnectionState;
  ready: SessionReady;
  event: { name: string; payload: unknown };
}

export interface ConnectionOptions {
  createSocket: SocketFactory;
  tokens: TokenKeeper;
  /** Positions of the opened conversations, read anew for every CONNECT. */
  resume: () => Record<string, number>;
  deviceId: string;
}

const RECONNECT = { baseMs: 400, capMs: 15_000 };
/** From starting to connect until session.ready; after that the attempt is given up. */
const READY_TIMEOUT_MS = 15_000;
/** After announcing a close the server closes within this; if it does not, the client does. */
const CLOSE_TIMEOUT_MS = 2_000;
/** An answer to the liveness probe after sleep must come within this. */
const PROBE_TIMEOUT_MS = 5_000;

const networkDown = (): boolean => typeof navigator !== "undefined" && navigator.onLine === false;

export class Connection extends Emitter<ConnectionEvents> {
  state: ConnectionState = { status: "connecting" };
  /** Counts connections; what was asked under an older number is stale. */
  epoch = 0;

  private socket: SocketLike | null = null;
  private readonly requests = new PendingRequests();
  private attempt = 0;
  private lostEpoch = -1;
  private closing: SessionClosing | null = null;
  private drainUntil: number | null = null;
  private wasOnline = false;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private readyTimer: ReturnType<typeof setTimeout> | undefined;
  private leaveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: ConnectionOptions) {
    super();
  }

  get online(): boolean {
    return this.state.status === "online";
  }

  start(): void {
    if (this.socket) return;
    const socket = this.options.createSocket((send) => void this.authenticate(send));
    this.socket = socket;
    socket.on("connect_error", (error: Error & { data?: ErrorBody }) => this.refused(error));
    socket.on("disconnect", () => this.lost());
    socket.onAny((name, payload) => this.receive(name, payload));
    this.open();
  }

  stop(reason = "client"): void {
    this.halt(reason);
  }

  /** The network or the page is back: do not sit out the backoff, and do not trust an old socket blindly. */
  wake(): void {
    if (this.state.status === "stopped" || !this.socket) return;
    if (this.online) {
      const { epoch } = this;
      this.request("time.get", {}, PROBE_TIMEOUT_MS).catch((error: HubError) => {
        if (error.code === "request.timeout" && epoch === this.epoch) this.drop();
      });
    } else if (this.retryTimer !== undefined) {
      this.attempt = 0;
      this.open();
    }
  }

  request<T>(event: string, payload: object, timeoutMs?: number): Promise<T> {
    const { socket } = this;
    if (!socket || !this.online) return Promise.reject(offline());
    return this.requests.track<T>((ack) => socket.emit(event, payload, (answer: Ack<T>) => ack(answer)), timeoutMs);
  }

  private open(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.readyTimer);
    this.retryTimer = undefined;
    this.epoch += 1;
    this.closing = null;
    this.drainUntil = null;
    const retrying = this.wasOnline || this.attempt > 0;
    this.setState({ status: networkDown() ? "offline" : retrying ? "reconnecting" : "connecting" });
    this.readyTimer = setTimeout(() => this.drop(), READY_TIMEOUT_MS);
    this.socket?.connect();
  }

  private async authenticate(send: (auth: object) => void): Promise<void> {
    const { epoch } = this;
    try {
      const token = await this.options.tokens.forConnect();
      if (epoch !== this.epoch || this.state.status === "stopped") return;
      if (token === null) return this.halt("auth.expired");
      send({ token, device_id: this.options.deviceId, resume: this.options.resume() });
    } catch {
      if (epoch === this.epoch) this.drop(); // the application could not fetch a token now: try again later
    }
  }

  private receive(name: string, payload: unknown): void {
    if (name === "session.ready") this.ready(payload as SessionReady);
    else if (name === "session.expired") this.announced({ reason: "token_expired", reconnect: true });
    else if (name === "session.closing") this.announced(payload as SessionClosing);
    else if (name === "session.draining") this.drain((payload as { reconnect_in_ms: number }).reconnect_in_ms);
    else this.emit("event", { name, payload });
  }

  private ready(session: SessionReady): void {
    clearTimeout(this.readyTimer);
    this.attempt = 0;
    this.wasOnline = true;
    const skew = Date.parse(session.server_time) - Date.now();
    const extend = (token: string) => this.request("session.refresh", { token });
    this.options.tokens.schedule(extend, Number.isFinite(skew) ? skew : 0);
    this.setState({ status: "online" });
    this.emit("ready", session);
  }

  /** The server is about to close; the reason decides what follows. */
  private announced(closing: SessionClosing): void {
    this.closing = closing;
    this.leaveIn(CLOSE_TIMEOUT_MS);
  }

  /** The server is going away; move at the moment it gave this client, so that not all arrive at once. */
  private drain(inMs: number): void {
    this.drainUntil = Date.now() + inMs;
    this.leaveIn(inMs);
  }

  private leaveIn(ms: number): void {
    const { epoch } = this;
    clearTimeout(this.leaveTimer);
    this.leaveTimer = setTimeout(() => {
      if (epoch === this.epoch) this.drop();
    }, ms);
  }

  private refused(error: Error & { data?: ErrorBody }): void {
    const known = error.data?.code ? HubError.from(error.data) : null;
    this.lose(afterRefusal(known), known ?? undefined);
  }

  private lost(): void {
    const drainMs = this.drainUntil === null ? null : Math.max(0, this.drainUntil - Date.now());
    this.lose(afterLoss(this.closing, drainMs));
  }

  /** Give this connection up and treat it as lost. */
  private drop(): void {
    this.socket?.disconnect();
    this.lost();
  }

  private lose(verdict: Verdict, error?: HubError): void {
    if (this.lostEpoch === this.epoch || this.state.status === "stopped") return;
    this.lostEpoch = this.epoch;
    clearTimeout(this.readyTimer);
    clearTimeout(this.leaveTimer);
    this.options.tokens.cancel();
    if (verdict.next === "stop") return this.halt(verdict.reason, error);
    if (verdict.next === "new_token") this.options.tokens.markExpired();
    const first = this.attempt === 0 && verdict.next === "new_token";
    this.retryIn(first ? 0 : (verdict.next === "retry" && verdict.afterMs) || backoff(this.attempt, RECONNECT));
    // After the retry is planned: whoever reacts to the failures sees a connection that is not online.
    this.requests.abandon();
  }

  private retryIn(waitMs: number): void {
    this.attempt += 1;
    this.setState({ status: networkDown() ? "offline" : "reconnecting" });
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.open(), waitMs);
  }

  private halt(reason: string, error?: HubError): void {
    for (const timer of [this.retryTimer, this.readyTimer, this.leaveTimer]) clearTimeout(timer);
    this.retryTimer = undefined;
    this.options.tokens.cancel();
    this.setState({ status: "stopped", reason, error });
    this.socket?.disconnect();
    this.requests.abandon();
  }

  private setState(state: ConnectionState): void {
    if (state.status === this.state.status && state.reason === this.state.reason) return;
    this.state = state;
    this.emit("state", state);
  }
}
