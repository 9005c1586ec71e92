/** The public face of the SDK. */

export { HubClient, type HubClientEvents, type HubClientOptions } from "./client";
export type { ConnectionState, ConnectionStatus } from "./connection";
export type { LoadStatus, OpenConversation } from "./conversation";
export { HubError } from "./errors";
export type { NotificationList } from "./notifications";
export type { OutboxItem } from "./outbox";
export type { MessageState } from "./receipts";
export type { SocketFactory, SocketLike } from "./socket";
export { BrowserStorage, MemoryStorage, type HubStorage } from "./storage";
export type { TimelineItem } from "./timeline";
export type { GetToken, TokenReason } from "./token";
export type * from "./types";
