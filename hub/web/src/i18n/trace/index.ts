/** The trace page's texts. */

import type { Catalog } from "../catalog";
import { en, type TraceKey } from "./en";
import { fr } from "./fr";
import { ht } from "./ht";

export const TRACE: Catalog<TraceKey> = { en, fr, ht };
export type { TraceKey };
