/** What the service worker (`public/sw.js`) has to say to a page. */

import { withQuery } from "../text/address";

export interface WorkerNews {
  /** A notification was clicked. */
  clicked(url: string, notificationId: string | undefined): void;
  /** The browser has another subscription than before. */
  resubscribed(): void;
}

type Told = { type: "notification-clicked"; url: string; notification_id?: string } | { type: "subscription-changed" };

/** Listens until the returned function is called. */
export function onWorkerNews(news: WorkerNews): () => void {
  const worker = navigator.serviceWorker as ServiceWorkerContainer | undefined; // missing outside of https
  const hear = ({ data }: MessageEvent<Told | null>): void => {
    if (data?.type === "notification-clicked") news.clicked(data.url, data.notification_id);
    if (data?.type === "subscription-changed") news.resubscribed();
  };
  worker?.addEventListener("message", hear);
  return () => worker?.removeEventListener("message", hear);
}

/** The notification whose click has opened this page; it does not stay in the address. */
export function takeClicked(): string | null {
  const query = new URLSearchParams(location.search);
  const id = query.get("notification");
  if (id === null) return null;
  query.delete("notification");
  history.replaceState(history.state, "", withQuery(location.pathname, query) + location.hash);
  return id;
}
