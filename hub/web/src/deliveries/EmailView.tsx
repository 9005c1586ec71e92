/** An e-mail: the HTML in a sandbox where no script runs, or the text version. */

import { useState } from "preact/hooks";
import type { Delivery } from "./feed";
import { usePage } from "./page";

export function EmailView({ delivery }: { delivery: Delivery }) {
  const { t } = usePage();
  const [plain, setPlain] = useState(false);
  const { html, subject } = delivery;
  return (
    <div class="mail">
      <div class="mail-head">
        <h3>{subject ?? ""}</h3>
        {html && (
          <div class="switch" role="group" aria-label={t("version")}>
            <button type="button" aria-pressed={!plain} onClick={() => setPlain(false)}>
              {t("html")}
            </button>
            <button type="button" aria-pressed={plain} data-testid="plain" onClick={() => setPlain(true)}>
              {t("text")}
            </button>
          </div>
        )}
      </div>
      {html && !plain ? (
        // No allow-scripts and no allow-same-origin; links open in a tab of their own.
        <iframe title={t("frame")} srcdoc={withBase(html)} sandbox="allow-popups allow-popups-to-escape-sandbox" data-testid="delivery-html" />
      ) : (
        <pre data-testid="delivery-text">{delivery.text}</pre>
      )}
    </div>
  );
}

/** Mail programs open links outside of themselves. */
const withBase = (html: string): string => {
  const target = '<base target="_blank">';
  return /<head[^>]*>/i.test(html) ? html.replace(/<head[^>]*>/i, (head) => head + target) : target + html;
};
