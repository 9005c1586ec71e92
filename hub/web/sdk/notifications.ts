/** What the person was told: the inbox of notifications and its badge, the same on all their devices. */

import type { Wire } from "./conversation";
import type { Notification, NotificationFilter, NotificationNew, NotificationPage, NotificationsUpdated } from "./types";

const PAGE = 20;
/** Several changes within this time cause one refetch. */
const REFETCH_MS = 200;

export interface NotificationList {
  items: Notification[];
  /** Cursor of the next page; null when there is none. */
  next: string | null;
  loaded: boolean;
}

const empty = (): NotificationList => ({ items: [], next: null, loaded: false });

export class NotificationBook {
  /** How many came since the person last looked. The server counts. */
  unseen = 0;
  private readonly lists = new Map<NotificationFilter, NotificationList>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly wire: Wire,
    private readonly changed: () => void,
    private readonly arrived: (notification: Notification) => void,
  ) {}

  /** What is known of a list so far. */
  list(filter: NotificationFilter): NotificationList {
    return this.lists.get(filter) ?? empty();
  }

  /** Fetches the newest page, and keeps the list current from then on. */
  async load(filter: NotificationFilter): Promise<void> {
    const page = await this.fetch({ filter, limit: PAGE });
    this.lists.set(filter, renewed(this.list(filter), page));
    this.count(page.unseen);
  }

  async loadMore(filter: NotificationFilter): Promise<void> {
    const cursor = this.list(filter).next;
    if (cursor === null) return;
    const page = await this.fetch({ filter, limit: PAGE, cursor });
    const known = this.list(filter);
    const seen = new Set(known.items.map((one) => one.id));
    const older = page.notifications.filter((one) => !seen.has(one.id));
    this.lists.set(filter, { items: [...known.items, ...older], next: page.next ?? null, loaded: true });
    this.count(page.unseen);
  }

  /** No list is followed any more; they are fetched anew when somebody looks again. */
  forget(): void {
    clearTimeout(this.timer);
    this.lists.clear();
  }

  /** The person looked: the badge goes out. Up to one notification, or all. */
  async seen(upTo?: string): Promise<void> {
    if (this.unseen === 0) return;
    await this.act("notification.seen", upTo === undefined ? {} : { up_to: upTo });
  }

  async read(id: string): Promise<void> {
    this.change(id, { read_at: new Date().toISOString() });
    await this.act("notification.read", { notification_id: id });
  }

  async archive(id: string): Promise<void> {
    this.remove(id, "archived");
    await this.act("notification.archive", { notification_id: id });
  }

  /** Hides it until a moment (RFC 3339); then it comes back unseen. */
  async snooze(id: string, until: string): Promise<void> {
    this.remove(id, "snoozed");
    await this.act("notification.snooze", { notification_id: id, until });
  }

  // --- what the server says ---

  /** A new session: events may have been missed while there was none. */
  ready(unseen: number): void {
    this.count(unseen);
    this.refetchSoon();
  }

  applyNew({ notification, unseen }: NotificationNew): void {
    for (const filter of ["all", "unread"] as const) {
      const list = this.lists.get(filter);
      if (!list) continue;
      const others = list.items.filter((one) => one.id !== notification.id);
      this.lists.set(filter, { ...list, items: [notification, ...others] });
    }
    this.count(unseen);
    this.arrived(notification);
    // It may stand in for an older one about the same thing.
    this.refetchSoon();
  }

  applyUpdated({ unseen }: NotificationsUpdated): void {
    this.count(unseen);
    this.refetchSoon();
  }

  // --- inner workings ---

  private fetch(payload: object): Promise<NotificationPage> {
    return this.wire.request<NotificationPage>("notification.list", payload);
  }

  /** What was shown at once is taken back by a refetch when the server refuses. */
  private async act(event: string, payload: object): Promise<void> {
    try {
      this.count((await this.wire.request<{ unseen: number }>(event, payload)).unseen);
    } catch (thrown) {
      this.refetchSoon();
      throw thrown;
    }
  }

  private change(id: string, change: Partial<Notification>): void {
    for (const [filter, list] of this.lists) {
      this.lists.set(filter, { ...list, items: list.items.map((one) => (one.id === id ? { ...one, ...change } : one)) });
    }
    this.changed();
  }

  private remove(id: string, except: NotificationFilter): void {
    for (const [filter, list] of this.lists) {
      if (filter !== except) this.lists.set(filter, { ...list, items: list.items.filter((one) => one.id !== id) });
    }
    this.changed();
  }

  private count(unseen: number): void {
    this.unseen = unseen;
    this.changed();
  }

  private refetchSoon(): void {
    clearTimeout(this.timer);
    if (this.lists.size === 0) return;
    this.timer = setTimeout(() => {
      if (!this.wire.online) return; // `ready` comes here again
      for (const filter of [...this.lists.keys()]) this.load(filter).catch(() => undefined);
    }, REFETCH_MS);
  }
}

/** The first page anew, with the older entries that were already fetched below it. */
function renewed(known: NotificationList, page: NotificationPage): NotificationList {
  const last = page.notifications.at(-1);
  const next = page.next ?? null;
  if (!last || next === null) return { items: page.notifications, next, loaded: true };
  const fresh = new Set(page.notifications.map((one) => one.id));
  const older = known.items.filter((one) => !fresh.has(one.id) && one.created_at < last.created_at);
  return { items: [...page.notifications, ...older], next: older.length > 0 ? known.next : next, loaded: true };
}
