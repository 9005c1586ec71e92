/** Dates and times in the chosen language. Browsers know no Haitian Creole, so its names stand here. */

import type { Language } from "../../sdk";
import type { TextKey } from "./en";

const HT_DAYS = ["dimanch", "lendi", "madi", "mèkredi", "jedi", "vandredi", "samdi"];
const HT_MONTHS = ["janvye", "fevriye", "mas", "avril", "me", "jen", "jiyè", "out", "septanm", "oktòb", "novanm", "desanm"];
const DAY_MS = 86_400_000;

/** Haiti writes times as French does: 24 hours. */
const localeOf = (language: Language): string => (language === "ht" ? "fr" : language);

export type Translate = (key: TextKey, values?: Record<string, string | number>) => string;

export class Dates {
  private readonly formats = new Map<string, Intl.DateTimeFormat>();

  constructor(
    private readonly language: Language,
    private readonly t: Translate,
  ) {}

  time(at: string): string {
    return this.format({ hour: this.language === "en" ? "numeric" : "2-digit", minute: "2-digit" }).format(new Date(at));
  }

  /** To the second, for traces. */
  clock(at: string): string {
    return this.format({ hour: this.language === "en" ? "numeric" : "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));
  }

  /** "Today", "Tomorrow", "Yesterday", a weekday within the last week, else the date. */
  day(at: string, now = new Date()): string {
    const date = new Date(at);
    const ago = daysBetween(date, now);
    if (ago === 0) return this.t("day.today");
    if (ago === -1) return this.t("day.tomorrow");
    if (ago === 1) return this.t("day.yesterday");
    if (ago > 1 && ago < 7) return capital(this.weekday(date));
    return this.date(date, date.getFullYear() !== now.getFullYear());
  }

  /** For the conversation list: as short as it can be. */
  brief(at: string, now = new Date()): string {
    const date = new Date(at);
    const ago = daysBetween(date, now);
    if (ago === 0) return this.time(at);
    if (ago === 1) return this.t("day.yesterday");
    if (ago > 1 && ago < 7) return capital(this.weekday(date));
    return this.format({ day: "numeric", month: "numeric", year: "2-digit" }).format(date);
  }

  /** Day and time in one phrase, for use inside a sentence. */
  moment(at: string): string {
    const day = this.day(at);
    // English writes only its names of days and months with a capital; the others none of them.
    const relative = [this.t("day.today"), this.t("day.tomorrow"), this.t("day.yesterday")].includes(day);
    const inSentence = this.language === "en" && !relative ? day : day.toLocaleLowerCase(localeOf(this.language));
    return this.t("day.at", { day: inSentence, time: this.time(at) });
  }

  private weekday(date: Date): string {
    if (this.language === "ht") return HT_DAYS[date.getDay()] ?? "";
    return this.format({ weekday: "long" }).format(date);
  }

  private date(date: Date, withYear: boolean): string {
    if (this.language === "ht") {
      const year = withYear ? ` ${date.getFullYear()}` : "";
      return `${capital(HT_DAYS[date.getDay()] ?? "")} ${date.getDate()} ${HT_MONTHS[date.getMonth()] ?? ""}${year}`;
    }
    const year = withYear ? ({ year: "numeric" } as const) : {};
    return capital(this.format({ weekday: "long", day: "numeric", month: "long", ...year }).format(date));
  }

  private format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = JSON.stringify(options);
    const format = this.formats.get(key) ?? new Intl.DateTimeFormat(localeOf(this.language), options);
    this.formats.set(key, format);
    return format;
  }
}

export const sameDay = (a: string, b: string): boolean => new Date(a).toDateString() === new Date(b).toDateString();

function daysBetween(date: Date, now: Date): number {
  const midnight = (value: Date): number => new Date(value.getFullYear(), value.getMonth(), value.getDate()).getTime();
  return Math.round((midnight(now) - midnight(date)) / DAY_MS);
}

const capital = (text: string): string => text.charAt(0).toLocaleUpperCase() + text.slice(1);
