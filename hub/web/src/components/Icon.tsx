/** The page's icons: outlines on a 24 grid, hidden from screen readers because a label always stands beside them. */

const PATHS = {
  send: "M4 12 20 4l-4.500 16-3.500-7z M12 13l8-9",
  back: "M15 5l-7 7 7 7",
  down: "M12 5v14 M6 13l6 6 6-6",
  reply: "M10 7 4 12l6 5 M4 12h9a7 7 0 0 1 7 7",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M8.500 14.500a4.500 4.500 0 0 0 7 0 M9 9.500v.01 M15 9.500v.01",
  edit: "M4 20h4L19 9a2.800 2.800 0 0 0-4-4L4 16z",
  trash: "M4 7h16 M9 7V4h6v3 M6 7l1 13h10l1-13",
  close: "M6 6l12 12 M18 6 6 18",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 7v5l3 2",
  check: "M5 12.500l4.500 4.500L19 7.500",
  checks: "M2 12.500l4.500 4.500L16 7.500 M11.500 16l1 1L22 7.500",
  alert: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z M12 7.500v5.500 M12 16.500v.01",
  lock: "M6 11h12v9H6z M8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  unlock: "M6 11h12v9H6z M8.500 11V8a3.500 3.500 0 0 1 6.800-1.200",
  sun: "M12 16.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9z M12 2v2 M12 20v2 M2 12h2 M20 12h2 M5 5l1.400 1.400 M17.600 17.600 19 19 M5 19l1.400-1.400 M17.600 6.400 19 5",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z",
  menu: "M12 5.500v.01 M12 12v.01 M12 18.500v.01",
  chat: "M4 6.500A2.500 2.500 0 0 1 6.500 4h11A2.500 2.500 0 0 1 20 6.500v7a2.500 2.500 0 0 1-2.500 2.500H11l-5 4v-4.100a2.500 2.500 0 0 1-2-2.400z",
  wave: "M7 12V6.500a1.500 1.500 0 0 1 3 0V11 M10 10.500v-6a1.500 1.500 0 0 1 3 0v6 M13 11V6a1.500 1.500 0 0 1 3 0v8 M16 10a1.500 1.500 0 0 1 3 0v4a7 7 0 0 1-7 7c-3 0-4.500-1.500-6-4l-2-3.500a1.500 1.500 0 0 1 2.600-1.500L7 13",
  offline: "M3 3l18 18 M9 17.500a4.200 4.200 0 0 1 6 0 M5.500 13.500a9 9 0 0 1 4-2.200 M18.500 13.500a9 9 0 0 0-3-2 M2.500 9.500a14 14 0 0 1 4-2.500 M21.500 9.500A14 14 0 0 0 11 5.600",
  file: "M6 3h8l4 4v14H6z M14 3v4h4",
  mail: "M3 6h18v12H3z M3 7l9 6 9-6",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14z M20 20l-4-4",
  chevron: "M9 5l7 7-7 7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
