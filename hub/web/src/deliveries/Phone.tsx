/** The outline of a phone with a message in it, and the facts about it below. */

import type { ComponentChildren } from "preact";

export type Fact = [label: string, value: string | number | null | undefined];

export function Phone({ kind, title, children }: { kind: string; title: string; children: ComponentChildren }) {
  return (
    <div class="phone" data-kind={kind}>
      <div class="phone-top">{title}</div>
      <div class="phone-screen">{children}</div>
    </div>
  );
}

/** Those that are known. */
export function Facts({ facts }: { facts: Fact[] }) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return (
    <dl class="facts" data-testid="facts">
      {known.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
