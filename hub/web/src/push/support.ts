/** Whether this browser can show notifications while the page is closed, and if not, why. */

export type Support = "ready" | "unsupported" | "install" | "denied";

export interface Surroundings {
  /** Service workers, the Push API and notifications are all there. */
  capable: boolean;
  permission: "default" | "granted" | "denied";
  userAgent: string;
  touchPoints: number;
  /** Opened from the home screen. */
  installed: boolean;
}

/** iOS and iPadOS have web push since 16.4, and only for pages on the home screen (webkit.org/blog/13878). */
export function pushSupport({ capable, permission, userAgent, touchPoints, installed }: Surroundings): Support {
  if (!capable) {
    // An iPad says that it is a Mac, but a Mac has no touch screen.
    const apple = /\b(iPhone|iPad|iPod)\b/.test(userAgent) || (/\bMacintosh\b/.test(userAgent) && touchPoints > 1);
    return apple && !installed ? "install" : "unsupported";
  }
  return permission === "denied" ? "denied" : "ready";
}

export function surroundings(): Surroundings {
  const capable = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  return {
    capable,
    permission: capable ? Notification.permission : "default",
    userAgent: navigator.userAgent,
    touchPoints: navigator.maxTouchPoints,
    installed: matchMedia("(display-mode: standalone)").matches,
  };
}
