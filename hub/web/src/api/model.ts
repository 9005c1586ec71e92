/** What the page shows: operations and events in one common form, whichever document they come from. */

import type { Document, Schema } from "./schema";

export interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
}

export interface Body {
  label: string;
  description?: string;
  schema: Schema;
}

export interface Failure {
  status: string;
  code: string;
  text: string;
}

export interface Entry {
  id: string;
  surface: "HTTP" | "Socket.IO";
  group: string;
  /** Path or event name. */
  title: string;
  /** Method, or direction of the event. */
  badge: string;
  summary: string;
  description: string;
  deprecated: boolean;
  parameters: Parameter[];
  bodies: Body[];
  failures: Failure[];
  document: Document;
}

export interface Group {
  surface: Entry["surface"];
  name: string;
  entries: Entry[];
}

export function grouped(entries: Entry[]): Group[] {
  const groups = new Map<string, Group>();
  for (const entry of entries) {
    const key = `${entry.surface} ${entry.group}`;
    const group = groups.get(key) ?? { surface: entry.surface, name: entry.group, entries: [] };
    group.entries.push(entry);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Every word must occur somewhere in what names or describes the entry. */
export function matches(entry: Entry, query: string): boolean {
  const codes = entry.failures.map((failure) => failure.code).join(" ");
  const text = `${entry.surface} ${entry.group} ${entry.badge} ${entry.title} ${entry.summary} ${entry.description} ${codes}`.toLowerCase();
  return query.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

export const slug = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
