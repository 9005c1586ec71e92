/** Where unsent messages survive a reload: a protocol, in memory, and on localStorage. */

export interface HubStorage {
  keys(prefix: string): string[];
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

export class MemoryStorage implements HubStorage {
  private readonly map = new Map<string, string>();

  keys(prefix: string): string[] {
    return [...this.map.keys()].filter((key) => key.startsWith(prefix));
  }
  get(key: string): string | null {
    return this.map.get(key) ?? null;
  }
  set(key: string, value: string): void {
    this.map.set(key, value);
  }
  remove(key: string): void {
    this.map.delete(key);
  }
}

/** Quota errors and blocked storage are swallowed: the message is still sent from memory. */
export class BrowserStorage implements HubStorage {
  constructor(private readonly store: Storage) {}

  keys(prefix: string): string[] {
    return Object.keys(this.store).filter((key) => key.startsWith(prefix));
  }
  get(key: string): string | null {
    return this.store.getItem(key);
  }
  set(key: string, value: string): void {
    try {
      this.store.setItem(key, value);
    } catch {
      // Full or forbidden: only survival of a reload is lost.
    }
  }
  remove(key: string): void {
    this.store.removeItem(key);
  }
}

/** localStorage where the browser grants it, else memory. */
export function defaultStorage(): HubStorage {
  try {
    localStorage.setItem("hub.probe", "1");
    localStorage.removeItem("hub.probe");
    return new BrowserStorage(localStorage);
  } catch {
    return new MemoryStorage();
  }
}
