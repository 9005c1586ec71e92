/** Before there is a session: the demo's people to choose from, or a field for a token. */

import { addressAs, keepToken, type Entry, type Persona } from "../boot/session";
import type { I18n, TextKey } from "../i18n";
import { Avatar } from "./Avatar";
import { Icon } from "./Icon";

type Props = { entry: Exclude<Entry, { kind: "token" }>; i18n: I18n; picker: preact.ComponentChildren };

export function SignIn({ entry, i18n, picker }: Props) {
  return (
    <main class="card-page">
      <div class="card">
        <span class="logo" aria-hidden="true">
          <Icon name="chat" size={26} />
        </span>
        {entry.kind === "chooser" && <Chooser personas={entry.personas} unknown={entry.unknown} i18n={i18n} />}
        {entry.kind === "form" && <TokenForm i18n={i18n} />}
        {entry.kind === "unreachable" && <Unreachable i18n={i18n} />}
        <div class="card-foot">{picker}</div>
      </div>
    </main>
  );
}

function Chooser({ personas, unknown, i18n: { t } }: { personas: Persona[]; unknown?: string; i18n: I18n }) {
  return (
    <>
      <h1>{t("sign.title")}</h1>
      <p>{t("sign.hint")}</p>
      {unknown && <p class="problem">{t("sign.unknown", { name: unknown })}</p>}
      <ul class="personas">
        {personas.map((persona) => (
          <li key={persona.user_id}>
            <a class="persona" data-testid="persona" data-user-id={persona.user_id} data-role={persona.role} href={addressAs(persona.user_id)}>
              <Avatar id={persona.user_id} name={persona.display_name} />
              <span class="persona-text">
                <strong>{persona.display_name}</strong>
                <span>{roleName(persona.role, t)}</span>
              </span>
              <Icon name="chevron" />
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

const ROLES = new Set(["fan", "creator", "moderator", "support", "admin", "observer"]);
const roleName = (role: string, t: I18n["t"]): string => (ROLES.has(role) ? t(`role.${role}` as TextKey) : role);

function TokenForm({ i18n: { t } }: { i18n: I18n }) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const token = new FormData(event.currentTarget as HTMLFormElement).get("token");
    if (typeof token !== "string" || !token.trim()) return;
    keepToken(token);
    location.reload();
  };
  return (
    <form onSubmit={submit}>
      <h1>{t("sign.token.title")}</h1>
      <p>{t("sign.token.hint")}</p>
      <label>
        {t("sign.token.label")}
        <textarea name="token" rows={4} required autocomplete="off" spellcheck={false} autofocus />
      </label>
      <button type="submit" class="primary">
        {t("sign.token.submit")}
      </button>
    </form>
  );
}

function Unreachable({ i18n: { t } }: { i18n: I18n }) {
  return (
    <>
      <h1>{t("sign.unreachable")}</h1>
      <button type="button" class="primary" onClick={() => location.reload()}>
        {t("message.retry")}
      </button>
    </>
  );
}
