/** Back to the end of the list, with the number of messages that came in meanwhile. */

import { useApp } from "../hooks/app";
import { Icon } from "./Icon";

export function JumpButton({ count, onClick }: { count: number; onClick: () => void }) {
  const { t, count: plural } = useApp();
  return (
    <button type="button" class="jump" data-testid="jump-button" aria-label={count > 0 ? plural("chat.jump", count) : t("chat.jump")} onClick={onClick}>
      <Icon name="down" />
      {count > 0 && (
        <span class="badge" aria-hidden="true">
          {count > 99 ? "99+" : count}
        </span>
      )}
    </button>
  );
}
