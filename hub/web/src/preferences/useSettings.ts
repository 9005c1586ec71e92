/** The preferences on screen: changed at once, saved in order, taken back when the hub refuses. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { HubError } from "../../sdk/errors";
import { usePerson } from "../hooks/person";
import { applied, inverse, type Change, type Preferences } from "./model";

const PATH = "/me/preferences";

export interface Saved {
  error: HubError | null;
  undo: () => void;
}

export interface Settings {
  preferences: Preferences | null;
  failed: boolean;
  load: () => void;
  /** `told` hears when the hub has answered. */
  save: (change: Change, told?: (saved: Saved) => void) => void;
}

export function useSettings(told: (saved: Saved) => void): Settings {
  const { rest } = usePerson();
  const [preferences, show] = useState<Preferences | null>(null);
  const [failed, fail] = useState(false);
  /** What the hub last said, and how many changes it has not answered yet. */
  const known = useRef<Preferences | null>(null);
  const waiting = useRef(0);
  const queue = useRef<Promise<unknown>>(Promise.resolve());
  const hear = (next: Preferences): void => {
    known.current = next;
    if (waiting.current === 0) show(next);
  };
  const load = useCallback(() => {
    fail(false);
    rest.get<Preferences>(PATH).then(hear, () => fail(true));
  }, [rest]);
  useEffect(load, [load]);
  const put = async (change: Change, tell: (error: HubError | null) => void): Promise<void> => {
    try {
      const next = await rest.put<Preferences>(PATH, change);
      waiting.current -= 1;
      hear(next);
      tell(null);
    } catch (thrown) {
      waiting.current -= 1;
      if (known.current) hear(known.current);
      tell(HubError.of(thrown));
    }
  };
  const save: Settings["save"] = (change, answer = told) => {
    if (!preferences) return;
    const back = inverse(preferences, change);
    show((before) => before && applied(before, change));
    waiting.current += 1;
    const undo = (): void => saveLater.current(back, ({ error }) => error && told({ error, undo: () => undefined }));
    queue.current = queue.current.then(() => put(change, (error) => answer({ error, undo })));
  };
  // An undo comes later, when the page has been drawn anew with other preferences.
  const saveLater = useRef(save);
  saveLater.current = save;
  return { preferences, failed, load, save };
}
