/** A schema as a tree that opens as far as its reader wants; parts are drawn only once opened, so recursion ends. */

import { useState } from "preact/hooks";
import { Prose } from "./Prose";
import { childrenOf, limitsOf, resolve, typeName, type Child, type Document, type Schema } from "./schema";

/** So many levels are open at first. */
const OPEN_LEVELS = 1;

export function SchemaTree({ schema, document }: { schema: Schema; document: Document }) {
  const children = childrenOf(schema, document);
  const description = resolve(schema, document).description;
  return (
    <div class="tree">
      <p class="tree-head">
        <code class="type">{typeName(schema, document)}</code> {description && <Prose text={description} />}
      </p>
      {children.length > 0 && <Children list={children} document={document} level={0} />}
    </div>
  );
}

function Children({ list, document, level }: { list: Child[]; document: Document; level: number }) {
  return (
    <ul>
      {list.map((child) => (
        <Node key={child.name} child={child} document={document} level={level} />
      ))}
    </ul>
  );
}

function Node({ child, document, level }: { child: Child; document: Document; level: number }) {
  const { schema } = child;
  const inner = childrenOf(schema, document);
  const [open, setOpen] = useState(level < OPEN_LEVELS && inner.length <= 6);
  if (inner.length === 0) {
    return (
      <li class="leaf">
        <Line child={child} document={document} />
      </li>
    );
  }
  return (
    <li>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <Line child={child} document={document} />
        </summary>
        {open && <Children list={inner} document={document} level={level + 1} />}
      </details>
    </li>
  );
}

function Line({ child, document }: { child: Child; document: Document }) {
  const { name, schema, required } = child;
  const real = resolve(schema, document);
  const values = real.enum ?? [];
  const description = schema.description ?? real.description;
  return (
    <span class="line">
      <code class="name">{name}</code>
      <code class="type">{typeName(schema, document)}</code>
      {required && <span class="required">required</span>}
      {limitsOf({ ...real, ...schema }).map((limit) => (
        <span class="limit">{limit}</span>
      ))}
      {values.length > 0 && (
        <span class="values">
          {values.map((value) => (
            <code>{String(value)}</code>
          ))}
        </span>
      )}
      {description && (
        <span class="describe">
          <Prose text={description} />
        </span>
      )}
    </span>
  );
}
