/** The messages of a conversation, oldest first. */

import { useCallback, useMemo, useRef } from "preact/hooks";
import { HubError, type Message, type OpenConversation } from "../../sdk";
import { useApp } from "../hooks/app";
import { useRoving } from "../hooks/rove";
import { useScroll } from "../hooks/scroll";
import { hasMark, useCountBelow, useMarkLoaded, useNewMark, useReadReport } from "../hooks/unseen";
import { senderName } from "../text/names";
import { rowsOf, type Row } from "../text/rows";
import { EmptyState } from "./EmptyState";
import { JumpButton } from "./JumpButton";
import type { MessageActions } from "./actions";
import { MessageRow } from "./MessageRow";
import { ChatSkeleton } from "./Skeleton";

type Props = { conversation: OpenConversation; name: string; attentive: boolean; onDelete: (message: Message) => void };

export function MessageList({ conversation, name, attentive, onDelete }: Props) {
  const app = useApp();
  const { client, t, ui } = app;
  const { log, id } = conversation;
  const items = client.timeline(id);
  const ownTail = items.findLast((item) => item.own)?.key;
  const wasAtEnd = useRef(true);
  const mark = useNewMark(conversation, attentive, ownTail, wasAtEnd.current);
  const ready = useMarkLoaded(conversation, mark);
  const rows = rowsOf(items, hasMark(conversation, mark) ? mark : null);
  const loadEarlier = useCallback(() => {
    if (log.more && client.state.status === "online") conversation.history().catch(() => undefined);
  }, [client, conversation]);
  const { box, content, pinned, atEnd, onScroll, toEnd } = useScroll({
    firstKey: items[0]?.key,
    ownTail,
    ready,
    startAt: ".new-mark",
    onNearTop: loadEarlier,
  });
  wasAtEnd.current = atEnd;
  useReadReport(conversation, attentive, { ready, atEnd, pinned });
  const below = useCountBelow(items, log.headSeq, mark, pinned);
  const rove = useRoving(items.map((item) => item.key));
  const actions = useActions(conversation, onDelete, rove.choose);
  const sender = (message: Message): string => {
    const stranger = message.sender_id !== client.userId && !log.members.has(message.sender_id);
    return (stranger && message.sender_name) || senderName(message.sender_id, log.members, client.userId, app);
  };
  const group = log.members.size > 2 || log.live;

  const jump = (): void => {
    toEnd(true);
    ui.focusComposer();
  };

  const draw = (row: Row) => {
    if (row.kind === "day") return <DayRow key={row.key} at={row.at} />;
    if (row.kind === "new") return <NewRow key={row.key} />;
    const { item } = row;
    const replied = item.message?.reply_to_seq ?? item.echo?.reply_to_seq ?? null;
    const quoted = replied ? log.message(replied) : undefined;
    return (
      <MessageRow
        key={row.key}
        rowKey={row.key}
        message={item.message}
        echo={item.echo}
        echoState={item.echo?.state}
        state={item.state}
        own={item.own}
        first={row.first}
        last={row.last}
        latest={row.key === ownTail}
        group={group}
        name={item.message ? sender(item.message) : t("message.you")}
        repliedSeq={replied}
        quoted={quoted}
        quotedName={quoted ? sender(quoted) : ""}
        canSend={log.canSend(client.userId)}
        canChange={log.canChange(client.userId)}
        tabStop={rove.stop === row.key}
        active={rove.active === row.key}
        actions={actions}
      />
    );
  };

  return (
    <div class="messages-frame">
      {conversation.loadingHistory && ready && <span class="spinner history" aria-hidden="true" />}
      {!ready && <ChatSkeleton />}
      <div class={`messages ${ready ? "" : "waiting"}`} ref={box} onScroll={onScroll}>
        {items.length === 0 && <NoMessages name={name} canSend={log.canSend(client.userId)} />}
        <ol ref={content} aria-label={t("chat.messages", { name })} aria-description={t("chat.keys")} onKeyDown={rove.onKeyDown}>
          {!log.more && items.length > 0 && <li class="beginning">{t("chat.beginning")}</li>}
          {rows.map(draw)}
        </ol>
      </div>
      {!atEnd && <JumpButton count={below} onClick={jump} />}
    </div>
  );
}

function useActions(conversation: OpenConversation, onDelete: (message: Message) => void, choose: (key: string | null) => void): MessageActions {
  const { client, ui, explain } = useApp();
  return useMemo(() => {
    const { id } = conversation;
    const compose = (kind: "reply" | "edit", message: Message): void => {
      choose(null);
      ui.composer.set({ kind, message });
      ui.focusComposer();
    };
    return {
      choose,
      reply: (message) => compose("reply", message),
      edit: (message) => compose("edit", message),
      remove: onDelete,
      react: (message, emoji) => {
        choose(null);
        const mine = message.reactions?.[emoji]?.includes(client.userId) ?? false;
        client.react(id, message.seq, emoji, mine ? "remove" : "add").catch((thrown) => ui.toast(explain(HubError.of(thrown))));
      },
      retry: (clientMessageId) => client.outbox.retry(clientMessageId),
      discard: (clientMessageId) => client.outbox.discard(clientMessageId),
      jump: (seq) => void jumpTo(conversation, seq),
    };
  }, [client, ui, explain, conversation, onDelete]);
}

/** Pages back until the quoted message is there, then shows it. */
async function jumpTo(conversation: OpenConversation, seq: number): Promise<void> {
  const { log } = conversation;
  for (let pages = 0; seq < log.oldestSeq && log.more && pages < 20; pages += 1) {
    try {
      await conversation.history();
    } catch {
      return;
    }
  }
  // The rows are drawn after this tick.
  requestAnimationFrame(() => {
    const row = document.querySelector<HTMLElement>(`.messages [data-seq="${seq}"]`);
    row?.scrollIntoView({ block: "center" });
    row?.focus({ preventScroll: true });
    row?.classList.add("found");
    setTimeout(() => row?.classList.remove("found"), 1_600);
  });
}

function NoMessages({ name, canSend }: { name: string; canSend: boolean }) {
  const { t } = useApp();
  if (!canSend) return <EmptyState icon="chat" title={t("list.none")} level={3} />;
  return <EmptyState icon="wave" title={t("chat.empty.title")} text={t("chat.empty.text", { name })} level={3} />;
}

function DayRow({ at }: { at: string }) {
  const { dates } = useApp();
  return (
    <li class="day">
      <time dateTime={at}>{dates.day(at)}</time>
    </li>
  );
}

function NewRow() {
  const { t } = useApp();
  return (
    <li class="new-mark">
      <span>{t("chat.new")}</span>
    </li>
  );
}
