/** The notification panel's texts. */

import type { Catalog } from "../catalog";
import { en, type InboxKey } from "./en";
import { fr } from "./fr";
import { ht } from "./ht";

export const INBOX: Catalog<InboxKey> = { en, fr, ht };
export type { InboxKey };
