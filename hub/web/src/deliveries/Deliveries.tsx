/** The list of captured deliveries beside the one that is being read. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { getData } from "../boot/api";
import type { Persona } from "../boot/session";
import { EmptyState } from "../components/EmptyState";
import { Icon } from "../components/Icon";
import { ThemeToggle } from "../components/Preferences";
import { i18n } from "../i18n";
import { DeliveryView } from "./DeliveryView";
import { keyOf, useFeed, type Delivery } from "./feed";

const texts = i18n("en");

export function Deliveries() {
  const [userId, setUserId] = useState(() => new URLSearchParams(location.search).get("user_id") ?? "");
  const { deliveries, problem } = useFeed(userId);
  const [chosen, choose] = useState<string | null>(null);
  const shown = useMemo(() => deliveries?.find((one) => keyOf(one) === chosen) ?? deliveries?.[0], [deliveries, chosen]);
  const filter = (next: string): void => {
    setUserId(next);
    history.replaceState(null, "", next ? `?user_id=${encodeURIComponent(next)}` : location.pathname);
  };
  return (
    <div class="deliveries" data-pane={chosen ? "one" : "list"}>
      <header class="top">
        <a class="home" href="/" aria-label="Back to the chat">
          <Icon name="back" />
        </a>
        <h1>Captured messages</h1>
        <PersonFilter value={userId} onChange={filter} />
        <ThemeToggle t={texts.t} />
      </header>
      {problem === "absent" && (
        <main class="alone">
          <EmptyState icon="lock" title="Only in development" text="A server in production sends its messages for real and keeps no copies here." />
        </main>
      )}
      {problem === "unreachable" && (
        <p class="trouble" role="status">
          The server cannot be reached. Trying again…
        </p>
      )}
      {problem !== "absent" && deliveries?.length === 0 && (
        <main class="alone">
          <Nothing />
        </main>
      )}
      {deliveries && deliveries.length > 0 && (
        <div class="panes">
          <List deliveries={deliveries} shown={shown} onChoose={choose} />
          <main>{shown && <DeliveryView delivery={shown} onBack={() => choose(null)} />}</main>
        </div>
      )}
    </div>
  );
}

function List({ deliveries, shown, onChoose }: { deliveries: Delivery[]; shown: Delivery | undefined; onChoose: (key: string) => void }) {
  return (
    <nav aria-label="Captured messages">
      <ul>
        {deliveries.map((one) => (
          <li key={keyOf(one)}>
            <button type="button" data-testid="delivery" aria-current={one === shown ? "true" : undefined} onClick={() => onChoose(keyOf(one))}>
              <span class="row-top">
                <strong>{one.to}</strong>
                <time dateTime={one.at}>{texts.dates.time(one.at)}</time>
              </span>
              <span class="row-subject">{one.subject ?? one.text}</span>
              <span class="channel">{one.channel}</span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Nothing() {
  return (
    <EmptyState
      icon="mail"
      title="Nothing captured yet"
      text="Write a message to somebody who is not looking at the conversation. If it stays unread for 30 seconds, the e-mail about it appears here."
    />
  );
}

function PersonFilter({ value, onChange }: { value: string; onChange: (userId: string) => void }) {
  const [people, setPeople] = useState<Persona[]>([]);
  useEffect(() => {
    getData<{ personas: Persona[] }>("/api/v1/dev/personas").then(
      (data) => setPeople(data.personas),
      () => undefined, // outside the demo there is nobody to name
    );
  }, []);
  const stranger = value !== "" && !people.some((person) => person.user_id === value);
  return (
    <select aria-label="Person" data-testid="person-filter" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      <option value="">Everybody</option>
      {people.map((person) => (
        <option value={person.user_id}>{person.display_name}</option>
      ))}
      {stranger && <option value={value}>{value}</option>}
    </select>
  );
}
