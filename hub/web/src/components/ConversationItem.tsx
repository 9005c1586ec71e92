/** One line of the list: who, the last message, when, and how much is unread. */

import type { Conversation } from "../../sdk";
import { useApp, useClientEvent } from "../hooks/app";
import { conversationName, conversationTopic, partner, preview } from "../text/names";
import { Avatar, PresenceDot } from "./Avatar";
import { Icon } from "./Icon";

export function ConversationItem({ conversation, selected }: { conversation: Conversation; selected: boolean }) {
  const app = useApp();
  const { client, ui, dates, count } = app;
  const unread = client.inbox.unreadOf(conversation.id);
  const name = conversationName(conversation, client.userId, app);
  const topic = conversationTopic(conversation, client.userId, app);
  const other = partner(conversation.members, client.userId);
  const at = conversation.last_message?.created_at ?? conversation.updated_at;
  return (
    <li>
      <button
        type="button"
        class={`item ${unread > 0 ? "unread" : ""}`}
        data-testid="conversation-item"
        data-conversation-id={conversation.id}
        aria-current={selected ? "page" : undefined}
        onClick={() => ui.select(conversation.id)}
      >
        <span class="avatar-box">
          <Avatar id={other?.user_id ?? conversation.id} name={name} />
          {other && <PresenceDot userId={other.user_id} />}
        </span>
        <span class="item-main">
          <span class="item-top">
            <strong>{name}</strong>
            <time dateTime={at}>{dates.brief(at)}</time>
          </span>
          {topic && <span class="item-topic">{topic}</span>}
          <span class="item-bottom">
            <LastLine conversation={conversation} />
            {unread > 0 && (
              <span class="badge" data-testid="unread-badge" data-count={unread}>
                <span aria-hidden="true">{unread > 99 ? "99+" : unread}</span>
                <span class="sr-only">{count("unread", unread)}</span>
              </span>
            )}
          </span>
        </span>
      </button>
    </li>
  );
}

function LastLine({ conversation }: { conversation: Conversation }) {
  const app = useApp();
  const { client, t, ui } = app;
  useClientEvent("typing", conversation.id);
  const { last_message: last, id } = conversation;
  const typing = client.typingUsers.in(id).filter((user) => user !== client.userId);
  const member = conversation.members.find((one) => one.user_id === typing[0]);
  if (member) return <span class="item-last typing-text">{t("typing.one", { name: member.display_name ?? t("message.someone") })}</span>;
  const draft = ui.selected.value === id ? "" : ui.draft(id);
  if (draft) {
    return (
      <span class="item-last">
        <em>{t("list.draft")}</em>
        {draft}
      </span>
    );
  }
  const own = last?.sender_id === client.userId && last.kind !== "system";
  return (
    <span class="item-last">
      {conversation.state === "closed" && (
        <span class="closed-mark" title={t("list.closed")}>
          <Icon name="lock" size={13} />
          <span class="sr-only">{t("list.closed")}</span>
        </span>
      )}
      {last ? (own ? t("list.you") : "") + preview(last, app) : t("list.none")}
    </span>
  );
}
