/** One rung in words: what was decided and why, each attempt and how it ended, and what the provider told later. */

import { Icon } from "../components/Icon";
import { usePerson } from "../hooks/person";
import { LANGUAGES } from "../i18n";
import { channelName } from "../i18n/categories";
import { channelIcon } from "../text/categories";
import { isWaiting, shownState, toneOf, type Decision, type Delivery, type Report, type Rung, type Step } from "./model";
import { reasonSentence, reportSentence, stateName, stateSentence, verdictName, type Words } from "./sentences";

export function RungView({ rung, t }: { rung: Rung; t: Words }) {
  const { language } = usePerson();
  const name = rung.channel === "*" ? t("verdict.skip") : t("rung", { n: rung.rung + 1, channel: channelName(language, rung.channel) });
  return (
    <li class="rung" data-testid="rung" data-channel={rung.channel}>
      <span class="rung-icon" aria-hidden="true">
        <Icon name={channelIcon(rung.channel)} />
      </span>
      <div class="rung-body">
        <h3>{name}</h3>
        {rung.decisions.map((decision, n) => (
          <DecisionLine key={n} decision={decision} t={t} />
        ))}
        {rung.deliveries.map((delivery) => (
          <DeliveryBox key={delivery.id} delivery={delivery} t={t} />
        ))}
      </div>
    </li>
  );
}

/** The raw code stays visible for whoever looks into the hub's own records. */
function Code({ code }: { code: string | null | undefined }) {
  return code ? <code>{code}</code> : null;
}

function DecisionLine({ decision, t }: { decision: Decision; t: Words }) {
  const { dates } = usePerson();
  const { verdict, level, reason, until, at } = decision;
  const soon = until !== undefined && at !== undefined && Date.parse(until) - Date.parse(at) < 1_000;
  const when = !until || verdict === "skip" ? "" : soon ? t("atOnce") : t(verdict === "hold" ? "heldUntil" : "due", { time: dates.moment(until) });
  return (
    <p class="decision" data-testid="decision" data-verdict={verdict}>
      <span class="tag" data-kind={verdict === "send" ? "good" : verdict === "hold" ? "wait" : "plain"}>
        {verdictName(verdict, t)}
      </span>
      <span>
        {reasonSentence(reason, t) ?? reason} {when && `${when}.`} <Code code={level === reason ? reason : `${level}: ${reason}`} />
      </span>
    </p>
  );
}

function DeliveryBox({ delivery, t }: { delivery: Delivery; t: Words }) {
  const { dates } = usePerson();
  const { due_at: due } = delivery;
  const state = shownState(delivery);
  const next = state === "held" ? "heldUntil" : state === "retry_wait" ? "retryAt" : state === "planned" ? "due" : null;
  return (
    <div class="delivery-box" data-testid="trace-delivery" data-state={state}>
      <p class="delivery-head">
        <span class="tag" data-kind={toneOf(state)}>
          {stateName(state, t)}
        </span>
        {delivery.to && <span>{t("to", { address: delivery.to })}</span>}
        {next && due && <strong>{t(next, { time: dates.moment(due) })}</strong>}
      </p>
      {delivery.steps.length === 0 && !isWaiting(delivery) && <p>{reasonSentence(delivery.reason, t) ?? stateSentence(state, t)}</p>}
      <ol class="steps">
        {delivery.steps.map((step, n) => (
          <StepLine key={n} step={step} t={t} />
        ))}
      </ol>
      {delivery.reports.length > 0 && <Reports reports={delivery.reports} t={t} />}
      <Template delivery={delivery} t={t} />
    </div>
  );
}

function StepLine({ step, t }: { step: Step; t: Words }) {
  const { dates } = usePerson();
  const why = reasonSentence(step.reason, t);
  const by = step.provider && t("by", { provider: step.provider });
  const took = typeof step.took_ms === "number" && t("took", { ms: step.took_ms });
  const facts = [by, took].filter(Boolean).join(", ");
  return (
    <li data-tone={toneOf(step.state)} data-testid="step" data-state={step.state}>
      <time dateTime={step.at} title={dates.moment(step.at)}>
        {dates.clock(step.at)}
      </time>
      <span>
        {stateSentence(step.state, t)} {why} {facts && <em>{facts}</em>} <Code code={step.reason ? `${step.state}: ${step.reason}` : step.state} />
      </span>
    </li>
  );
}

function Reports({ reports, t }: { reports: Report[]; t: Words }) {
  const { dates } = usePerson();
  return (
    <>
      <p class="small-head">{t("reports")}</p>
      <ol class="steps">
        {reports.map((report, n) => (
          <li key={n} data-tone={toneOf(report.kind)}>
            <time dateTime={report.at}>{dates.clock(report.at)}</time>
            <span>
              {reportSentence(report.kind, t)} <em>{t("by", { provider: report.provider })}</em> <Code code={report.reason ? `${report.kind}: ${report.reason}` : report.kind} />
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

function Template({ delivery, t }: { delivery: Delivery; t: Words }) {
  const { template_version: version, variant, locale } = delivery;
  if (version === null || version === undefined) return null;
  const named = LANGUAGES.find(([code]) => code === locale)?.[1] ?? locale ?? "";
  const key = version === 0 ? "builtIn" : "template";
  return <p class="small">{t(key, { version, variant: variant ? ` ${variant}` : "", locale: named })}</p>;
}
