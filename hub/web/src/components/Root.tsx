/** Puts language, session and client together, and shows either the sign-in or the messenger. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { HubClient, type HubError, type Language } from "../../sdk";
import type { Entry } from "../boot/session";
import { AppContext, type App } from "../hooks/app";
import { chosenLanguage, i18n, storeLanguage } from "../i18n";
import { withQuery } from "../text/address";
import { Ui } from "../ui";
import { Messenger } from "./Messenger";
import { LanguageSelect, ThemeToggle } from "./Preferences";
import { SignIn } from "./SignIn";

export function Root({ entry }: { entry: Entry }) {
  const [language, choose] = useState(chosenLanguage);
  const texts = useMemo(() => i18n(language), [language]);
  const setLanguage = (next: Language): void => {
    storeLanguage(next);
    keepInAddress(next);
    choose(next);
  };
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  if (entry.kind === "token") return <Session entry={entry} texts={texts} setLanguage={setLanguage} />;
  const picker = (
    <>
      <LanguageSelect i18n={texts} onChange={setLanguage} />
      <ThemeToggle t={texts.t} />
    </>
  );
  return <SignIn entry={entry} i18n={texts} picker={picker} />;
}

type SessionProps = { entry: Entry & { kind: "token" }; texts: ReturnType<typeof i18n>; setLanguage: (language: Language) => void };

function Session({ entry, texts, setLanguage }: SessionProps) {
  const client = useMemo(() => new HubClient({ getToken: entry.getToken }), [entry]);
  const ui = useMemo(() => new Ui(), []);
  useEffect(() => {
    client.start();
    return () => client.stop();
  }, [client]);
  const app: App = useMemo(() => {
    const explain = (error: HubError): string => error.localized[texts.language] ?? error.message;
    return { ...texts, client, ui, demo: entry.demo, setLanguage, explain };
  }, [texts, client, ui]);
  useEffect(() => client.on("error", (error) => ui.toast(app.explain(error))), [app]);
  return (
    <AppContext.Provider value={app}>
      <Messenger />
    </AppContext.Provider>
  );
}

/** `?lang=` wins over the stored choice, so it must follow a new choice. */
function keepInAddress(language: Language): void {
  const query = new URLSearchParams(location.search);
  if (!query.has("lang")) return;
  query.set("lang", language);
  history.replaceState(null, "", withQuery(location.pathname, query) + location.hash);
}
