/** Kind of news by way to be reached: a table, and on a phone one card a kind. */

import { Icon } from "../components/Icon";
import { Switch } from "../components/Switch";
import { usePerson } from "../hooks/person";
import { categoryName, channelName } from "../i18n/categories";
import type { Say } from "../i18n/catalog";
import type { PreferencesKey } from "../i18n/preferences";
import { categoryIcon, channelIcon, knownCategory } from "../text/categories";
import { CHANNELS, type CategoryChoice, type Change, type Channel, type Preferences } from "./model";

type Props = { preferences: Preferences; t: Say<PreferencesKey>; save: (change: Change) => void };

export function Matrix({ preferences, t, save }: Props) {
  const { language } = usePerson();
  const missing = CHANNELS.filter((channel) => preferences.channels_available[channel] === false);
  return (
    <section class="panel" aria-labelledby="matrix-title">
      <h2 id="matrix-title">{t("matrix.title")}</h2>
      <p class="lead">{t("matrix.hint")}</p>
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">
              <span class="sr-only">{t("matrix.kind")}</span>
            </th>
            {CHANNELS.map((channel) => (
              <th scope="col" key={channel} data-missing={missing.includes(channel)}>
                <Icon name={channelIcon(channel)} size={18} />
                {channelName(language, channel)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {preferences.categories.map((choice) => (
            <Row key={choice.category} choice={choice} missing={missing} t={t} save={save} />
          ))}
        </tbody>
      </table>
      {missing.length > 0 && (
        <ul class="missing" data-testid="missing">
          {missing.map((channel) => channel !== "in_app" && <li id={`missing-${channel}`}>{t(`missing.${channel}`)}</li>)}
        </ul>
      )}
    </section>
  );
}

type RowProps = { choice: CategoryChoice; missing: Channel[]; t: Say<PreferencesKey>; save: (change: Change) => void };

function Row({ choice, missing, t, save }: RowProps) {
  const { category, required, channels } = choice;
  const { language } = usePerson();
  const name = categoryName(language, category);
  const why = `required-${category}`;
  return (
    <tr data-testid="category" data-category={category}>
      <th scope="row">
        <span class="kind-icon" aria-hidden="true">
          <Icon name={categoryIcon(category)} />
        </span>
        <span>
          {name}
          <small id={why}>
            {required && <Icon name="lock" size={13} />}
            {required ? t("required") : t(`about.${knownCategory(category)}`)}
          </small>
        </span>
      </th>
      {CHANNELS.map((channel) => {
        if (choice.offered && !choice.offered.includes(channel)) return <td key={channel} class="not-offered" aria-label={t("notOffered")} />;
        // A device is turned on below, so its switches may be set before; an address is not ours to add.
        const absent = missing.includes(channel) && channel !== "push";
        return (
          <td key={channel}>
            <span class="cell-label" aria-hidden="true">
              <Icon name={channelIcon(channel)} size={16} />
              {channelName(language, channel)}
            </span>
            <Switch
              on={channels[channel] && !absent}
              label={t("matrix.switch", { category: name, channel: channelName(language, channel) })}
              disabled={required || absent}
              describedBy={required ? why : absent ? `missing-${channel}` : undefined}
              testId={`switch-${category}-${channel}`}
              onChange={(allowed) => save({ settings: [{ scope: `category:${category}`, channel, allowed }] })}
            />
          </td>
        );
      })}
    </tr>
  );
}
