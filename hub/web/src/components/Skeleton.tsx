/** Grey shapes in the form of what is being loaded. */

import { useApp } from "../hooks/app";

export function ListSkeleton() {
  return (
    <div class="skeleton-list" aria-hidden="true">
      {[0, 1, 2, 3].map((n) => (
        <div class="skeleton-item" key={n}>
          <span class="bone disc" />
          <span class="bones">
            <span class="bone" style="width:55%" />
            <span class="bone" style="width:80%" />
          </span>
        </div>
      ))}
    </div>
  );
}

export function ChatSkeleton() {
  const { t } = useApp();
  return (
    <div class="skeleton-chat" role="status">
      <span class="sr-only">{t("chat.loading")}</span>
      {[44, 62, 38, 55, 30].map((width, n) => (
        <span key={n} class={`bone bubble-bone ${n % 3 === 1 ? "own" : ""}`} style={`width:${width}%`} />
      ))}
    </div>
  );
}
