/** What a duration may be written in. */
export const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** A century, in milliseconds. */
const LONGEST_MS = 100 * 365 * 86_400_000;

/** Reads `90d` and its like, or `0`; milliseconds, or null where it is neither. */
export function parseDurationMs(text: string): number | null {
  if (/^0+[smhdw]?$/.test(text)) return 0;
  const match = /^(\d{1,9})([smhdw])$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * (UNITS_MS[match[2] ?? ''] ?? Number.NaN);
  return ms <= LONGEST_MS ? ms : null;
}
