/** Entry of the preferences page. */

import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/feedback.css";
import "../styles/sign.css";
import "../styles/page.css";
import "../styles/preferences.css";
import { render } from "preact";
import { enter } from "../boot/session";
import { PersonPage } from "../components/PersonPage";
import { chosenLanguage, loadTexts } from "../i18n";
import { restoreTheme } from "../theme";
import { PreferencesPage } from "./PreferencesPage";

restoreTheme();
const [entry] = await Promise.all([enter(), loadTexts(chosenLanguage())]);
const place = document.getElementById("app");
if (place) {
  render(
    <PersonPage entry={entry} title={({ t }) => t("app.preferences")} ownLanguage>
      <PreferencesPage />
    </PersonPage>,
    place,
  );
}
