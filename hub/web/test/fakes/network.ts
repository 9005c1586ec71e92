/** The way between client and hub, with the faults that a test asks for. */

export interface Faults {
  /** Shares from 0 to 1. */
  loseEvent: number;
  duplicateEvent: number;
  loseRequest: number;
  loseAck: number;
  duplicateAck: number;
  /** Each packet takes up to this long, so later ones may overtake. */
  delayMs: number;
}

export const NO_FAULTS: Faults = { loseEvent: 0, duplicateEvent: 0, loseRequest: 0, loseAck: 0, duplicateAck: 0, delayMs: 0 };

export class Network {
  faults: Faults = { ...NO_FAULTS };

  constructor(readonly random: () => number = () => 0.5) {}

  event(deliver: () => void): void {
    if (this.chance(this.faults.loseEvent)) return;
    this.later(deliver);
    if (this.chance(this.faults.duplicateEvent)) this.later(deliver);
  }

  request(deliver: () => void): void {
    if (!this.chance(this.faults.loseRequest)) this.later(deliver);
  }

  ack(deliver: () => void): void {
    if (this.chance(this.faults.loseAck)) return;
    this.later(deliver);
    if (this.chance(this.faults.duplicateAck)) this.later(deliver);
  }

  private chance(share: number): boolean {
    return share > 0 && this.random() < share;
  }

  private later(deliver: () => void): void {
    const wait = this.faults.delayMs > 0 ? this.random() * this.faults.delayMs : 0;
    if (wait === 0) queueMicrotask(deliver);
    else setTimeout(deliver, wait);
  }
}

/** A small seeded generator (mulberry32), so that a failing run can be repeated. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
