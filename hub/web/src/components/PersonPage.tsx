/** The frame of the pages beside the chat: signs in as the chat does, then shows a heading and the page's own part. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Rest } from "../boot/rest";
import { addressOf, type Entry } from "../boot/session";
import { useLanguage } from "../hooks/language";
import { explainIn, PersonContext, type Person } from "../hooks/person";
import type { I18n } from "../i18n";
import { Icon } from "./Icon";
import { LanguageSelect, ThemeToggle } from "./Preferences";
import { SignIn } from "./SignIn";

interface Props {
  entry: Entry;
  title: (texts: I18n) => string;
  /** The page itself lets the reader choose the language. */
  ownLanguage?: boolean;
  children: ComponentChildren;
}

export function PersonPage({ entry, title, ownLanguage = false, children }: Props) {
  const [texts, setLanguage] = useLanguage();
  const heading = title(texts);
  const rest = useMemo(() => new Rest(entry.kind === "token" ? entry.getToken : () => null), [entry]);
  useEffect(() => {
    document.title = `${heading} · ${texts.t("app.name")}`;
  }, [heading]);
  const choices = (
    <>
      <LanguageSelect i18n={texts} onChange={setLanguage} />
      <ThemeToggle t={texts.t} />
    </>
  );
  if (entry.kind !== "token") return <SignIn entry={entry} i18n={texts} picker={choices} />;
  const person: Person = { ...texts, rest, demo: entry.demo, setLanguage, explain: explainIn(texts.language) };
  return (
    <PersonContext.Provider value={person}>
      <PageTop heading={heading} texts={texts}>
        {ownLanguage ? <ThemeToggle t={texts.t} /> : choices}
      </PageTop>
      {children}
    </PersonContext.Provider>
  );
}

/** The way back to the chat, the page's name, and what `children` add on the right. */
export function PageTop({ heading, texts, children }: { heading: string; texts: I18n; children: ComponentChildren }) {
  const back = texts.t("app.chat");
  return (
    <header class="top">
      <a class="icon-button" href={addressOf("/")} aria-label={back} title={back}>
        <Icon name="back" />
      </a>
      <h1>{heading}</h1>
      {children}
    </header>
  );
}
