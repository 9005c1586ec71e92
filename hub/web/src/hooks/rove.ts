/** One tab stop for a whole list: arrow keys move between its rows. */

import { useState } from "preact/hooks";

export function useRoving(keys: string[]) {
  const [chosen, setChosen] = useState<string | null>(null);
  const active = chosen !== null && keys.includes(chosen) ? chosen : null;
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-row]");
    if (!row || event.target !== row) return leaveToolbar(event, row);
    const at = keys.indexOf(row.dataset.row ?? "");
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: keys.length - 1 }[event.key];
    if (event.key === "Enter") return intoToolbar(event, row);
    if (next === undefined) return;
    event.preventDefault();
    const key = keys[Math.max(0, Math.min(keys.length - 1, next))];
    if (key === undefined) return;
    setChosen(key);
    const list = event.currentTarget as HTMLElement;
    list.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"]`)?.focus();
  };
  return { active, stop: active ?? keys.at(-1) ?? null, choose: setChosen, onKeyDown };
}

function intoToolbar(event: KeyboardEvent, row: HTMLElement): void {
  const button = row.querySelector<HTMLElement>(".tools button, .failed-box button");
  if (!button) return;
  event.preventDefault();
  button.focus();
}

/** Escape inside a row's buttons returns to the row; left and right move between the buttons. */
function leaveToolbar(event: KeyboardEvent, row: HTMLElement | null): void {
  if (!row) return;
  if (event.key === "Escape") row.focus();
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const group = (event.target as HTMLElement).closest(".tools, .picker, .failed-box");
  if (step === undefined || !group) return;
  event.preventDefault();
  const buttons = [...group.querySelectorAll<HTMLElement>("button")];
  const at = buttons.indexOf(event.target as HTMLElement);
  buttons[(at + step + buttons.length) % buttons.length]?.focus();
}
