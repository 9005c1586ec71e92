/** The conversations that do not notify, each with the way back. */

import { useEffect, useState } from "preact/hooks";
import { usePerson } from "../hooks/person";
import type { Say } from "../i18n/catalog";
import type { PreferencesKey } from "../i18n/preferences";
import type { Change } from "./model";

type Props = { ids: string[]; t: Say<PreferencesKey>; save: (change: Change) => void };

export function Muted({ ids, t, save }: Props) {
  return (
    <section class="panel" aria-labelledby="muted-title">
      <h2 id="muted-title">{t("muted.title")}</h2>
      <p class="lead">{t("muted.hint")}</p>
      {ids.length === 0 && <p>{t("muted.none")}</p>}
      <ul class="devices">
        {ids.map((id) => (
          <MutedOne key={id} id={id} t={t} onUnmute={() => save({ settings: [{ scope: `conversation:${id}`, channel: "*", allowed: null }] })} />
        ))}
      </ul>
    </section>
  );
}

function MutedOne({ id, t, onUnmute }: { id: string; t: Say<PreferencesKey>; onUnmute: () => void }) {
  const title = useTitle(id) ?? t("muted.nameless", { id: id.slice(-6) });
  return (
    <li data-testid="muted" data-conversation-id={id}>
      <span>
        <strong>{title}</strong>
      </span>
      <button type="button" class="link" data-testid="unmute" aria-label={`${t("muted.unmute")}: ${title}`} onClick={onUnmute}>
        {t("muted.unmute")}
      </button>
    </li>
  );
}

function useTitle(id: string): string | null {
  const { rest } = usePerson();
  const [title, setTitle] = useState<string | null>(null);
  useEffect(() => {
    rest.get<{ conversation: { title?: string | null } }>(`/conversations/${encodeURIComponent(id)}`).then(
      ({ conversation }) => setTitle(conversation.title ?? null),
      () => undefined, // it may be gone; then its id must do
    );
  }, [id, rest]);
  return title;
}
