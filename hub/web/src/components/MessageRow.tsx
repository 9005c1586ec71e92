/** One message: quote, text, time and state, reactions, and what can be done with it. */

import { Component } from "preact";
import type { Message, MessageState, OutboxItem } from "../../sdk";
import { useApp } from "../hooks/app";
import { preview } from "../text/names";
import type { MessageActions } from "./actions";
import { Avatar } from "./Avatar";
import { Bubble } from "./Bubble";
import { FailedBox } from "./FailedBox";
import { Reactions } from "./Reactions";
import { Tools } from "./Tools";

export interface RowProps {
  rowKey: string;
  message: Message | undefined;
  echo: OutboxItem | undefined;
  /** The outbox changes its items in place; this tells a redraw that it did. */
  echoState: OutboxItem["state"] | undefined;
  state: MessageState;
  own: boolean;
  first: boolean;
  last: boolean;
  /** The latest own message. */
  latest: boolean;
  group: boolean;
  name: string;
  repliedSeq: number | null;
  quoted: Message | undefined;
  quotedName: string;
  canSend: boolean;
  canChange: boolean;
  tabStop: boolean;
  active: boolean;
  actions: MessageActions;
}

/** Draws only when something of its own changed: a list of thousands must not redraw for each new message. */
export class MessageRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    return (Object.keys(next) as Array<keyof RowProps>).some((name) => next[name] !== this.props[name]);
  }

  override render() {
    return this.props.message?.kind === "system" ? <SystemRow {...this.props} message={this.props.message} /> : <Row {...this.props} />;
  }
}

function SystemRow({ message, state }: RowProps & { message: Message }) {
  return (
    <li class="system" data-testid="message" data-seq={message.seq} data-state={state}>
      <span data-testid="message-body">{message.body}</span>
    </li>
  );
}

function Row(props: RowProps) {
  const app = useApp();
  const { t, dates } = app;
  const { message, echo, own, first, last, group, name, state, rowKey, actions, active } = props;
  const at = message?.created_at ?? echo?.created_at ?? "";
  const text = message ? preview(message, app) : (echo?.body ?? "");
  const label = `${name}, ${dates.moment(at)}: ${text}${own ? `. ${t(`state.${state as "sent"}`)}` : ""}`;
  const classes = ["row", own ? "own" : "", first ? "first" : "", last ? "last" : "", active ? "active" : ""].join(" ");
  return (
    <li
      class={classes}
      data-testid="message"
      data-row={rowKey}
      data-seq={message?.seq}
      data-state={state}
      data-client-message-id={message?.client_message_id ?? echo?.client_message_id}
      tabIndex={props.tabStop ? 0 : -1}
      aria-label={label}
      onClick={(event) => touched(event, () => actions.choose(active ? null : rowKey))}
    >
      {group && !own && <span class="row-avatar">{last && <Avatar id={message?.sender_id ?? ""} name={name} size={28} />}</span>}
      <div class="stack">
        {group && !own && first && <span class="sender">{name}</span>}
        <div class="bubble-line">
          <Bubble {...props} />
          {message && <Tools message={message} own={own} canSend={props.canSend} canChange={props.canChange} reachable={props.tabStop} actions={actions} />}
        </div>
        {message && <Reactions message={message} canSend={props.canChange} actions={actions} />}
        {echo && state === "failed" && <FailedBox echo={echo} actions={actions} />}
      </div>
    </li>
  );
}

/** Touch has no hover: a tap on the message, not on something in it, shows or hides its buttons. */
function touched(event: MouseEvent, toggle: () => void): void {
  if (!matchMedia("(hover: none)").matches) return;
  if ((event.target as HTMLElement).closest("button, a")) return;
  toggle();
}
