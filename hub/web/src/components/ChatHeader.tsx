/** Who this conversation is with, whether they are there, and until when it is open. */

import type { Conversation, Member } from "../../sdk";
import { useApp, useClientEvent } from "../hooks/app";
import { conversationTopic, isRoom, partner } from "../text/names";
import { Avatar, presenceKey } from "./Avatar";
import { Icon } from "./Icon";

type Props = { conversation: Partial<Conversation> & { id: string; members: Member[] }; name: string; viewers: number | null };

export function ChatHeader({ conversation, name, viewers }: Props) {
  const app = useApp();
  const { client, ui, t, count } = app;
  const other = isRoom(conversation) ? undefined : partner(conversation.members, client.userId);
  const topic = conversationTopic(conversation, client.userId, app);
  return (
    <header class="chat-head">
      <button type="button" class="icon-button back" data-testid="back-button" aria-label={t("chat.back")} onClick={() => ui.close()}>
        <Icon name="back" />
      </button>
      {name && <Avatar id={other?.user_id ?? conversation.id} name={name} size={40} />}
      <div class="chat-title">
        {name && <h2>{name}</h2>}
        <p>
          {viewers !== null && <span data-testid="viewers">{count("chat.viewers", viewers)}</span>}
          {other && <PresenceText userId={other.user_id} />}
          {topic && <span class="topic">{topic}</span>}
        </p>
      </div>
      <Until conversation={conversation} />
    </header>
  );
}

function PresenceText({ userId }: { userId: string }) {
  const { client, t, dates } = useApp();
  useClientEvent("presence", userId);
  const presence = client.presence.of(userId);
  const status = presence?.status ?? "offline";
  const seen = status === "offline" && presence?.last_seen ? t("presence.seen", { time: dates.moment(presence.last_seen) }) : t(presenceKey(status));
  return (
    <span class="presence" data-testid="presence" data-status={status}>
      <span class="dot inline" data-status={status} aria-hidden="true" />
      {seen}
    </span>
  );
}

function Until({ conversation }: { conversation: Partial<Conversation> }) {
  const { t, dates } = useApp();
  if (conversation.state !== "open" || !conversation.closes_at) return null;
  return (
    <span class="until">
      <Icon name="clock" size={14} />
      {t("chat.until", { time: dates.moment(conversation.closes_at) })}
    </span>
  );
}
