/** What travels on the wire: the shapes of contract sections 3 and 4, and nothing of our own. */

export type Language = "en" | "fr" | "ht";
export type Localized = Partial<Record<Language, string>>;

export interface ErrorBody {
  code: string;
  message: string;
  details?: unknown;
  localized_message?: Localized;
  retryable?: boolean;
  retry_after_ms?: number | null;
}

export type Ack<T> =
  | { success: true; data: T; metadata?: unknown }
  | { success: false; error: ErrorBody; request_id?: string };

export interface Head {
  seq: number;
  rev: number;
}

export interface Member {
  user_id: string;
  role: string;
  display_name?: string;
  delivered_seq: number;
  read_seq: number;
}

export interface Attachment {
  id?: string;
  mime?: string;
  url?: string;
  name?: string;
  bytes?: number;
  duration_ms?: number;
}

export interface PpvOffer {
  price: number;
  currency: string;
  state: "locked" | "unlocked" | "refunded";
  preview?: unknown;
}

export type BodyState = "clear" | "redacted" | "held" | "blocked" | "deleted";

export interface Message {
  id: string;
  conversation_id: string;
  order_id?: string | null;
  seq: number;
  rev: number;
  client_message_id?: string | null;
  sender_id: string;
  /** Only in live rooms, where who writes is in no list of members. */
  sender_name?: string;
  kind: "text" | "image" | "voice" | "ppv" | "system";
  body: string | null;
  body_state: BodyState;
  attachments?: Attachment[];
  reply_to_seq?: number | null;
  reactions?: Record<string, string[]>;
  ppv?: PpvOffer | null;
  created_at: string;
  edited_at?: string | null;
  deleted_at?: string | null;
}

export interface Conversation {
  id: string;
  kind: string;
  order_id?: string | null;
  title?: string | null;
  state: "open" | "closed";
  reason?: string | null;
  opens_at?: string | null;
  closes_at?: string | null;
  /** Live rooms only: how long a viewer waits between two messages. */
  slow_mode_seconds?: number;
  head: Head;
  members: Member[];
  unread: number;
  last_message?: Message | null;
  can_send?: boolean;
  created_at: string;
  updated_at: string;
}

export interface Snapshot {
  conversation: Partial<Conversation> & { id: string };
  members: Member[];
  head: Head;
  messages: Message[];
  can_send: boolean;
  reason?: string | null;
}

/** A live room as `live.join` answers it; `members` are its hosts. */
export interface LiveRoom extends Snapshot {
  viewers: number;
  slow_mode_seconds: number;
}

/** One entry of a conversation's change log, live or from a sync page. */
export interface Change {
  type: string;
  conversation_id: string;
  rev: number;
  message?: Message;
  conversation?: Partial<Conversation>;
}

export interface SyncResult {
  conversation_id: string;
  reset: boolean;
  changes: Change[];
  head: Head;
  more: boolean;
  snapshot?: Snapshot | null;
}

export interface ConversationUpdated {
  conversation_id: string;
  rev: number;
  conversation?: Partial<Conversation>;
  unread?: number;
  last_message?: Message | null;
}

export interface Receipt {
  conversation_id: string;
  user_id: string;
  delivered_seq: number;
  read_seq: number;
}

export interface ReceiptAck {
  delivered_seq: number;
  read_seq: number;
  unread: number;
}

export interface TypingEvent {
  conversation_id: string;
  user_id: string;
  state: "start" | "stop";
}

export interface LiveViewers {
  conversation_id: string;
  viewers: number;
}

/** An operator took this socket out of the conversation's live events. */
export interface ConversationLeft {
  conversation_id: string;
  reason: string;
}

export interface Presence {
  user_id: string;
  status: "online" | "away" | "busy" | "offline" | string;
  last_seen?: string | null;
}

export interface SessionUser {
  id: string;
  display_name: string;
  locale?: string | null;
  roles: string[];
}

export interface SessionReady {
  user: SessionUser;
  server_time: string;
  session_id: string;
  limits: { body_bytes?: number; frame_bytes?: number } & Record<string, unknown>;
  unread: { total: number; conversations: Record<string, number>; notifications: number };
}

export interface SessionClosing {
  reason: string;
  reconnect: boolean;
}

export interface SendPayload {
  conversation_id: string;
  client_message_id: string;
  kind: "text";
  body: string;
  reply_to_seq?: number;
}

export interface Payment {
  id: string;
  provider: string;
  status: string;
  client_secret?: string | null;
  redirect_url?: string | null;
}

export type NotificationFilter = "all" | "unread" | "archived" | "snoozed";

/** One entry of the person's inbox; title and body are in their language. */
export interface Notification {
  id: string;
  type: string;
  category: string;
  priority: "critical" | "high" | "normal" | "low";
  title: string;
  body: string;
  url: string;
  conversation_id?: string | null;
  data?: Record<string, unknown>;
  created_at: string;
  seen_at?: string | null;
  read_at?: string | null;
  archived_at?: string | null;
  snoozed_until?: string | null;
}

export interface NotificationPage {
  notifications: Notification[];
  unseen: number;
  next?: string | null;
}

export interface NotificationNew {
  notification: Notification;
  unseen: number;
}

export interface NotificationsUpdated {
  notification_ids?: string[];
  unseen: number;
}
