/** What reaches a person, by which way, when, and in which language. */

import { useState } from "preact/hooks";
import type { Language } from "../../sdk/types";
import { Snack, type SnackText } from "../components/Snack";
import { usePerson } from "../hooks/person";
import { LANGUAGES } from "../i18n";
import { languageOf, say, type Say } from "../i18n/catalog";
import { PREFERENCES, type PreferencesKey } from "../i18n/preferences";
import { Devices } from "./Devices";
import { Matrix } from "./Matrix";
import type { Change } from "./model";
import { Muted } from "./Muted";
import { QuietHours } from "./QuietHours";
import { useSettings, type Saved } from "./useSettings";

export function PreferencesPage() {
  const { language, explain } = usePerson();
  const t = say(PREFERENCES, language);
  const [snack, show] = useState<SnackText | null>(null);
  const told = ({ error, undo }: Saved): void =>
    show(error ? { text: t("notSaved", { reason: explain(error) }), problem: true } : { text: t("saved"), undo });
  const { preferences, failed, load, save } = useSettings(told);
  const change = (wanted: Change): void => save(wanted);
  return (
    <main class="page" data-testid="preferences" aria-busy={preferences === null && !failed}>
      <p class="lead">{t("lead")}</p>
      {preferences === null && failed && <Failed t={t} onRetry={load} />}
      {preferences === null && !failed && <Loading text={t("loading")} />}
      {preferences && (
        <>
          <Matrix preferences={preferences} t={t} save={change} />
          <Devices t={t} tell={(text, problem) => show({ text, problem })} onChange={load} />
          <QuietHours preferences={preferences} t={t} save={change} />
          <LanguageChoice locale={preferences.locale} t={t} save={change} />
          <Muted ids={preferences.muted_conversations} t={t} save={change} />
        </>
      )}
      <Snack snack={snack} undoLabel={t("undo")} closeLabel={t("close")} onGone={() => show(null)} />
    </main>
  );
}

function LanguageChoice({ locale, t, save }: { locale: string | null; t: Say<PreferencesKey>; save: (change: Change) => void }) {
  const { setLanguage, language } = usePerson();
  const choose = (next: Language): void => {
    setLanguage(next);
    save({ locale: next });
  };
  return (
    <section class="panel" aria-labelledby="language-title">
      <h2 id="language-title">{t("language.title")}</h2>
      <p class="lead">{t("language.hint")}</p>
      <select
        class="field"
        data-testid="locale"
        aria-label={t("language.label")}
        value={languageOf(locale) ?? language}
        onChange={(event) => choose(event.currentTarget.value as Language)}
      >
        {LANGUAGES.map(([code, name]) => (
          <option value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </section>
  );
}

function Failed({ t, onRetry }: { t: Say<PreferencesKey>; onRetry: () => void }) {
  return (
    <section class="panel" role="alert">
      <p>{t("failed")}</p>
      <button type="button" class="quiet" onClick={onRetry}>
        {t("again")}
      </button>
    </section>
  );
}

function Loading({ text }: { text: string }) {
  return (
    <section class="panel" role="status">
      <span class="sr-only">{text}</span>
      <span class="bones">
        {[40, 90, 75, 85].map((width) => (
          <span key={width} class="bone" style={`width:${width}%`} />
        ))}
      </span>
    </section>
  );
}
