/** Entry of the development page that shows what would have been sent to people. */

import "../styles/tokens.css";
import "../styles/base.css";
import "../styles/deliveries.css";
import { render } from "preact";
import { restoreTheme } from "../theme";
import { Deliveries } from "./Deliveries";

restoreTheme();
const place = document.getElementById("app");
if (place) render(<Deliveries />, place);
