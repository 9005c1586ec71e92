/** Time zones to choose from, by their names in the IANA database. */

/** For browsers that cannot list them (Safari before 15.4): where our readers mostly are. */
const FEW = ["America/Port-au-Prince", "America/New_York", "America/Chicago", "America/Los_Angeles", "America/Montreal", "America/Santo_Domingo", "Europe/Paris", "UTC"];

export function zones(...wanted: Array<string | null>): string[] {
  const all = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : FEW;
  const named = wanted.filter((zone): zone is string => zone !== null);
  return [...new Set([...all, "UTC", ...named])].sort();
}

export function ownZone(): string | null {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || null;
}

export const zoneLabel = (zone: string): string => zone.replaceAll("_", " ");
