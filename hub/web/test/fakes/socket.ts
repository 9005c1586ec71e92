/** A socket that leads into a FakeHub through a Network; behaves like socket.io-client where the SDK can tell. */

import type { AuthProvider, SocketLike } from "../../sdk/socket";
import type { FakeHub, Session } from "./hub";
import { Network } from "./network";

type Listener = (...args: unknown[]) => void;
type Auth = { token: string; resume?: Record<string, number> };

export class FakeSocket implements SocketLike {
  session: Session | null = null;
  /** Every CONNECT payload, to see what was resumed. */
  readonly auths: Auth[] = [];
  /** While set, a CONNECT is refused: with an error object, or as a transport failure. */
  refusal: { code: string; retryable?: boolean } | "transport" | null = null;
  private readonly listeners = new Map<string, Listener[]>();
  private readonly any: Listener[] = [];
  private generation = 0;

  constructor(
    private readonly hub: FakeHub,
    private readonly userId: string,
    private readonly auth: AuthProvider,
    readonly network: Network = new Network(),
  ) {}

  on(event: string, listener: (...args: never[]) => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener as Listener]);
  }

  onAny(listener: (event: string, ...args: unknown[]) => void): void {
    this.any.push(listener as Listener);
  }

  connect(): void {
    const generation = (this.generation += 1);
    queueMicrotask(() => {
      if (generation !== this.generation) return;
      if (this.refusal === "transport") return this.fire("connect_error", new Error("xhr poll error"));
      this.auth((auth) => this.accept(auth as Auth, generation));
    });
  }

  disconnect(): void {
    if (this.close()) this.fire("disconnect", "io client disconnect");
  }

  /** The connection breaks, from the network's or the server's side. */
  cut(reason = "transport close"): void {
    if (this.close()) this.fire("disconnect", reason);
  }

  /** The server says something by itself. */
  say(event: string, payload: unknown): void {
    this.receive(event, payload);
  }

  emit(event: string, payload: Record<string, unknown>, ack?: Listener): void {
    const { session, generation } = this;
    if (!session) return;
    this.network.request(() => {
      if (!this.hub.sessions.has(session)) return;
      const answer = this.hub.handle(session, event, payload);
      this.network.ack(() => generation === this.generation && ack?.(answer));
    });
  }

  private accept(auth: Auth, generation: number): void {
    if (generation !== this.generation) return;
    this.auths.push(auth);
    if (this.refusal !== null && this.refusal !== "transport") {
      const { code } = this.refusal;
      return this.fire("connect_error", Object.assign(new Error(code), { data: { message: code, ...this.refusal } }));
    }
    let greeted = false;
    const deliver = (event: string, payload: unknown): void => {
      const arrive = (): void => {
        if (generation === this.generation) this.receive(event, payload);
      };
      // session.ready opens the session: without it there is none to have faults in.
      if (greeted) this.network.event(arrive);
      else queueMicrotask(arrive);
      greeted = true;
    };
    this.session = this.hub.connect(this.userId, deliver, auth.resume);
  }

  private close(): boolean {
    this.generation += 1;
    const { session } = this;
    this.session = null;
    if (session) this.hub.disconnect(session);
    return session !== null;
  }

  private receive(event: string, payload: unknown): void {
    for (const listener of this.any) listener(event, structuredClone(payload));
  }

  private fire(event: string, value: unknown): void {
    for (const listener of this.listeners.get(event) ?? []) listener(value);
  }
}
