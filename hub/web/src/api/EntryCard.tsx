/** One operation or event: closed it is a line, open it shows everything there is to know. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { Entry, Failure, Parameter } from "./model";
import { Prose } from "./Prose";
import { typeName, limitsOf, resolve } from "./schema";
import { SchemaTree } from "./SchemaTree";

export function EntryCard({ entry, target }: { entry: Entry; target: boolean }) {
  const [open, setOpen] = useState(target);
  const card = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (!target) return;
    setOpen(true);
    card.current?.scrollIntoView({ block: "start" });
  }, [target]);
  return (
    <details class="entry" id={entry.id} ref={card} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class={`badge-method ${badgeClass(entry.badge)}`}>{entry.badge}</span>
        <code class="entry-title">{entry.title}</code>
        {entry.deprecated && <span class="limit">deprecated</span>}
        <span class="entry-summary">
          <Prose text={entry.summary} />
        </span>
      </summary>
      {open && <Details entry={entry} />}
    </details>
  );
}

function Details({ entry }: { entry: Entry }) {
  return (
    <div class="entry-body">
      {entry.description && (
        <p>
          <Prose text={entry.description} />
        </p>
      )}
      {entry.parameters.length > 0 && <Parameters list={entry.parameters} entry={entry} />}
      {entry.bodies.map((body) => (
        <section>
          <h3>{body.label}</h3>
          {body.description && (
            <p class="describe">
              <Prose text={body.description} />
            </p>
          )}
          <SchemaTree schema={body.schema} document={entry.document} />
        </section>
      ))}
      {entry.failures.length > 0 && <Failures list={entry.failures} />}
      <p class="permalink">
        <a href={`#${entry.id}`}>Link to this</a>
      </p>
    </div>
  );
}

function Parameters({ list, entry: { document } }: { list: Parameter[]; entry: Entry }) {
  return (
    <section>
      <h3>Parameters</h3>
      <ul class="parameters">
        {list.map((parameter) => (
          <li key={`${parameter.in} ${parameter.name}`}>
            <span class="line">
              <code class="name">{parameter.name}</code>
              <span class="limit">{parameter.in}</span>
              {parameter.schema && <code class="type">{typeName(parameter.schema, document)}</code>}
              {parameter.required && <span class="required">required</span>}
              {parameter.schema && limitsOf(resolve(parameter.schema, document)).map((limit) => <span class="limit">{limit}</span>)}
              {parameter.description && (
                <span class="describe">
                  <Prose text={parameter.description} />
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Failures({ list }: { list: Failure[] }) {
  return (
    <section>
      <h3>Errors</h3>
      <ul class="failures">
        {list.map((failure) => (
          <li key={failure.status + failure.code}>
            {failure.status && <span class="status">{failure.status}</span>}
            {failure.code && <code>{failure.code}</code>}
            <span class="describe">
              <Prose text={failure.text} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const badgeClass = (badge: string): string => (badge.includes("→") ? (badge.startsWith("client") ? "up" : "down") : badge.toLowerCase());
