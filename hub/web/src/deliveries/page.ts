/** What every part of the page needs: the texts in the reader's language, and what people are called. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { I18n } from "../i18n";
import { say } from "../i18n/catalog";
import { DELIVERIES, type DeliveriesKey } from "../i18n/deliveries";

export interface Page extends Omit<I18n, "t"> {
  t: ReturnType<typeof say<DeliveriesKey>>;
  nameOf: (userId: string) => string;
}

export const pageOf = (texts: I18n, nameOf: (userId: string) => string): Page => ({ ...texts, t: say(DELIVERIES, texts.language), nameOf });

export const PageContext = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error("outside of PageContext");
  return page;
}
