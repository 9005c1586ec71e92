/** One line at the panel's foot that says what was done, with a way back. */

import { useEffect } from "preact/hooks";

export interface Note {
  text: string;
  undo?: () => void;
}

const SHOWN_MS = 8_000;

export function NoteLine({ note, undoLabel, onGone }: { note: Note | null; undoLabel: string; onGone: () => void }) {
  useEffect(() => {
    if (!note) return;
    const timer = setTimeout(onGone, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [note]);
  const undo = (): void => {
    note?.undo?.();
    onGone();
  };
  return (
    <div class="note-line" role="status" data-testid="note">
      {note && <span>{note.text}</span>}
      {note?.undo && (
        <button type="button" data-testid="note-undo" onClick={undo}>
          {undoLabel}
        </button>
      )}
    </div>
  );
}
