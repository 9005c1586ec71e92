/** The person's preferences as the hub tells them, and what a change makes of them before the hub has answered. */

export const CHANNELS = ["in_app", "push", "email", "sms", "whatsapp"] as const;
export type Channel = (typeof CHANNELS)[number];

export interface CategoryChoice {
  category: string;
  required: boolean;
  channels: Record<Channel, boolean>;
  /** The ways by which this kind of news is ever told; a switch for another one would do nothing. */
  offered?: Channel[];
}

export interface QuietHours {
  start: string;
  end: string;
}

export interface Preferences {
  locale: string | null;
  time_zone: string | null;
  quiet_hours: QuietHours | null;
  categories: CategoryChoice[];
  muted_conversations: string[];
  channels_available: Partial<Record<Channel, boolean>>;
}

export interface Setting {
  /** `category:<name>` or `conversation:<id>`. */
  scope: string;
  channel: Channel | "*";
  /** null: as if never chosen. */
  allowed: boolean | null;
}

/** Only what changes is named. */
export interface Change {
  locale?: string | null;
  time_zone?: string | null;
  quiet_hours?: QuietHours | null;
  settings?: Setting[];
}

export function applied(before: Preferences, { settings = [], ...rest }: Change): Preferences {
  return settings.reduce(withSetting, { ...before, ...rest });
}

function withSetting(before: Preferences, { scope, channel, allowed }: Setting): Preferences {
  const [kind, name = ""] = split(scope);
  if (kind === "conversation") {
    const others = before.muted_conversations.filter((id) => id !== name);
    return { ...before, muted_conversations: allowed === false ? [...others, name] : others };
  }
  if (channel === "*" || allowed === null) return before; // what that comes to, only the hub knows
  const categories = before.categories.map((one) =>
    one.category === name ? { ...one, channels: { ...one.channels, [channel]: allowed } } : one,
  );
  return { ...before, categories };
}

/** The change that undoes `change`. */
export function inverse(before: Preferences, change: Change): Change {
  const back: Change = {};
  if (change.locale !== undefined) back.locale = before.locale;
  if (change.time_zone !== undefined) back.time_zone = before.time_zone;
  if (change.quiet_hours !== undefined) back.quiet_hours = before.quiet_hours;
  if (change.settings) back.settings = change.settings.map((one) => ({ ...one, allowed: valueOf(before, one) }));
  return back;
}

function valueOf(before: Preferences, { scope, channel }: Setting): boolean | null {
  const [kind, name = ""] = split(scope);
  if (kind === "conversation") return before.muted_conversations.includes(name) ? false : null;
  const known = before.categories.find((one) => one.category === name);
  return known && channel !== "*" ? known.channels[channel] : null;
}

/** At the first colon only: ids may have some of their own. */
function split(scope: string): [string, string] {
  const at = scope.indexOf(":");
  return [scope.slice(0, at), scope.slice(at + 1)];
}
