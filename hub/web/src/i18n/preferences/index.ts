/** The preferences page's texts. */

import type { Catalog } from "../catalog";
import { en, type PreferencesKey } from "./en";
import { fr } from "./fr";
import { ht } from "./ht";

export const PREFERENCES: Catalog<PreferencesKey> = { en, fr, ht };
export type { PreferencesKey };
