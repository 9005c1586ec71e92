/** What happened to one notification, and why: a picture first, then every step in words. Follows along while something waits. */

import { useEffect, useState } from "preact/hooks";
import { HubError } from "../../sdk/errors";
import { EmptyState } from "../components/EmptyState";
import { Icon } from "../components/Icon";
import { usePerson } from "../hooks/person";
import { categoryName } from "../i18n/categories";
import { say } from "../i18n/catalog";
import { TRACE } from "../i18n/trace";
import { categoryIcon } from "../text/categories";
import { isLive, rungsOf, type Trace, type Traced } from "./model";
import { pictureOf } from "./picture";
import { PictureView } from "./PictureView";
import { RungView } from "./RungView";
import type { Words } from "./sentences";

const LIVE_MS = 2_000;
/** Reports of providers may still come when nothing of ours waits. */
const IDLE_MS = 15_000;

export function TracePage({ id }: { id: string }) {
  const { language, explain } = usePerson();
  const t = say(TRACE, language);
  const { trace, error } = useTrace(id);
  if (!trace) {
    if (!error) return <p class="alone lead trace-loading">{t("loading")}</p>;
    const missing = error.code === "notification.not_found" || error.code === "request.invalid";
    return (
      <main class="alone">
        <EmptyState
          icon="search"
          title={t(missing ? "missing.title" : "again")}
          text={missing ? t("missing.text") : t("failed", { reason: explain(error) })}
        />
      </main>
    );
  }
  const rungs = rungsOf(trace);
  return (
    <main class="page" data-testid="trace" data-live={isLive(trace)}>
      <About notification={trace.notification} live={isLive(trace)} t={t} />
      {rungs.length > 0 && <PictureView picture={pictureOf(trace)} t={t} />}
      <section class="panel" aria-labelledby="steps-title">
        <h2 id="steps-title">{t("steps")}</h2>
        {rungs.length === 0 && <p class="lead">{t("none")}</p>}
        <ol class="rungs">
          {rungs.map((rung) => (
            <RungView key={`${rung.rung} ${rung.channel}`} rung={rung} t={t} />
          ))}
        </ol>
      </section>
    </main>
  );
}

const MARKS = ["seen", "read", "replied", "paid", "archived"] as const;

function About({ notification, live, t }: { notification: Traced; live: boolean; t: Words }) {
  const { dates, language } = usePerson();
  return (
    <section class="panel about">
      <span class="rung-icon" aria-hidden="true">
        <Icon name={categoryIcon(notification.category)} size={24} />
      </span>
      <div>
        <h2>
          {categoryName(language, notification.category)} <code>{notification.type}</code>
        </h2>
        <p class="about-tags">
          <span class="tag" data-kind={notification.priority === "critical" ? "bad" : "plain"}>
            {t(`priority.${notification.priority}`)}
          </span>
          <span class="tag" data-kind={live ? "wait" : "good"} role="status">
            {t(live ? "live" : "done")}
          </span>
        </p>
        <dl>
          <dt>{t("mark.created")}</dt>
          <dd>{dates.moment(notification.created_at)}</dd>
          {MARKS.map((mark) => {
            const at = notification[`${mark}_at`];
            return (
              at && [
                <dt key={mark}>{t(`mark.${mark}`)}</dt>,
                <dd key={`${mark} at`} data-testid={`mark-${mark}`}>
                  {dates.moment(at)}
                </dd>,
              ]
            );
          })}
          {live && notification.expires_at && [<dt key="e">{t("mark.expires")}</dt>, <dd key="at">{dates.moment(notification.expires_at)}</dd>]}
        </dl>
      </div>
    </section>
  );
}

function useTrace(id: string): { trace: Trace | null; error: HubError | null } {
  const { rest } = usePerson();
  const [shown, show] = useState<{ trace: Trace | null; error: HubError | null }>({ trace: null, error: null });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let gone = false;
    const load = async (): Promise<void> => {
      const next = await rest.get<Trace>(`/notifications/${encodeURIComponent(id)}/trace`).then(
        (trace) => ({ trace, error: null }),
        (thrown) => ({ trace: null, error: HubError.of(thrown) }),
      );
      if (gone) return;
      show((before) => ({ trace: next.trace ?? before.trace, error: next.error }));
      timer = setTimeout(() => void load(), next.trace && isLive(next.trace) ? LIVE_MS : IDLE_MS);
    };
    void load();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [rest, id]);
  return shown;
}
