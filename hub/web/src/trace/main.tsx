/** Entry of the page that answers "why did I get this, or not?". */

import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/sign.css";
import "../styles/page.css";
import "../styles/trace.css";
import { render } from "preact";
import { enter } from "../boot/session";
import { PersonPage } from "../components/PersonPage";
import { chosenLanguage, loadTexts } from "../i18n";
import { say } from "../i18n/catalog";
import { TRACE } from "../i18n/trace";
import { restoreTheme } from "../theme";
import { TracePage } from "./TracePage";

restoreTheme();
const [entry] = await Promise.all([enter(), loadTexts(chosenLanguage())]);
const id = new URLSearchParams(location.search).get("id") ?? "";
const place = document.getElementById("app");
if (place) {
  render(
    <PersonPage entry={entry} title={({ language }) => say(TRACE, language)("title")}>
      <TracePage id={id} />
    </PersonPage>,
    place,
  );
}
