/** Whose messages, and by which way, with how many there are of each. */

import type { Persona } from "../boot/session";
import { Icon } from "../components/Icon";
import { channelName } from "../i18n/categories";
import { channelIcon } from "../text/categories";
import type { Choice } from "./choice";
import type { Delivery } from "./feed";
import { usePage } from "./page";

const CHANNELS = ["email", "push", "sms", "whatsapp"];

type Props = { choice: Choice; people: Persona[]; deliveries: Delivery[]; onChange: (change: Partial<Choice>) => void };

export function Filters({ choice, people, deliveries, onChange }: Props) {
  const { t, language } = usePage();
  const count = (channel: string): number => deliveries.filter((one) => one.channel === channel).length;
  const tab = (channel: string, label: string, n: number) => (
    <button
      type="button"
      key={channel}
      data-testid={`channel-${channel || "all"}`}
      aria-pressed={choice.channel === channel}
      onClick={() => onChange({ channel })}
    >
      {channel && <Icon name={channelIcon(channel)} size={16} />}
      {label}
      <span class="count">{n}</span>
    </button>
  );
  return (
    <div class="filters">
      <div class="tabs" role="group" aria-label={t("channels")}>
        {tab("", t("all"), deliveries.length)}
        {CHANNELS.map((channel) => tab(channel, channelName(language, channel), count(channel)))}
      </div>
      <PersonFilter value={choice.userId} people={people} onChange={(userId) => onChange({ userId })} />
    </div>
  );
}

function PersonFilter({ value, people, onChange }: { value: string; people: Persona[]; onChange: (userId: string) => void }) {
  const { t } = usePage();
  const stranger = value !== "" && !people.some((person) => person.user_id === value);
  return (
    <select class="field" aria-label={t("person")} data-testid="person-filter" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">{t("everybody")}</option>
      {people.map((person) => (
        <option value={person.user_id}>{person.display_name}</option>
      ))}
      {stranger && <option value={value}>{value}</option>}
    </select>
  );
}
