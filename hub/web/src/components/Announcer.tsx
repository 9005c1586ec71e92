/** Reads new messages and notifications aloud, and only new ones: the visible list is not a live region, so history stays silent. */

import { useEffect, useState } from "preact/hooks";
import { useApp } from "../hooks/app";
import { preview } from "../text/names";

const KEEP = 5;

export function Announcer() {
  const app = useApp();
  const { client, ui, t } = app;
  const [lines, setLines] = useState<Array<{ id: string; text: string }>>([]);
  const add = (id: string, text: string): void => setLines((before) => [...before.slice(1 - KEEP), { id, text }]);
  useEffect(
    () =>
      client.on("notification", ({ id, category, title }) => {
        // A message is read aloud itself.
        if (category !== "messages") add(id, t("bell.announce", { title }));
      }),
    [app],
  );
  useEffect(
    () =>
      client.on("message", (message) => {
        const members = client.conversation(message.conversation_id)?.log.members;
        const name = members?.get(message.sender_id)?.display_name ?? t("message.someone");
        const here = ui.selected.value === message.conversation_id;
        const text = here ? t("chat.announce", { name, text: preview(message, app) }) : t("chat.announce.elsewhere", { name });
        add(message.id, text);
      }),
    [app],
  );
  return (
    <div class="sr-only" role="log" aria-live="polite" aria-relevant="additions">
      {lines.map((line) => (
        <p key={line.id}>{line.text}</p>
      ))}
    </div>
  );
}
