/** What the browser keeps between pages. Where it refuses to, nothing is kept, and that is no error. */

type Span = "tab" | "always";

const area = (span: Span): Storage => (span === "tab" ? sessionStorage : localStorage);

export function keep(span: Span, key: string, value: string): void {
  try {
    area(span).setItem(key, value);
  } catch {
    // The choice holds until the page is left.
  }
}

export function kept(span: Span, key: string): string | null {
  try {
    return area(span).getItem(key);
  } catch {
    return null;
  }
}

export function drop(span: Span, key: string): void {
  try {
    area(span).removeItem(key);
  } catch {
    // Then there is nothing to remove either.
  }
}
