/** Tells the connection when the network or the page comes back. */

/** Returns the function that stops listening. Outside a browser it does nothing. */
export function onWake(wake: () => void): () => void {
  if (typeof window === "undefined" || typeof document === "undefined") return () => undefined;
  const visible = (): void => {
    if (document.visibilityState === "visible") wake();
  };
  window.addEventListener("online", wake);
  window.addEventListener("pageshow", visible);
  document.addEventListener("visibilitychange", visible);
  return () => {
    window.removeEventListener("online", wake);
    window.removeEventListener("pageshow", visible);
    document.removeEventListener("visibilitychange", visible);
  };
}

/** An id that stays with this browser, so the server can tell devices apart. */
export function deviceId(storage: { get(key: string): string | null; set(key: string, value: string): void }, fresh: () => string): string {
  const known = storage.get("hub.device");
  if (known) return known;
  const made = fresh();
  storage.set("hub.device", made);
  return made;
}
