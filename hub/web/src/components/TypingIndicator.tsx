/** Three moving dots and a name while somebody writes. */

import type { OpenConversation } from "../../sdk";
import { useApp, useClientEvent } from "../hooks/app";
import { senderName } from "../text/names";

export function TypingIndicator({ conversation }: { conversation: OpenConversation }) {
  const app = useApp();
  const { client, t } = app;
  useClientEvent("typing", conversation.id);
  const users = client.typingUsers.in(conversation.id).filter((id) => id !== client.userId);
  const [first] = users;
  const name = first ? senderName(first, conversation.log.members, client.userId, app) : "";
  const text = users.length > 1 ? t("typing.many") : t("typing.one", { name });
  return (
    <div class="typing-line" aria-live="off">
      {first && (
        <span class="typing" data-testid="typing-indicator">
          <span class="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {text}
        </span>
      )}
    </div>
  );
}
