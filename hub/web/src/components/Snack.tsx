/** One notice at the foot of a page, with a way back where there is one. */

import { useEffect } from "preact/hooks";
import { Icon } from "./Icon";

export interface SnackText {
  text: string;
  undo?: () => void;
  problem?: boolean;
}

const SHOWN_MS = 7_000;

type Props = { snack: SnackText | null; undoLabel: string; closeLabel: string; onGone: () => void };

export function Snack({ snack, undoLabel, closeLabel, onGone }: Props) {
  useEffect(() => {
    if (!snack) return;
    const timer = setTimeout(onGone, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [snack]);
  const undo = (): void => {
    onGone();
    snack?.undo?.();
  };
  return (
    <div class="snack" role="status">
      {snack && (
        <div class="toast" data-testid="snack">
          <Icon name={snack.problem ? "alert" : "check"} size={18} />
          <span>{snack.text}</span>
          {snack.undo && (
            <button type="button" data-testid="snack-undo" onClick={undo}>
              {undoLabel}
            </button>
          )}
          <button type="button" class="icon-button" aria-label={closeLabel} onClick={onGone}>
            <Icon name="close" size={16} />
          </button>
        </div>
      )}
    </div>
  );
}
