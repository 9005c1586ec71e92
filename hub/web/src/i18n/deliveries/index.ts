/** The page of captured messages's texts. */

import type { Catalog } from "../catalog";
import { en, type DeliveriesKey } from "./en";
import { fr } from "./fr";
import { ht } from "./ht";

export const DELIVERIES: Catalog<DeliveriesKey> = { en, fr, ht };
export type { DeliveriesKey };
