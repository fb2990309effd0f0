/** Figures as people read them, as short as a column of a table wants them. */

const UNITS = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'] as const;

/** What a rate counts: hashes, Equihash solutions or Cuckoo graphs per second. */
export type RateUnit = 'H' | 'Sol' | 'g';

/** Three digits and a unit, as in `1.02 TH/s`. */
export function hashrate(hs: number, unit: RateUnit = 'H'): string {
  const { digits, prefix } = scaled(hs);
  return `${digits} ${prefix}${unit}/s`;
}

/** The same without a space and what is counted: `1.02T`, `65.5k`, `0.001`. */
export function short(value: number): string {
  const { digits, prefix } = scaled(value);
  return digits + prefix;
}

/** A count as it is up to 99999, then with a unit. */
export function count(value: number): string {
  return value < 100_000 ? String(value) : short(value);
}

/** A share of one in percent, with as many digits as tell 99.95 % from 100 %; a dash where there is none. */
export function percent(share: number | null): string {
  if (share === null) return '-';
  const value = share * 100;
  return `${value > 99 && value < 100 ? value.toFixed(2) : value.toFixed(1)}%`;
}

/** How long ago or for how long, in the largest unit that fits: `4s`, `12m`, `3h`, `5d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 100) return `${seconds}s`;
  if (seconds < 6000) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 360_000) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** `14:03:22` on the clock of this machine. */
export function timeOfDay(ms: number): string {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

function scaled(value: number): { readonly digits: string; readonly prefix: string } {
  if (!(value > 0)) return { digits: '0', prefix: '' };
  // Three digits, so that 999.6 is already 1.00k.
  const rounded = Number(value.toPrecision(3));
  const step = Math.min(Math.max(Math.floor(Math.log10(rounded) / 3), 0), UNITS.length - 1);
  const prefix = UNITS[step] ?? '';
  const shown = rounded / 1000 ** step;
  return { digits: digitsOf(shown), prefix };
}

function digitsOf(value: number): string {
  if (value >= 1000 || value < 0.001) return value.toExponential(1).replace('e+', 'e');
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return trimmed(value.toFixed(1));
  if (value >= 1) return trimmed(value.toFixed(2));
  return String(Number(value.toPrecision(3)));
}

/** `8`, not `8.00`: difficulties are mostly whole. */
function trimmed(text: string): string {
  return text.replace(/\.0+$/, '');
}
