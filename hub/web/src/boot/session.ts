/** Who is using the page: a persona of the demo, or the holder of a token. */

import { HubError } from "../../sdk/errors";
import type { GetToken } from "../../sdk/token";
import { decoded, withQuery } from "../text/address";
import { getData } from "./api";
import { drop, keep, kept } from "./kept";

export interface Persona {
  user_id: string;
  display_name: string;
  role: string;
  token: string;
  locale?: string | null;
}

export type Entry =
  | { kind: "token"; getToken: GetToken; demo: boolean; locale?: string | null }
  | { kind: "chooser"; personas: Persona[]; unknown?: string }
  | { kind: "form" }
  | { kind: "unreachable" };

const STORED = "hub.token";

/** Order of precedence: a token in the address, `?as=`, a token given earlier, the demo's people, the form. */
export async function enter(): Promise<Entry> {
  takeTokenFromAddress();
  const wanted = new URLSearchParams(location.search).get("as");
  const stored = kept("tab", STORED);
  if (!wanted && stored) return withToken(stored);
  try {
    const personas = await fetchPersonas();
    if (!personas) return { kind: "form" };
    return wanted ? asPersona(personas, wanted) : { kind: "chooser", personas };
  } catch {
    return { kind: "unreachable" };
  }
}

export function keepToken(token: string): void {
  keep("tab", STORED, token.trim());
}

/** Back to the page without an identity. */
export function signOut(): void {
  drop("tab", STORED);
  const query = new URLSearchParams(location.search);
  query.delete("as");
  location.href = withQuery(location.pathname, query);
}

/** This page, as one person of the demo. */
export function addressAs(userId: string): string {
  const query = new URLSearchParams(location.search);
  query.set("as", userId);
  return withQuery(location.pathname, query);
}

/** Another page, for the same person and in the same language. */
export function addressOf(path: string, more: Record<string, string> = {}): string {
  const here = new URLSearchParams(location.search);
  const query = new URLSearchParams();
  for (const name of ["as", "lang"]) {
    const value = here.get(name);
    if (value) query.set(name, value);
  }
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return withQuery(path, query);
}

function takeTokenFromAddress(): void {
  const token = /^#token=(.+)$/.exec(location.hash)?.[1];
  if (!token) return;
  keepToken(decoded(token));
  // A token must not stay in the address bar, the history, or a screenshot.
  history.replaceState(null, "", location.pathname + location.search);
}

function withToken(token: string): Entry {
  // There is nowhere to get another one from: an expired token ends the session.
  return { kind: "token", demo: false, getToken: (reason) => (reason === "connect" ? token : null) };
}

function asPersona(personas: Persona[], wanted: string): Entry {
  const find = (all: Persona[]): Persona | undefined => all.find((one) => one.user_id === wanted) ?? all.find((one) => one.role === wanted);
  const persona = find(personas);
  if (!persona) return { kind: "chooser", personas, unknown: wanted };
  const getToken: GetToken = async (reason) => {
    if (reason === "connect") return persona.token;
    return find((await fetchPersonas()) ?? [])?.token ?? null;
  };
  return { kind: "token", demo: true, getToken, locale: persona.locale };
}

/** Null outside the demo. */
async function fetchPersonas(): Promise<Persona[] | null> {
  try {
    return (await getData<{ personas: Persona[] }>("/api/v1/dev/personas")).personas;
  } catch (thrown) {
    if (HubError.of(thrown).code === "not_found") return null;
    throw thrown;
  }
}
