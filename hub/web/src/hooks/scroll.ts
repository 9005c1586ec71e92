/** Keeps a message list where its reader wants it: at the end while they are there, and still while history grows above. */

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Closer to the end than this counts as being there. */
const NEAR_END_PX = 60;
/** Closer to the top than this asks for earlier messages. */
const NEAR_TOP_PX = 400;

export interface ScrollOptions {
  /** Changes when something is added on top. */
  firstKey: string | undefined;
  /** Changes when the reader sent something: then the end is where they want to be. */
  ownTail: string | undefined;
  /** False while what is to be shown first is still being loaded. */
  ready: boolean;
  /** On first showing, scroll to this element instead of the end. */
  startAt: string;
  onNearTop: () => void;
}

export function useScroll({ firstKey, ownTail, ready, startAt, onNearTop }: ScrollOptions) {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLOListElement>(null);
  const pinned = useRef(true);
  const before = useRef({ firstKey, ownTail, height: 0, started: false });
  const [atEnd, setAtEnd] = useState(true);

  const onScroll = useCallback(() => {
    const element = box.current;
    if (!element) return;
    pinned.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    setAtEnd(pinned.current);
    if (element.scrollTop < NEAR_TOP_PX) onNearTop();
  }, [onNearTop]);

  const toEnd = useCallback((smooth = false) => {
    const element = box.current;
    if (!element) return;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    // Only the last stretch is animated: through a long history it would take seconds.
    const near = element.scrollHeight - 2.5 * element.clientHeight;
    if (smooth && element.scrollTop < near) element.scrollTop = near;
    element.scrollTo({ top: element.scrollHeight, behavior: smooth && !calm ? "smooth" : "instant" });
  }, []);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !ready) return;
    const last = before.current;
    const mark = last.started ? null : element.querySelector<HTMLElement>(startAt);
    if (mark) {
      element.scrollTop = mark.offsetTop - element.clientHeight / 3;
    } else if (last.started && firstKey !== last.firstKey && !pinned.current) {
      element.scrollTop += element.scrollHeight - last.height;
    } else if (!last.started || pinned.current || ownTail !== last.ownTail) {
      toEnd();
    }
    before.current = { firstKey, ownTail, height: element.scrollHeight, started: true };
    onScroll();
  });

  // Images that load, the composer growing, the keyboard appearing: the end stays the end.
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (pinned.current) toEnd();
      before.current.height = box.current?.scrollHeight ?? 0;
    });
    if (box.current) observer.observe(box.current);
    if (content.current) observer.observe(content.current);
    return () => observer.disconnect();
  }, [toEnd]);

  return { box, content, pinned, atEnd, onScroll, toEnd };
}
