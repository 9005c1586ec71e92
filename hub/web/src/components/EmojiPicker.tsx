/** A short row of reactions to choose from. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Message } from "../../sdk";
import { useApp } from "../hooks/app";

const CHOICES = ["👍", "❤️", "😂", "😮", "😢", "🙏", "🔥", "🎉"];

type Props = { message: Message; onPick: (emoji: string) => void; onClose: () => void };

export function EmojiPicker({ message, onPick, onClose }: Props) {
  const { client, t } = useApp();
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    keepInside(element);
    element.querySelector<HTMLElement>("button")?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    const outside = (event: PointerEvent): void => {
      if (!box.current?.parentElement?.contains(event.target as Node)) onClose();
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [onClose]);
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onClose();
  };
  return (
    <div class="picker" role="group" aria-label={t("message.react")} ref={box} onKeyDown={escape}>
      {CHOICES.map((emoji) => (
        <button
          type="button"
          key={emoji}
          data-testid="emoji"
          data-emoji={emoji}
          aria-label={emoji}
          aria-pressed={message.reactions?.[emoji]?.includes(client.userId) ?? false}
          onClick={() => onPick(emoji)}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}

/** Opens upwards unless the list's edge is in the way, and never past its sides. */
function keepInside(element: HTMLElement): void {
  const frame = element.closest(".messages")?.getBoundingClientRect();
  if (!frame) return;
  if (element.getBoundingClientRect().top < frame.top + 4) element.classList.add("below");
  const { left, right } = element.getBoundingClientRect();
  const shift = left < frame.left + 6 ? frame.left + 6 - left : right > frame.right - 6 ? frame.right - 6 - right : 0;
  if (shift !== 0) element.style.translate = `${shift}px 0`;
}
