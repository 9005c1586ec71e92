/** Who is online, for the users that somebody here asked about. */

import type { Wire } from "./conversation";
import type { Presence } from "./types";

export class PresenceBook {
  private readonly wanted = new Map<string, number>();
  private readonly known = new Map<string, Presence>();

  constructor(
    private readonly wire: Wire,
    private readonly changed: (userId: string) => void,
  ) {}

  of(userId: string): Presence | undefined {
    return this.known.get(userId);
  }

  /** Returns the function that gives the interest up again. */
  watch(userIds: string[]): () => void {
    const fresh = userIds.filter((id) => !this.wanted.has(id));
    for (const id of userIds) this.wanted.set(id, (this.wanted.get(id) ?? 0) + 1);
    void this.subscribe(fresh);
    return () => this.release(userIds);
  }

  /** Subscriptions belong to a connection: ask again on the new one. */
  reconnect(): void {
    void this.subscribe([...this.wanted.keys()]);
  }

  apply(presence: Presence): void {
    this.known.set(presence.user_id, presence);
    this.changed(presence.user_id);
  }

  private async subscribe(userIds: string[]): Promise<void> {
    if (userIds.length === 0 || !this.wire.online) return;
    try {
      const { users } = await this.wire.request<{ users: Presence[] }>("presence.subscribe", { user_ids: userIds });
      for (const user of users) this.apply(user);
    } catch {
      // Presence is a courtesy; the next reconnect asks again.
    }
  }

  private release(userIds: string[]): void {
    const gone: string[] = [];
    for (const id of userIds) {
      const count = (this.wanted.get(id) ?? 1) - 1;
      if (count > 0) this.wanted.set(id, count);
      else if (this.wanted.delete(id)) gone.push(id);
    }
    if (gone.length === 0 || !this.wire.online) return;
    this.wire.request("presence.unsubscribe", { user_ids: gone }).catch(() => undefined);
  }
}
