/** Entry of the chat page: restores the choices, finds out who is here, and draws. */

import "./styles/index.css";
import { render } from "preact";
import { enter } from "./boot/session";
import { Root } from "./components/Root";
import { restoreTheme } from "./theme";

restoreTheme();
const entry = await enter();
const place = document.getElementById("app");
if (place) render(<Root entry={entry} />, place);
// Another token in the address is another person: start over.
addEventListener("hashchange", () => location.hash.startsWith("#token=") && location.reload());
