/** A click on a notification outside the page: leads to what it is about, and marks it as read. */

import { useEffect } from "preact/hooks";
import { destination } from "../inbox/destination";
import { currentSubscription, register } from "../push/subscription";
import { onWorkerNews, takeClicked } from "../push/worker";
import { useApp } from "./app";

export function usePushed(): void {
  const { rest, ui } = useApp();
  useEffect(() => {
    const read = (id: string | null | undefined): void => {
      // Whoever uses the page now need not be whom the notification was for.
      if (id) rest.post(`/me/notifications/${encodeURIComponent(id)}/read`).catch(() => undefined);
    };
    read(takeClicked());
    return onWorkerNews({
      clicked(url, id) {
        read(id);
        const target = destination({ url }, location.origin);
        if (target && "conversation" in target) ui.select(target.conversation);
        if (target && "address" in target) location.assign(target.address);
      },
      resubscribed() {
        currentSubscription()
          .then((subscription) => subscription && register(rest, subscription))
          .catch(() => undefined);
      },
    });
  }, [rest, ui]);
}
