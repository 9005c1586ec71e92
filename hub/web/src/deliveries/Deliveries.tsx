/** Captured deliveries: whose and by which way above, the list on one side, and what its reader sees on the other. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { EmptyState } from "../components/EmptyState";
import { PageTop } from "../components/PersonPage";
import { LanguageSelect, ThemeToggle } from "../components/Preferences";
import { useLanguage } from "../hooks/language";
import { useChoice } from "./choice";
import { DeliveryView } from "./DeliveryView";
import { useFeed, type Delivery } from "./feed";
import { Filters } from "./Filters";
import { List } from "./List";
import { PageContext, pageOf, type Page } from "./page";
import { usePeople } from "./people";

export function Deliveries() {
  const [texts, setLanguage] = useLanguage();
  const people = usePeople();
  const [choice, choose] = useChoice();
  const { deliveries, problem } = useFeed(choice.userId);
  const page = useMemo(() => pageOf(texts, (id) => people.find((one) => one.user_id === id)?.display_name ?? id), [texts, people]);
  useEffect(() => {
    document.title = `${page.t("title")} · ${texts.t("app.name")}`;
  }, [page]);
  return (
    <PageContext.Provider value={page}>
      <div class="deliveries">
        <PageTop heading={page.t("title")} texts={texts}>
          <LanguageSelect i18n={texts} onChange={setLanguage} />
          <ThemeToggle t={texts.t} />
        </PageTop>
        {problem !== "absent" && <Filters choice={choice} people={people} deliveries={deliveries ?? []} onChange={choose} />}
        {problem === "unreachable" && (
          <p class="trouble" role="status">
            {page.t("unreachable")}
          </p>
        )}
        <Shown deliveries={deliveries} channel={choice.channel} absent={problem === "absent"} page={page} />
      </div>
    </PageContext.Provider>
  );
}

type ShownProps = { deliveries: Delivery[] | null; channel: string; absent: boolean; page: Page };

function Shown({ deliveries, channel, absent, page: { t } }: ShownProps) {
  const [chosen, choose] = useState<string | null>(null);
  if (absent) return <Alone icon="lock" title={t("absent.title")} text={t("absent.text")} />;
  if (deliveries === null) return null;
  if (deliveries.length === 0) return <Alone icon="mail" title={t("empty.title")} text={t("empty.text")} />;
  const matching = channel ? deliveries.filter((one) => one.channel === channel) : deliveries;
  if (matching.length === 0) return <Alone icon="search" title={t("empty.title")} text={t("emptyHere")} />;
  const shown = matching.find((one) => one.delivery_id === chosen) ?? matching[0];
  return (
    <div class="panes" data-pane={chosen ? "one" : "list"}>
      <List deliveries={matching} shown={shown} onChoose={choose} />
      <main>{shown && <DeliveryView key={shown.delivery_id} delivery={shown} onBack={() => choose(null)} />}</main>
    </div>
  );
}

function Alone(props: { icon: "lock" | "mail" | "search"; title: string; text: string }) {
  return (
    <main class="alone">
      <EmptyState {...props} />
    </main>
  );
}
