/** Entry of the development page that shows what would have been sent to people. */

import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/page.css";
import "../styles/deliveries.css";
import { render } from "preact";
import { chosenLanguage, loadTexts } from "../i18n";
import { restoreTheme } from "../theme";
import { Deliveries } from "./Deliveries";

restoreTheme();
await loadTexts(chosenLanguage());
const place = document.getElementById("app");
if (place) render(<Deliveries />, place);
