/** One delivery as its reader would see it: the HTML in a sandbox where no script runs, and the text version. */

import { useState } from "preact/hooks";
import { Icon } from "../components/Icon";
import { i18n } from "../i18n";
import type { Delivery } from "./feed";

const texts = i18n("en");

export function DeliveryView({ delivery, onBack }: { delivery: Delivery; onBack: () => void }) {
  const [plain, setPlain] = useState(false);
  const { html } = delivery;
  return (
    <article class="delivery">
      <header>
        <button type="button" class="icon-button back-to-list" aria-label="Back to the list" onClick={onBack}>
          <Icon name="back" />
        </button>
        <div>
          <h2>{delivery.subject ?? delivery.channel}</h2>
          <p>
            {delivery.channel} to <strong>{delivery.to}</strong>, {texts.dates.moment(delivery.at)}
          </p>
        </div>
        {html && (
          <div class="switch" role="group" aria-label="Version">
            <button type="button" aria-pressed={!plain} onClick={() => setPlain(false)}>
              HTML
            </button>
            <button type="button" aria-pressed={plain} onClick={() => setPlain(true)}>
              Text
            </button>
          </div>
        )}
      </header>
      {html && !plain ? (
        // No allow-scripts and no allow-same-origin; links open in a tab of their own.
        <iframe title="The message as it looks" srcdoc={withBase(html)} sandbox="allow-popups allow-popups-to-escape-sandbox" data-testid="delivery-html" />
      ) : (
        <pre data-testid="delivery-text">{delivery.text}</pre>
      )}
    </article>
  );
}

/** Mail programs open links outside of themselves. */
const withBase = (html: string): string => {
  const target = '<base target="_blank">';
  return /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + target) : target + html;
};
