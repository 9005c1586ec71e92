/** Whose messages, and by which way: kept in the address, so that a reload or a link shows the same. */

import { useState } from "preact/hooks";
import { withQuery } from "../text/address";

export interface Choice {
  userId: string;
  channel: string;
}

export function useChoice(): [Choice, (change: Partial<Choice>) => void] {
  const [choice, set] = useState<Choice>(() => {
    const query = new URLSearchParams(location.search);
    return { userId: query.get("user_id") ?? "", channel: query.get("channel") ?? "" };
  });
  const change = (wanted: Partial<Choice>): void => {
    const next = { ...choice, ...wanted };
    const query = new URLSearchParams(location.search);
    for (const [name, value] of [
      ["user_id", next.userId],
      ["channel", next.channel],
    ] as const) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    history.replaceState(null, "", withQuery(location.pathname, query));
    set(next);
  };
  return [choice, change];
}
