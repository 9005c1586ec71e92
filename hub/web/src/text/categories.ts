/** Which pictures stand for the categories and the channels of notifications. */

import type { IconName } from "../components/Icon";

const ICONS: Record<string, IconName> = {
  orders: "bag",
  payments: "card",
  messages: "chat",
  ppv: "lock",
  reviews: "star",
  security: "shield",
  news: "news",
};

export const categoryIcon = (category: string): IconName => ICONS[category] ?? "bell";

export const CATEGORIES = ["orders", "payments", "messages", "ppv", "reviews", "security", "news", "other"] as const;
export type Category = (typeof CATEGORIES)[number];

/** A category that the page knows; one that it does not is "other". */
export const knownCategory = (category: string): Category => CATEGORIES.find((one) => one === category) ?? "other";

const CHANNELS: Record<string, IconName> = { in_app: "bell", push: "phone", email: "mail", sms: "chat", whatsapp: "whatsapp" };

export const channelIcon = (channel: string): IconName => CHANNELS[channel] ?? "bell";
