/** What the categories and channels of notifications are called, on the pages that name both. */

import type { Language } from "../../sdk/types";
import { knownCategory, type Category } from "../text/categories";

const CATEGORIES: Record<Language, Record<Category, string>> = {
  en: {
    orders: "Orders",
    payments: "Payments",
    messages: "Messages",
    ppv: "Paid messages",
    reviews: "Reviews",
    security: "Security",
    news: "News and offers",
    other: "Other",
  },
  fr: {
    orders: "Commandes",
    payments: "Paiements",
    messages: "Messages",
    ppv: "Messages payants",
    reviews: "Avis",
    security: "Sécurité",
    news: "Actualités et offres",
    other: "Autres",
  },
  ht: {
    orders: "Kòmand",
    payments: "Peman",
    messages: "Mesaj",
    ppv: "Mesaj pou achte",
    reviews: "Kòmantè",
    security: "Sekirite",
    news: "Nouvèl ak òf",
    other: "Lòt",
  },
};

const CHANNELS: Record<Language, Record<string, string>> = {
  en: { in_app: "In the app", push: "Push", email: "E-mail", sms: "SMS", whatsapp: "WhatsApp" },
  fr: { in_app: "Dans l’appli", push: "Push", email: "E-mail", sms: "SMS", whatsapp: "WhatsApp" },
  ht: { in_app: "Nan aplikasyon an", push: "Push", email: "Imèl", sms: "SMS", whatsapp: "WhatsApp" },
};

export const categoryName = (language: Language, category: string): string => CATEGORIES[language][knownCategory(category)];

export const channelName = (language: Language, channel: string): string => CHANNELS[language][channel] ?? channel;
