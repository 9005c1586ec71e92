/** The length of a message as the server counts it: bytes of UTF-8. */

const DEFAULT_BYTES = 8_192;
/** The counter appears once this share of the limit is used. */
const SHOW_FROM = 0.85;
const encoder = new TextEncoder();

export interface Room {
  left: number;
  show: boolean;
  over: boolean;
}

export function roomFor(text: string, limit = DEFAULT_BYTES): Room {
  const used = encoder.encode(text).length;
  return { left: limit - used, show: used > limit * SHOW_FROM, over: used > limit };
}
