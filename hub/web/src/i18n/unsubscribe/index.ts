/** The unsubscribe page's texts. */

import type { Catalog } from "../catalog";
import { en, type UnsubscribeKey } from "./en";
import { fr } from "./fr";
import { ht } from "./ht";

export const UNSUBSCRIBE: Catalog<UnsubscribeKey> = { en, fr, ht };
export type { UnsubscribeKey };
