/** One conversation on screen: header, messages, typing, and the composer or the reason why there is none. */

import { useCallback, useEffect, useState } from "preact/hooks";
import type { Message, OpenConversation } from "../../sdk";
import { useApp, useClientEvent } from "../hooks/app";
import { useAttention } from "../hooks/attention";
import { conversationName } from "../text/names";
import { ChatHeader } from "./ChatHeader";
import { ClosedBanner } from "./ClosedBanner";
import { Composer } from "./Composer";
import { DeleteDialog } from "./DeleteDialog";
import { EmptyState } from "./EmptyState";
import { MessageList } from "./MessageList";
import { usePartnersPresence } from "./Sidebar";
import { ChatSkeleton } from "./Skeleton";
import { TypingIndicator } from "./TypingIndicator";

/** So many conversations stay current in the background, so that switching back shows them at once. */
const KEEP_OPEN = 6;
const recent: string[] = [];

export function ChatPane({ id }: { id: string }) {
  const app = useApp();
  const { client, t, explain } = app;
  const conversation = useOpened(id);
  useClientEvent("conversation", id);
  useClientEvent("inbox");
  const attentive = useAttention();
  useFocusReport(id, attentive);
  const [doomed, setDoomed] = useState<Message | null>(null);
  const remove = useCallback((message: Message) => setDoomed(message), []);
  const members = membersOf(conversation, client.inbox.get(id)?.members);
  usePartnersPresence(members.map((member) => member.user_id).filter((user) => user !== client.userId));
  const about = { ...client.inbox.get(id), ...conversation.log.conversation, members };
  const known = members.length > 0;
  const name = known ? conversationName(about, client.userId, app) : "";
  const loaded = conversation.status === "ready";
  return (
    <>
      <ChatHeader conversation={about} name={name} viewers={conversation.viewers} />
      {conversation.status === "error" && conversation.error && (
        <EmptyState icon="alert" title={t("chat.error.title")} text={explain(conversation.error)} />
      )}
      {conversation.status === "loading" && <ChatSkeleton />}
      {loaded && <MessageList conversation={conversation} name={name} attentive={attentive} onDelete={remove} />}
      {loaded && <TypingIndicator conversation={conversation} />}
      {loaded && (conversation.left === null && conversation.log.canSend(client.userId) ? <Composer id={id} name={name} /> : <ClosedBanner conversation={conversation} />)}
      {doomed && <DeleteDialog message={doomed} onClose={() => setDoomed(null)} />}
    </>
  );
}

function useOpened(id: string): OpenConversation {
  const { client } = useApp();
  useEffect(() => {
    const at = recent.indexOf(id);
    if (at >= 0) recent.splice(at, 1);
    recent.push(id);
    while (recent.length > KEEP_OPEN) client.leave(recent.shift() ?? "");
  }, [client, id]);
  return client.openConversation(id);
}

/** Tells the server what is looked at, and that nothing is while the page is out of sight. */
function useFocusReport(id: string, attentive: boolean): void {
  const { client } = useApp();
  useEffect(() => client.setFocus(attentive ? id : null), [client, id, attentive]);
  useEffect(() => () => client.setFocus(null), [client]);
}

const membersOf = (conversation: OpenConversation, listed: OpenConversation["log"]["conversation"]["members"]) =>
  conversation.log.members.size > 0 ? [...conversation.log.members.values()] : (listed ?? []);
