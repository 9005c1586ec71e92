/** Language and colours, on every screen. */

import { useState } from "preact/hooks";
import type { Language } from "../../sdk";
import { LANGUAGES, type I18n } from "../i18n";
import { currentTheme, setTheme } from "../theme";
import { Icon } from "./Icon";

export function LanguageSelect({ i18n, onChange }: { i18n: I18n; onChange: (language: Language) => void }) {
  return (
    <select
      class="language"
      data-testid="language-select"
      aria-label={i18n.t("app.language")}
      value={i18n.language}
      onChange={(event) => onChange(event.currentTarget.value as Language)}
    >
      {LANGUAGES.map(([code, name]) => (
        <option value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}

export function ThemeToggle({ t }: { t: I18n["t"] }) {
  const [theme, remember] = useState(currentTheme);
  const next = theme === "dark" ? "light" : "dark";
  const label = t(`app.theme.${next}`);
  const toggle = (): void => {
    setTheme(next);
    remember(next);
  };
  return (
    <button type="button" class="icon-button" data-testid="theme-toggle" aria-label={label} title={label} onClick={toggle}>
      <Icon name={next === "dark" ? "moon" : "sun"} />
    </button>
  );
}
