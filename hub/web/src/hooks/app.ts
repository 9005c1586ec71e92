/** What every component may need: the client, the texts, and the page's own state. */

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { HubClient, HubClientEvents } from "../../sdk";
import type { Ui } from "../ui";
import type { Person } from "./person";

export interface App extends Person {
  client: HubClient;
  ui: Ui;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("outside of AppContext");
  return app;
}

/** Draws again when the client emits `event` (for `value`, if one is given). */
export function useClientEvent(event: keyof HubClientEvents, value?: string): void {
  const { client } = useApp();
  const [, redraw] = useState({});
  useEffect(() => {
    const unsubscribe = client.on(event, (emitted) => {
      if (value === undefined || emitted === value) redraw({});
    });
    redraw({}); // what happened between render and subscription
    return unsubscribe;
  }, [client, event, value]);
}
