/** The buttons beside a message. They show on hover, when the row has the focus, and after a tap. */

import { useRef, useState } from "preact/hooks";
import type { Message } from "../../sdk";
import { useApp } from "../hooks/app";
import { isEditable, isLive, type MessageActions } from "./actions";
import { Icon, type IconName } from "./Icon";
import { EmojiPicker } from "./EmojiPicker";

type Props = { message: Message; own: boolean; canSend: boolean; canChange: boolean; reachable: boolean; actions: MessageActions };

export function Tools({ message, own, canSend, canChange, reachable, actions }: Props) {
  const { t } = useApp();
  const [picking, setPicking] = useState(false);
  const bar = useRef<HTMLDivElement>(null);
  if (!canSend || !isLive(message)) return null;
  const button = (id: string, icon: IconName, label: string, act: () => void, expanded?: boolean) => (
    <button type="button" data-testid={id} aria-label={label} title={label} aria-expanded={expanded} tabIndex={reachable ? 0 : -1} onClick={act}>
      <Icon name={icon} size={18} />
    </button>
  );
  const stopPicking = (): void => {
    setPicking(false);
    bar.current?.querySelector<HTMLElement>("button")?.focus();
  };
  return (
    <div class={`tools ${picking ? "open" : ""}`} role="toolbar" aria-label={t("message.actions")} ref={bar}>
      {canChange && button("react-button", "smile", t("message.react"), () => setPicking(!picking), picking)}
      {button("reply-button", "reply", t("message.reply"), () => actions.reply(message))}
      {own && canChange && isEditable(message) && button("edit-button", "edit", t("message.edit"), () => actions.edit(message))}
      {own && button("delete-button", "trash", t("message.delete"), () => actions.remove(message))}
      {picking && (
        <EmojiPicker
          message={message}
          onPick={(emoji) => {
            stopPicking();
            actions.react(message, emoji);
          }}
          onClose={stopPicking}
        />
      )}
    </div>
  );
}
