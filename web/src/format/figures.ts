import type { Unit } from '../api/types.ts';

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'] as const;

/** Three or four digits and an SI prefix: `12.3 T`, `940`, `1.25 k`. */
export function siOf(value: number): { readonly digits: string; readonly prefix: string } {
  if (!Number.isFinite(value) || value === 0) return { digits: '0', prefix: '' };
  const size = Math.abs(value);
  let power = Math.min(Math.max(Math.floor(Math.log10(size) / 3), 0), PREFIXES.length - 1);
  // 999.96 would be written as 1000.
  if (Number((size / 1000 ** power).toPrecision(4)) >= 1000 && power < PREFIXES.length - 1) power += 1;
  const scaled = value / 1000 ** power;
  const decimals = Math.abs(scaled) >= 100 ? 1 : 2;
  const digits = power === 0 && size < 1 ? scaled.toPrecision(2) : scaled.toFixed(decimals);
  return {
    digits: digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits,
    prefix: PREFIXES[power] ?? '',
  };
}

/** A hashrate in the unit of its algorithm: `94.2 TH/s`, `38 Sol/s`. */
export function rateText(hs: number, unit: Unit = 'H'): string {
  const { digits, prefix } = siOf(hs);
  return `${digits} ${prefix}${unit}/s`;
}

/** A difficulty or a count: `1.25k`, `65.54k`. */
export function countText(value: number): string {
  if (value > 0 && value < 0.001) return value.toExponential(1);
  const { digits, prefix } = siOf(value);
  return `${digits}${prefix}`;
}

/** `0.1234` as `12.3 %`; `null` as a dash. */
export function percentText(part: number | null, decimals = 1): string {
  return part === null ? '–' : `${(part * 100).toFixed(decimals)} %`;
}

export function bytesText(bytes: number): string {
  const { digits, prefix } = siOf(bytes);
  return `${digits} ${prefix}B`;
}

/** What days, hours, minutes and seconds are called. */
export type SpanUnits = readonly [days: string, hours: string, minutes: string, seconds: string];

/** How long ago, or how long: the two greatest of days, hours, minutes and seconds. */
export function spanText(seconds: number, [d, h, min, s]: SpanUnits = ['d', 'h', 'min', 's']): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [
    [Math.floor(whole / 86_400), d],
    [Math.floor(whole / 3600) % 24, h],
    [Math.floor(whole / 60) % 60, min],
    [whole % 60, s],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return `0 ${s}`;
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${count} ${name}`)
    .join(' ');
}

/** Seconds between an ISO time and now; 0 where it is to come. */
export function secondsSince(iso: string, nowMs: number): number {
  return Math.max(0, (nowMs - Date.parse(iso)) / 1000);
}

/** Sum of those that were not credited, for whatever reason; unanswered and lost ones are among them, as in the API. */
export function rejectedOf(shares: Readonly<Record<string, number>>): number {
  let sum = 0;
  for (const [result, count] of Object.entries(shares)) if (!NOT_REFUSED.has(result)) sum += count;
  return sum;
}

export function acceptedOf(shares: Readonly<Record<string, number>>): number {
  return (shares['accepted'] ?? 0) + (shares['accepted-local'] ?? 0);
}

const NOT_REFUSED: ReadonlySet<string> = new Set(['accepted', 'accepted-local']);
