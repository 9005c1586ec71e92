/** This browser's Web Push subscription: made with the reader's leave and registered with the hub. */

import type { Rest } from "../boot/rest";
import { keyBytes, sameBytes } from "./keys";
import { deviceLabel } from "./label";

const WORKER = "/sw.js";

export type Enabled = "enabled" | "denied" | "dismissed" | "off";

export interface Device {
  id: string;
  label: string;
  created_at: string;
}

/** Must be called from a click: browsers ask for permission only then. Throws when the browser cannot subscribe. */
export async function enablePush(rest: Rest): Promise<Enabled> {
  const permission = await Notification.requestPermission();
  if (permission !== "granted") return permission === "denied" ? "denied" : "dismissed";
  const { public_key } = await rest.get<{ public_key: string | null }>("/push/key");
  if (public_key === null) return "off";
  await register(rest, await subscribed(keyBytes(public_key)));
  return "enabled";
}

/** The hub learns of the subscription; once more does no harm. */
export async function register(rest: Rest, subscription: PushSubscription): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  await rest.post("/me/push-subscriptions", { endpoint, keys, label: deviceLabel(navigator.userAgent) });
}

/** The subscription that this browser has now. */
export async function currentSubscription(): Promise<PushSubscription | null> {
  if (!("serviceWorker" in navigator)) return null;
  const registration = await navigator.serviceWorker.getRegistration("/");
  return (await registration?.pushManager?.getSubscription()) ?? null;
}

/** The browser forgets it, and the hub, too. */
export async function disablePush(rest: Rest, subscription: PushSubscription): Promise<void> {
  await rest.delete("/me/push-subscriptions", { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
}

async function subscribed(key: Uint8Array<ArrayBuffer>): Promise<PushSubscription> {
  await navigator.serviceWorker.register(WORKER);
  const { pushManager } = await navigator.serviceWorker.ready;
  const known = await pushManager.getSubscription();
  if (known && sameBytes(known.options.applicationServerKey, key)) return known;
  // A subscription under another key cannot be used, and blocks a new one.
  await known?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
}
