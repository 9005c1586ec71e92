/** The page: search, contents, and all operations and events by group. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { Icon } from "../components/Icon";
import { ThemeToggle } from "../components/Preferences";
import { i18n } from "../i18n";
import { EntryCard } from "./EntryCard";
import { grouped, matches, slug, type Entry, type Group } from "./model";
import { Prose } from "./Prose";
import type { Document } from "./schema";

export interface Source {
  name: string;
  address: string;
  document: Document | null;
}

const texts = i18n("en");

export function Reference({ entries, sources }: { entries: Entry[]; sources: Source[] }) {
  const [query, setQuery] = useState("");
  const target = useAddress();
  const groups = useMemo(() => grouped(query.trim() ? entries.filter((entry) => matches(entry, query.trim())) : entries), [entries, query]);
  return (
    <div class="reference">
      <header class="top">
        <a class="home" href="/" aria-label="Back to the chat">
          <Icon name="back" />
        </a>
        <h1>API reference</h1>
        <label class="search">
          <Icon name="search" size={18} />
          <span class="sr-only">Search operations, events and error codes</span>
          <input type="search" placeholder="Search" value={query} onInput={(event) => setQuery(event.currentTarget.value)} data-testid="api-search" />
        </label>
        <ThemeToggle t={texts.t} />
      </header>
      <Contents groups={groups} />
      <main>
        {!query && sources.map((source) => <SourceCard key={source.name} source={source} />)}
        {groups.map((group) => (
          <GroupSection key={group.surface + group.name} group={group} target={target} />
        ))}
        {groups.length === 0 && query && <p class="nothing">Nothing matches “{query}”.</p>}
      </main>
    </div>
  );
}

function Contents({ groups }: { groups: Group[] }) {
  return (
    <nav class="contents" aria-label="Contents">
      {[...new Set(groups.map((group) => group.surface))].map((surface) => (
        <section key={surface}>
          <h2>{surface}</h2>
          <ul>
            {groups
              .filter((group) => group.surface === surface)
              .map((group) => (
                <li key={group.name}>
                  <a href={`#${groupId(group)}`}>
                    {group.name} <span>{group.entries.length}</span>
                  </a>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function GroupSection({ group, target }: { group: Group; target: string }) {
  return (
    <section class="group" id={groupId(group)}>
      <h2>
        {group.name} <small>{group.surface}</small>
      </h2>
      {group.entries.map((entry) => (
        <EntryCard key={entry.id} entry={entry} target={entry.id === target} />
      ))}
    </section>
  );
}

function SourceCard({ source }: { source: Source }) {
  const info = (source.document?.info ?? {}) as { title?: string; version?: string; description?: string };
  return (
    <section class="source">
      <h2>
        {info.title ?? source.name} {info.version && <small>{info.version}</small>}
      </h2>
      {info.description && (
        <p>
          <Prose text={info.description} />
        </p>
      )}
      {source.document === null && <p class="nothing">This document could not be loaded.</p>}
      <p>
        <a href={source.address}>{source.address}</a>
      </p>
    </section>
  );
}

const groupId = (group: Group): string => `group-${slug(`${group.surface}-${group.name}`)}`;

function useAddress(): string {
  const [hash, setHash] = useState(() => location.hash.slice(1));
  useEffect(() => {
    const update = (): void => setHash(location.hash.slice(1));
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return hash;
}
