/** Where messages are written, answered and corrected. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { HubError, type Message } from "../../sdk";
import { useApp } from "../hooks/app";
import { useStore } from "../hooks/store";
import { roomFor } from "../text/limits";
import { isEditable } from "./actions";
import { ComposerContext } from "./ComposerContext";
import { Icon } from "./Icon";

const MAX_HEIGHT_PX = 180;

export function Composer({ id, name }: { id: string; name: string }) {
  const { client, ui, t, count, explain } = useApp();
  const mode = useStore(ui.composer);
  const [text, setText] = useState(() => ui.draft(id));
  const field = useRef<HTMLTextAreaElement>(null);
  const room = roomFor(text, client.session?.limits.body_bytes);
  const sendable = text.trim() !== "" && !room.over;

  useRegisteredField(field);
  useGrowth(field, text);
  // Before the next paint: what is typed at once must not be overwritten by the text that is to be edited.
  useLayoutEffect(() => {
    setText(mode.kind === "edit" ? (mode.message.body ?? "") : ui.draft(id));
  }, [mode]);

  const change = (next: string): void => {
    setText(next);
    if (mode.kind === "edit") return;
    ui.setDraft(id, next);
    if (next && !client.conversation(id)?.live) client.typing.input(id);
    else client.typing.stop();
  };
  const reset = (): void => ui.composer.set({ kind: "write" });
  const submit = (): void => {
    if (!sendable) return;
    if (mode.kind === "edit") {
      if (text !== mode.message.body) client.edit(id, mode.message.seq, text).catch(failed);
    } else {
      client.send(id, text, mode.kind === "reply" ? mode.message.seq : undefined);
      ui.setDraft(id, "");
      setText("");
    }
    reset();
    field.current?.focus();
  };
  const failed = (thrown: unknown): void => ui.toast(explain(HubError.of(thrown)));
  const keyDown = (event: KeyboardEvent): void => {
    if (event.isComposing) return; // Enter that ends an input method's composition
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && mode.kind !== "write") {
      event.preventDefault();
      reset();
    } else if (event.key === "ArrowUp" && text === "" && mode.kind === "write") {
      const last = lastEditable(client.timeline(id).map((item) => (item.own ? item.message : undefined)));
      if (!last) return;
      event.preventDefault();
      ui.composer.set({ kind: "edit", message: last });
    }
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <ComposerContext mode={mode} onCancel={reset} />
      <div class="composer-row">
        <textarea
          ref={field}
          rows={1}
          data-testid="composer-input"
          aria-label={t("composer.label", { name })}
          aria-invalid={room.over}
          aria-describedby={room.show ? "composer-room" : undefined}
          placeholder={t("composer.placeholder")}
          enterkeyhint="send"
          dir="auto"
          value={text}
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={keyDown}
        />
        <button type="submit" class="send" data-testid="composer-send" disabled={!sendable} aria-label={t(mode.kind === "edit" ? "composer.save" : "composer.send")}>
          <Icon name={mode.kind === "edit" ? "check" : "send"} size={22} />
        </button>
      </div>
      {room.show && (
        <p id="composer-room" class={`room ${room.over ? "over" : ""}`} data-testid="composer-room" role="status">
          {room.over ? `${t("composer.over")} (${room.left})` : count("composer.left", room.left)}
        </p>
      )}
    </form>
  );
}

const lastEditable = (messages: Array<Message | undefined>): Message | undefined =>
  messages.findLast((message) => message !== undefined && isEditable(message));

/** Lets the rest of the page return the focus here. Not at once on touch screens: the keyboard would jump up. */
function useRegisteredField(field: { current: HTMLTextAreaElement | null }): void {
  const { ui, client } = useApp();
  useEffect(() => {
    ui.composerElement = field.current;
    if (matchMedia("(pointer: fine)").matches) field.current?.focus();
    return () => {
      ui.composerElement = null;
      client.typing.stop();
    };
  }, []);
}

function useGrowth(field: { current: HTMLTextAreaElement | null }, text: string): void {
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, MAX_HEIGHT_PX)}px`;
  }, [text]);
}
