/** The part of a Socket.IO client socket that the SDK uses, and how the real one is made. */

import { io } from "socket.io-client";

export interface SocketLike {
  on(event: string, listener: (...args: never[]) => void): unknown;
  onAny(listener: (event: string, ...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  connect(): unknown;
  disconnect(): unknown;
}

/** Called for every CONNECT, so the token and the resume positions are always of this moment. */
export type AuthProvider = (send: (auth: object) => void) => void;
export type SocketFactory = (auth: AuthProvider) => SocketLike;

const WEBSOCKET_FIRST = ["websocket", "polling"];
/** Upgrades to WebSocket once connected, where that is possible. */
const POLLING_FIRST = ["polling", "websocket"];

export const socketIo =
  (url?: string): SocketFactory =>
  (auth) => {
    const socket = io(url ?? "/", {
      auth,
      autoConnect: false,
      // Reconnecting is our own loop: the built-in one gives up on server-side closes and refusals.
      reconnection: false,
      transports: WEBSOCKET_FIRST,
      tryAllTransports: true,
      timeout: 8_000,
    });
    socket.on("connect_error", (error: Error & { data?: unknown }) => {
      // `tryAllTransports` helps when WebSocket fails, not when a proxy lets it hang: then begin with the other one.
      if (!error.data) swapTransports(socket.io.opts);
    });
    return socket as unknown as SocketLike;
  };

function swapTransports(options: { transports?: unknown }): void {
  options.transports = options.transports === WEBSOCKET_FIRST ? POLLING_FIRST : WEBSOCKET_FIRST;
}
