/** Splits user text into plain parts and web addresses. Only http and https; everything else stays text. */

import { asUrl } from "./address";

export type Part = { text: string; href?: string };

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+/gi;
/** Punctuation that ends a sentence rather than an address. */
const TRAILING = /[.,;:!?…]+$/;

export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const href = trimmed(match[0]);
    if (!asUrl(href)) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index) });
    parts.push({ text: href, href });
    end = match.index + href.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end) });
  return parts;
}

/** A closing bracket belongs to the address only when it also opens in it. */
function trimmed(address: string): string {
  let result = address.replace(TRAILING, "");
  while (result.endsWith(")") && !result.includes("(")) result = result.slice(0, -1).replace(TRAILING, "");
  return result;
}
