/** The reactions a message has; pressing one joins in or takes an own one back. */

import type { Message } from "../../sdk";
import { useApp } from "../hooks/app";
import { isLive, type MessageActions } from "./actions";

export function Reactions({ message, canSend, actions }: { message: Message; canSend: boolean; actions: MessageActions }) {
  const { client, t } = useApp();
  const entries = Object.entries(message.reactions ?? {}).filter(([, users]) => users.length > 0);
  if (entries.length === 0 || !isLive(message)) return null;
  return (
    <div class="reactions">
      {entries.map(([emoji, users]) => {
        const mine = users.includes(client.userId);
        return (
          <button
            type="button"
            key={emoji}
            class={`reaction ${mine ? "mine" : ""}`}
            data-testid="reaction"
            data-emoji={emoji}
            aria-pressed={mine}
            aria-label={t(mine ? "message.reaction.mine" : "message.reaction", { emoji, n: users.length })}
            disabled={!canSend}
            tabIndex={-1}
            onClick={() => actions.react(message, emoji)}
          >
            <span>{emoji}</span>
            <span class="reaction-count">{users.length}</span>
          </button>
        );
      })}
    </div>
  );
}
