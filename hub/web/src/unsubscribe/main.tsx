/** Entry of the unsubscribe page; its link stands in messages, so nobody signs in here. */

import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/sign.css";
import { render } from "preact";
import { chosenLanguage, loadTexts } from "../i18n";
import { restoreTheme } from "../theme";
import { UnsubscribePage } from "./UnsubscribePage";

restoreTheme();
await loadTexts(chosenLanguage());
const place = document.getElementById("app");
if (place) render(<UnsubscribePage token={new URLSearchParams(location.search).get("token") ?? ""} />, place);
