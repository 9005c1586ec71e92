/** Whether somebody is looking: the tab is visible and has the focus. */

import { useEffect, useState } from "preact/hooks";

const attentive = (): boolean => document.visibilityState === "visible" && document.hasFocus();

export function useAttention(): boolean {
  const [value, setValue] = useState(attentive);
  useEffect(() => {
    const update = (): void => setValue(attentive());
    window.addEventListener("focus", update);
    window.addEventListener("blur", update);
    document.addEventListener("visibilitychange", update);
    update();
    return () => {
      window.removeEventListener("focus", update);
      window.removeEventListener("blur", update);
      document.removeEventListener("visibilitychange", update);
    };
  }, []);
  return value;
}
