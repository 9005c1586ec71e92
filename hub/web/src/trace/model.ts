/** The trace of a notification as the hub tells it, and its parts in the order in which people read them. */

export interface Traced {
  id: string;
  event_id: string;
  user_id: string;
  type: string;
  category: string;
  priority: "critical" | "high" | "normal" | "low";
  conversation_id?: string;
  created_at: string;
  expires_at?: string;
  seen_at?: string;
  read_at?: string;
  replied_at?: string;
  paid_at?: string;
  archived_at?: string;
}

export interface Decision {
  rung: number;
  channel: string;
  verdict: "send" | "hold" | "skip";
  level: string;
  reason: string;
  until?: string;
  at?: string;
}

export interface Step {
  at: string;
  state: string;
  reason?: string | null;
  provider?: string | null;
  took_ms?: number | null;
}

export interface Report {
  at: string;
  kind: string;
  provider: string;
  reason?: string | null;
}

export interface Delivery {
  id: string;
  rung: number;
  channel: string;
  to: string;
  state: string;
  reason?: string | null;
  provider?: string | null;
  provider_id?: string | null;
  due_at?: string | null;
  attempts: number;
  template_version?: number | null;
  variant?: string | null;
  locale?: string | null;
  steps: Step[];
  reports: Report[];
}

export interface Trace {
  notification: Traced;
  decisions: Decision[];
  deliveries: Delivery[];
}

export interface Rung {
  rung: number;
  channel: string;
  decisions: Decision[];
  deliveries: Delivery[];
}

const WAITING = new Set(["planned", "held", "ready", "sending", "retry_wait"]);

export const isWaiting = (delivery: Delivery): boolean => WAITING.has(delivery.state);

export const isLive = (trace: Trace): boolean => trace.deliveries.some(isWaiting);

/** One entry a rung, each with what was decided and what became of it. */
export function rungsOf({ decisions, deliveries }: Trace): Rung[] {
  const byKey = new Map<string, Rung>();
  const rung = (number: number, channel: string): Rung => {
    const key = `${number} ${channel}`;
    const known = byKey.get(key) ?? { rung: number, channel, decisions: [], deliveries: [] };
    byKey.set(key, known);
    return known;
  };
  for (const one of decisions) rung(one.rung, one.channel).decisions.push(one);
  for (const one of deliveries) rung(one.rung, one.channel).deliveries.push(one);
  return [...byKey.values()].sort((a, b) => a.rung - b.rung);
}

export type Tone = "good" | "bad" | "wait" | "plain";

const TONES: Record<string, Tone> = {
  accepted: "good",
  inbox: "good",
  delivered: "good",
  failed: "bad",
  dead: "bad",
  bounced: "bad",
  complained: "bad",
  unknown: "bad",
};

/** What is only shown in the hub's own pages is not handed to a provider. */
export const shownState = ({ channel, state }: Delivery): string => (channel === "in_app" && state === "accepted" ? "inbox" : state);

/** How a state is coloured; its word stands beside it always. */
export const toneOf = (state: string): Tone => TONES[state] ?? (WAITING.has(state) ? "wait" : "plain");
