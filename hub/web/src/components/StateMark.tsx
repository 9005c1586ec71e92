/** How far an own message has come: a different shape for each state, and a word for screen readers. */

import type { MessageState } from "../../sdk";
import { useApp } from "../hooks/app";
import { Icon, type IconName } from "./Icon";

const ICONS: Record<Exclude<MessageState, "received">, IconName> = {
  sending: "clock",
  sent: "check",
  delivered: "checks",
  read: "checks",
  failed: "alert",
};

/** On the latest own message the word is visible: two ticks alone do not tell "delivered" from "read" without colour. */
export function StateMark({ state, spelled }: { state: MessageState; spelled: boolean }) {
  const { t } = useApp();
  if (state === "received") return null;
  const word = t(`state.${state}`);
  return (
    <span class={`state ${state}`} title={word}>
      <Icon name={ICONS[state]} size={15} />
      <span class={spelled ? "" : "sr-only"}>{word}</span>
    </span>
  );
}
