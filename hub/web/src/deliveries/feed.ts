/** The captured deliveries, fetched anew every few seconds. */

import { useEffect, useState } from "preact/hooks";
import { HubError } from "../../sdk/errors";
import { getData } from "../boot/api";

/** What the sandbox noted besides the text; which of these depends on the channel. */
export interface Details {
  title?: string;
  body?: string;
  url?: string | null;
  topic?: string | null;
  urgency?: string;
  ttl_seconds?: number;
  segments?: number;
  encoding?: string;
  characters?: number;
  cost_micros?: number;
  template?: string;
  language?: string;
  parameters?: string[];
}

export interface Delivery {
  delivery_id: string;
  notification_id: string;
  user_id: string;
  channel: string;
  to: string;
  subject?: string | null;
  text: string;
  html?: string | null;
  at: string;
  details: Details;
}

export interface Feed {
  deliveries: Delivery[] | null;
  problem: "absent" | "unreachable" | null;
}

const REFRESH_MS = 2_000;

export function useFeed(userId: string): Feed {
  const [feed, setFeed] = useState<Feed>({ deliveries: null, problem: null });
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout>;
    const load = async (): Promise<void> => {
      const next = await fetchFeed(userId);
      if (gone) return;
      setFeed((before) => ({ deliveries: next.deliveries ?? before.deliveries, problem: next.problem }));
      timer = setTimeout(() => void load(), REFRESH_MS);
    };
    void load();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [userId]);
  return feed;
}

async function fetchFeed(userId: string): Promise<Feed> {
  const query = userId ? `?user_id=${encodeURIComponent(userId)}` : "";
  try {
    const { deliveries } = await getData<{ deliveries: Delivery[] }>(`/api/v1/dev/deliveries${query}`);
    return { deliveries: [...deliveries].sort((a, b) => b.at.localeCompare(a.at)), problem: null };
  } catch (thrown) {
    return { deliveries: null, problem: HubError.of(thrown).code === "not_found" ? "absent" : "unreachable" };
  }
}
