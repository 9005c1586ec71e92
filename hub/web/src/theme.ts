/** Light and dark: the system's choice until the user makes one. */

import { keep, kept } from "./boot/kept";

const STORED = "hub.theme";
export type Theme = "light" | "dark";

export function currentTheme(): Theme {
  const set = document.documentElement.dataset.theme;
  if (set === "light" || set === "dark") return set;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function setTheme(theme: Theme): void {
  document.documentElement.dataset.theme = theme;
  keep("always", STORED, theme);
}

export function restoreTheme(): void {
  const stored = kept("always", STORED);
  if (stored) document.documentElement.dataset.theme = stored;
}
