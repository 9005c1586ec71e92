/** Entry of the chat page: restores the choices, finds out who is here, and draws. */

import "./styles/index.css";
import { render } from "preact";
import { enter } from "./boot/session";
import { Root } from "./components/Root";
import { chosenLanguage, loadTexts } from "./i18n";
import { restoreTheme } from "./theme";

restoreTheme();
const [entry] = await Promise.all([enter(), loadTexts(chosenLanguage())]);
const place = document.getElementById("app");
// Whoever is signed in already does not load the way to it.
const SignIn = entry.kind === "token" ? undefined : (await import("./components/SignIn")).SignIn;
if (place) render(<Root entry={entry} SignIn={SignIn} />, place);
// Another token in the address is another person: start over.
addEventListener("hashchange", () => location.hash.startsWith("#token=") && location.reload());
