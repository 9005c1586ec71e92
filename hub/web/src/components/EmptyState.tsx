/** A friendly word where there is nothing to show yet. */

import { Icon, type IconName } from "./Icon";

export function EmptyState({ icon, title, text, level = 2 }: { icon: IconName; title: string; text?: string; level?: 2 | 3 }) {
  const Heading = level === 2 ? "h2" : "h3";
  return (
    <div class="empty">
      <span class="empty-icon" aria-hidden="true">
        <Icon name={icon} size={30} />
      </span>
      <Heading>{title}</Heading>
      {text && <p>{text}</p>}
    </div>
  );
}
