/** Who uses the page: the texts in their language, and what is asked over HTTP in their name. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { HubError } from "../../sdk/errors";
import type { Language } from "../../sdk/types";
import type { Rest } from "../boot/rest";
import type { I18n } from "../i18n";

export interface Person extends I18n {
  rest: Rest;
  demo: boolean;
  setLanguage: (language: Language) => void;
  /** The error in the reader's language. */
  explain: (error: HubError) => string;
}

export const explainIn =
  (language: Language) =>
  (error: HubError): string =>
    error.localized[language] ?? error.message;

export const PersonContext = createContext<Person | null>(null);

export function usePerson(): Person {
  const person = useContext(PersonContext);
  if (!person) throw new Error("outside of PersonContext");
  return person;
}
