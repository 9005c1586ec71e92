/** The page's own state: which conversation is shown, what the composer is doing, and short notices. */

import type { Message } from "../sdk";
import { Store } from "./hooks/store";
import { decoded, withQuery } from "./text/address";

export type ComposerMode = { kind: "write" } | { kind: "reply"; message: Message } | { kind: "edit"; message: Message };
export interface Toast {
  id: number;
  text: string;
}

const ADDRESS = /^#\/c\/(.+)$/;
const TOAST_MS = 6_000;

export class Ui {
  /** The conversation on screen; it is in the address, so that back, reload and links work. */
  readonly selected = new Store<string | null>(fromAddress());
  readonly composer = new Store<ComposerMode>({ kind: "write" });
  readonly toasts = new Store<Toast[]>([]);
  /** Where the focus returns to after every action. */
  composerElement: HTMLTextAreaElement | null = null;
  private readonly drafts = new Map<string, string>();
  private toastId = 0;

  constructor() {
    this.followLink();
    window.addEventListener("hashchange", () => this.show(fromAddress()));
  }

  select(id: string): void {
    if (this.selected.value === id) return;
    const address = `#/c/${encodeURIComponent(id)}`;
    // From the list a new entry, so that "back" returns to it; between conversations none.
    if (this.selected.value === null) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    this.show(id);
  }

  close(): void {
    history.replaceState(null, "", location.pathname + location.search);
    this.show(null);
  }

  /** `preventScroll`: the field is always in view; the browser need not look for it. */
  focusComposer(): void {
    this.composerElement?.focus({ preventScroll: true });
  }

  draft(id: string): string {
    return this.drafts.get(id) ?? "";
  }

  setDraft(id: string, text: string): void {
    if (text) this.drafts.set(id, text);
    else this.drafts.delete(id);
  }

  toast(text: string): void {
    const toast = { id: (this.toastId += 1), text };
    this.toasts.set([...this.toasts.value, toast]);
    setTimeout(() => this.dismiss(toast.id), TOAST_MS);
  }

  dismiss(id: number): void {
    this.toasts.set(this.toasts.value.filter((toast) => toast.id !== id));
  }

  /** Notifications link to `/?conversation=…`; from then on the address is the page's own. */
  private followLink(): void {
    const query = new URLSearchParams(location.search);
    const linked = query.get("conversation");
    if (!linked) return;
    query.delete("conversation");
    history.replaceState(null, "", withQuery(location.pathname, query) + location.hash);
    this.select(linked);
  }

  private show(id: string | null): void {
    this.composer.set({ kind: "write" });
    this.selected.set(id);
  }
}

function fromAddress(): string | null {
  const found = ADDRESS.exec(location.hash)?.[1];
  return found ? decoded(found) : null;
}
