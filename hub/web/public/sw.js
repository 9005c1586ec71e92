/** The service worker: shows push messages, and leads from a notification to its page. It does not touch requests. */

const FALLBACK = { title: "Creator Hub", url: "/" };
const ICON = "/icon-192.png";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => event.waitUntil(show(contentOf(event.data))));

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data ?? FALLBACK));
});

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

/** A message that cannot be read is shown too: a browser takes the subscription away from who receives silently. */
function contentOf(data) {
  try {
    return { ...FALLBACK, ...data.json() };
  } catch {
    return FALLBACK;
  }
}

async function show({ title, body, tag, url, locale, badge, notification_id }) {
  const options = { body, icon: ICON, badge: ICON, lang: locale, data: { url, notification_id } };
  // A newer message about the same thing takes the older one's place, and still makes itself heard.
  if (tag) Object.assign(options, { tag, renotify: true });
  await self.registration.showNotification(String(title), options);
  if (typeof badge === "number") await self.navigator.setAppBadge?.(badge);
}

/**
 * Goes to a page of ours that is open, which leads to the address itself and marks the notification as read; a new one
 * finds it in its address.
 */
async function open({ url, notification_id }) {
  const target = new URL(url, self.location.origin);
  const message = { type: "notification-clicked", url: target.href, notification_id };
  const page = target.origin === self.location.origin ? await openPage(target.pathname) : undefined;
  if (page) {
    page.postMessage(message);
    return page.focus();
  }
  if (target.origin === self.location.origin && notification_id) target.searchParams.set("notification", notification_id);
  return self.clients.openWindow(target.href);
}

/** The window that shows this path; of several, the one that was used last, which browsers list first. */
async function openPage(pathname) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  return windows.find((each) => new URL(each.url).pathname === pathname);
}

/** Subscribes anew. Only a page knows who is here, so an open one tells the hub. */
async function renew(event) {
  const key = event.oldSubscription?.options.applicationServerKey ?? (await publicKey());
  if (!event.newSubscription && key) {
    await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  }
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const each of windows) each.postMessage({ type: "subscription-changed" });
}

async function publicKey() {
  const answer = await fetch("/api/v1/push/key");
  return (await answer.json()).data?.public_key;
}
