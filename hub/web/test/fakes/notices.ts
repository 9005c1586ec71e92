/** The notification half of the hub in memory: one inbox a person, and its badge. */

import type { Notification, NotificationFilter, NotificationPage } from "../../sdk";

const later = (entry: Notification, now: string): boolean => (entry.snoozed_until ?? "") > now;

const SHOWN: Record<NotificationFilter, (entry: Notification, now: string) => boolean> = {
  all: (entry, now) => !entry.archived_at && !later(entry, now),
  unread: (entry, now) => !entry.archived_at && !later(entry, now) && !entry.read_at,
  archived: (entry) => Boolean(entry.archived_at),
  snoozed: (entry, now) => !entry.archived_at && later(entry, now),
};

export class FakeNotices {
  private readonly people = new Map<string, Notification[]>();
  private made = 0;

  add(userId: string, change: Partial<Notification> = {}): Notification {
    this.made += 1;
    const number = String(this.made).padStart(3, "0");
    const created_at = new Date(Date.parse("2026-01-05T10:00:00.000Z") + this.made * 1_000).toISOString();
    const base = { type: "order.placed", category: "orders", priority: "normal" as const, body: "", url: "/" };
    const entry: Notification = { ...base, id: `n${number}`, title: `title ${this.made}`, created_at, ...change };
    this.of(userId).unshift(entry);
    return entry;
  }

  of(userId: string): Notification[] {
    const known = this.people.get(userId) ?? [];
    this.people.set(userId, known);
    return known;
  }

  unseen(userId: string): number {
    const now = new Date().toISOString();
    return this.of(userId).filter((entry) => !entry.seen_at && SHOWN.all(entry, now)).length;
  }

  page(userId: string, { filter = "all", cursor = "0", limit = 20 }: { filter?: NotificationFilter; cursor?: string; limit?: number }): NotificationPage {
    const now = new Date().toISOString();
    const matching = this.of(userId).filter((entry) => SHOWN[filter](entry, now));
    const end = Number(cursor) + limit;
    const notifications = matching.slice(Number(cursor), end).map((entry) => ({ ...entry }));
    return { notifications, unseen: this.unseen(userId), next: matching.length > end ? String(end) : null };
  }

  /** Marks one entry, or all of them; the number of unseen ones after it. */
  mark(userId: string, change: Partial<Notification>, id?: string): { unseen: number } {
    for (const entry of this.of(userId)) if (id === undefined || entry.id === id) Object.assign(entry, change);
    return { unseen: this.unseen(userId) };
  }
}
