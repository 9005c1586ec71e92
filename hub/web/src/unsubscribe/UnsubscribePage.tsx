/** One button that stops one kind of message on one channel, says exactly what, and can be taken back. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { HubError } from "../../sdk/errors";
import { Rest } from "../boot/rest";
import { Icon, type IconName } from "../components/Icon";
import { LanguageSelect, ThemeToggle } from "../components/Preferences";
import { useLanguage } from "../hooks/language";
import { categoryName } from "../i18n/categories";
import { say } from "../i18n/catalog";
import { UNSUBSCRIBE, type UnsubscribeKey } from "../i18n/unsubscribe";

interface Subscription {
  /** Their address, masked. */
  user: string;
  channel: string;
  category: string;
  subscribed: boolean;
}

type Stage = "ask" | "done" | "undone";
const STAGES: Record<Stage, { icon: IconName; title: UnsubscribeKey; text: UnsubscribeKey }> = {
  ask: { icon: "mail", title: "ask", text: "what" },
  done: { icon: "check", title: "done", text: "doneText" },
  undone: { icon: "bell", title: "undone", text: "undoneText" },
};

export function UnsubscribePage({ token }: { token: string }) {
  const [texts, setLanguage] = useLanguage();
  const t = say(UNSUBSCRIBE, texts.language);
  const { subscription, stage, problem, busy, load, stop, undo } = useSubscription(token);
  useEffect(() => {
    document.title = `${t("title")} · ${texts.t("app.name")}`;
  }, [texts]);
  return (
    <main class="card-page">
      <div class="card" data-testid="unsubscribe" data-stage={subscription ? stage : "none"} aria-live="polite">
        {!subscription && !problem && <p>{t("loading")}</p>}
        {problem && <Problem kind={problem} t={t} onRetry={load} />}
        {subscription && !problem && (
          <>
            <span class="logo" aria-hidden="true">
              <Icon name={STAGES[stage].icon} size={26} />
            </span>
            <h1>{t(STAGES[stage].title)}</h1>
            <p>{t(STAGES[stage].text, wordsFor(subscription, texts.language, t))}</p>
            {stage === "done" ? (
              <button type="button" class="quiet" data-testid="unsubscribe-undo" disabled={busy} onClick={undo}>
                {t("undo")}
              </button>
            ) : (
              <button type="button" class="primary" data-testid="unsubscribe-button" disabled={busy} onClick={stop}>
                {t(busy ? "busy" : "button")}
              </button>
            )}
          </>
        )}
        <a href="/preferences.html">{t("settings")}</a>
        <div class="card-foot">
          <LanguageSelect i18n={texts} onChange={setLanguage} />
          <ThemeToggle t={texts.t} />
        </div>
      </div>
    </main>
  );
}

type Words = ReturnType<typeof say<UnsubscribeKey>>;

function wordsFor({ user, channel, category }: Subscription, language: "en" | "fr" | "ht", t: Words): Record<string, string> {
  const key = `channel.${channel}`;
  return { user, category: categoryName(language, category), channel: key in UNSUBSCRIBE.en ? t(key as UnsubscribeKey) : channel };
}

function Problem({ kind, t, onRetry }: { kind: "link" | "server"; t: Words; onRetry: () => void }) {
  return (
    <>
      <h1>{t(kind === "link" ? "bad" : "failed")}</h1>
      {kind === "link" && <p>{t("badText")}</p>}
      {kind === "server" && (
        <button type="button" class="quiet" onClick={onRetry}>
          {t("again")}
        </button>
      )}
    </>
  );
}

function useSubscription(token: string) {
  const rest = useMemo(() => new Rest(() => null), []);
  const path = `/unsubscribe?token=${encodeURIComponent(token)}`;
  const [subscription, know] = useState<Subscription | null>(null);
  const [stage, goTo] = useState<Stage>("ask");
  const [problem, fail] = useState<"link" | "server" | null>(null);
  const [busy, setBusy] = useState(false);
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setBusy(true);
    fail(null);
    await work().catch((thrown) => fail(HubError.of(thrown).retryable ? "server" : "link"));
    setBusy(false);
  };
  const load = (): void =>
    void attempt(async () => {
      const found = await rest.get<Subscription>(path);
      know(found);
      goTo(found.subscribed ? "ask" : "done");
    });
  useEffect(load, [token]);
  const stop = (): void => void attempt(() => rest.post(path).then(() => goTo("done")));
  const undo = (): void => void attempt(() => rest.delete(path).then(() => goTo("undone")));
  return { subscription, stage, problem, busy, load, stop, undo };
}
