/** Puts language, session and client together, and shows either the sign-in or the messenger. */

import { useEffect, useMemo } from "preact/hooks";
import { HubClient, type Language } from "../../sdk";
import { Rest } from "../boot/rest";
import type { Entry } from "../boot/session";
import { AppContext, type App } from "../hooks/app";
import { useLanguage } from "../hooks/language";
import { explainIn } from "../hooks/person";
import type { I18n } from "../i18n";
import { Ui } from "../ui";
import { Messenger } from "./Messenger";
import { LanguageSelect, ThemeToggle } from "./Preferences";
import type { SignIn } from "./SignIn";

/** `SignIn` is needed only without a token. */
export function Root({ entry, SignIn: Form }: { entry: Entry; SignIn: typeof SignIn | undefined }) {
  const [texts, setLanguage] = useLanguage();
  if (entry.kind === "token") return <Session entry={entry} texts={texts} setLanguage={setLanguage} />;
  const picker = (
    <>
      <LanguageSelect i18n={texts} onChange={setLanguage} />
      <ThemeToggle t={texts.t} />
    </>
  );
  return Form ? <Form entry={entry} i18n={texts} picker={picker} /> : null;
}

type SessionProps = { entry: Entry & { kind: "token" }; texts: I18n; setLanguage: (language: Language) => void };

function Session({ entry, texts, setLanguage }: SessionProps) {
  const client = useMemo(() => new HubClient({ getToken: entry.getToken }), [entry]);
  const rest = useMemo(() => new Rest(entry.getToken), [entry]);
  const ui = useMemo(() => new Ui(), []);
  useEffect(() => {
    client.start();
    return () => client.stop();
  }, [client]);
  const app: App = useMemo(() => {
    return { ...texts, client, rest, ui, demo: entry.demo, setLanguage, explain: explainIn(texts.language) };
  }, [texts, client, rest, ui]);
  useEffect(() => client.on("error", (error) => ui.toast(app.explain(error))), [app]);
  return (
    <AppContext.Provider value={app}>
      <Messenger />
    </AppContext.Provider>
  );
}
