/** The body of a message with the quote above and time and state below. */

import type { Message } from "../../sdk";
import { useApp } from "../hooks/app";
import { preview } from "../text/names";
import { Attachments } from "./Attachments";
import type { RowProps } from "./MessageRow";
import { PpvCard } from "./PpvCard";
import { RichText } from "./RichText";
import { StateMark } from "./StateMark";

export function Bubble(props: RowProps) {
  const { t, dates } = useApp();
  const { message, echo, own, state } = props;
  const at = message?.created_at ?? echo?.created_at ?? "";
  return (
    <div class={`bubble ${message && message.body_state !== "clear" ? message.body_state : ""} ${state}`}>
      <Quote {...props} />
      {message?.kind === "ppv" && message.ppv && <PpvCard message={message} own={own} />}
      {message?.attachments && message.attachments.length > 0 && <Attachments items={message.attachments} />}
      <Body message={message} text={echo?.body ?? ""} />
      <span class="meta">
        {message?.edited_at && message.body_state !== "deleted" && <span>{t("message.edited")}</span>}
        <time dateTime={at}>{dates.time(at)}</time>
        {own && <StateMark state={state} spelled={props.latest} />}
      </span>
    </div>
  );
}

function Body({ message, text }: { message: Message | undefined; text: string }) {
  const { t } = useApp();
  if (!message) return <TextBody text={text} />;
  const { body_state: state } = message;
  if (state === "deleted" || state === "blocked" || (state === "held" && !message.body)) {
    return (
      <span class="note" data-testid="message-body">
        {t(`message.${state}`)}
      </span>
    );
  }
  return (
    <>
      {message.body && <TextBody text={message.body} />}
      {(state === "redacted" || state === "held") && <span class="note">{t(`message.${state}`)}</span>}
    </>
  );
}

function TextBody({ text }: { text: string }) {
  return (
    <span class="body" data-testid="message-body" dir="auto">
      <RichText text={text} />
    </span>
  );
}

function Quote({ repliedSeq, quoted, quotedName, actions }: RowProps) {
  const app = useApp();
  const { t } = app;
  if (repliedSeq === null) return null;
  const text = quoted ? preview(quoted, app) : t("message.quote.gone");
  return (
    <button
      type="button"
      class="quote"
      data-testid="quote"
      tabIndex={-1}
      aria-label={`${t("message.quote", { name: quotedName || t("message.someone") })}: ${text}`}
      onClick={() => actions.jump(repliedSeq)}
    >
      {quotedName && <strong>{quotedName}</strong>}
      <span>{text}</span>
    </button>
  );
}
