/** The language of the page, with the function that changes it: for this page, and for the next visit. */

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Language } from "../../sdk/types";
import { chosenLanguage, i18n, loadTexts, storeLanguage, type I18n } from "../i18n";
import { withQuery } from "../text/address";

export function useLanguage(): [I18n, (language: Language) => void] {
  const [language, choose] = useState(chosenLanguage);
  const texts = useMemo(() => i18n(language), [language]);
  const setLanguage = (next: Language): void => {
    storeLanguage(next);
    keepInAddress(next);
    void loadTexts(next).then(() => choose(next));
  };
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return [texts, setLanguage];
}

/** `?lang=` wins over the stored choice, so it must follow a new choice. */
function keepInAddress(language: Language): void {
  const query = new URLSearchParams(location.search);
  if (!query.has("lang")) return;
  query.set("lang", language);
  history.replaceState(null, "", withQuery(location.pathname, query) + location.hash);
}
