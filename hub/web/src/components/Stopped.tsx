/** The session is over and will not come back by itself: says why, and what to do. */

import { signOut } from "../boot/session";
import { useApp } from "../hooks/app";

const TEXT = { replaced: "stopped.replaced", banned: "stopped.banned", token_expired: "stopped.auth" } as const;

export function Stopped({ reason }: { reason: string }) {
  const { t, explain, client } = useApp();
  const { error } = client.state;
  const known = TEXT[reason as keyof typeof TEXT] ?? (reason.startsWith("auth.") ? "stopped.auth" : undefined);
  const text = known ? t(known) : error ? explain(error) : t("stopped.other", { reason });
  const here = reason === "replaced";
  return (
    <main class="card-page">
      <div class="card">
        <ConnectionMark />
        <h1>{t("stopped.title")}</h1>
        <p>{text}</p>
        <button type="button" class="primary" autofocus onClick={() => (here ? location.reload() : signOut())}>
          {t(here ? "stopped.here" : "stopped.again")}
        </button>
      </div>
    </main>
  );
}

/** Keeps the state readable for tests and assistive tools on this screen too. */
function ConnectionMark() {
  return <span data-testid="connection-state" data-state="stopped" hidden />;
}
