/** Careful handling of addresses: malformed ones come from outside, and older browsers lack some helpers. */

/** The decoded text, or the text itself where it is not well encoded. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address as a URL, or null. (`URL.canParse` is missing before Safari 17.) */
export function asUrl(address: string, base?: string): URL | null {
  try {
    return new URL(address, base);
  } catch {
    return null;
  }
}

/** "path?query" or, without a query, "path". */
export function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
