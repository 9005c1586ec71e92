/** The hours in which nothing buzzes, and the time zone that they are meant in. */

import { useEffect, useState } from "preact/hooks";
import { Switch } from "../components/Switch";
import type { Say } from "../i18n/catalog";
import type { PreferencesKey } from "../i18n/preferences";
import type { Change, Preferences, QuietHours as Hours } from "./model";
import { ownZone, zoneLabel, zones } from "./zones";

/** As long as it takes to type the next digit. */
const PAUSE_MS = 1_000;
const SUGGESTED: Hours = { start: "22:00", end: "07:00" };

type Props = { preferences: Preferences; t: Say<PreferencesKey>; save: (change: Change) => void };

export function QuietHours({ preferences, t, save }: Props) {
  const { quiet_hours: hours, time_zone: zone } = preferences;
  return (
    <section class="panel" aria-labelledby="quiet-title">
      <h2 id="quiet-title">{t("quiet.title")}</h2>
      <p class="lead">{t("quiet.hint")}</p>
      <label class="setting-line">
        <span>{t("quiet.on")}</span>
        <Switch on={hours !== null} label={t("quiet.on")} testId="quiet-on" onChange={(on) => save({ quiet_hours: on ? SUGGESTED : null })} />
      </label>
      {hours && <Times hours={hours} t={t} save={save} />}
      <Zone zone={zone ?? "UTC"} t={t} save={save} />
    </section>
  );
}

type TimesProps = { hours: Hours; t: Say<PreferencesKey>; save: (change: Change) => void };

function Times({ hours, t, save }: TimesProps) {
  const [refused, refuse] = useState(false);
  const keep = (change: Partial<Hours>): void => {
    const wanted = { ...hours, ...change };
    refuse(wanted.start === wanted.end);
    if (wanted.start !== wanted.end) save({ quiet_hours: wanted });
  };
  return (
    <>
      <div class="times">
        <TimeField name="start" label={t("quiet.from")} value={hours.start} onKeep={(start) => keep({ start })} />
        <TimeField name="end" label={t("quiet.to")} value={hours.end} onKeep={(end) => keep({ end })} />
      </div>
      {refused && (
        <p class="problem" role="alert">
          {t("quiet.same")}
        </p>
      )}
    </>
  );
}

type FieldProps = { name: string; label: string; value: string; onKeep: (value: string) => void };

/** Keeps what is typed when the field is left, or a moment after: a time picker does not leave it. */
function TimeField({ name, label, value, onKeep }: FieldProps) {
  const [typed, type] = useState(value);
  useEffect(() => type(value), [value]);
  const keep = (): void => {
    if (typed && typed !== value) onKeep(typed);
  };
  useEffect(() => {
    const timer = setTimeout(keep, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label>
      {label}
      <input
        type="time"
        class="field"
        data-testid={`quiet-${name}`}
        required
        value={typed}
        onInput={(event) => type(event.currentTarget.value)}
        onBlur={keep}
      />
    </label>
  );
}

function Zone({ zone, t, save }: { zone: string; t: Say<PreferencesKey>; save: (change: Change) => void }) {
  const here = ownZone();
  return (
    <div class="zone">
      <label>
        {t("quiet.zone")}
        <select class="field" data-testid="time-zone" value={zone} onChange={(event) => save({ time_zone: event.currentTarget.value })}>
          {zones(zone, here).map((one) => (
            <option value={one}>{zoneLabel(one)}</option>
          ))}
        </select>
      </label>
      {here && here !== zone && (
        <button type="button" class="link" onClick={() => save({ time_zone: here })}>
          {t("quiet.here", { zone: zoneLabel(here) })}
        </button>
      )}
    </div>
  );
}
