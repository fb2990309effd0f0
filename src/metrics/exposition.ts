import type { HistogramRow } from '../domain/report.ts';
import type { Pacer } from '../kit/pacer.ts';

/**
 * `text`: the Prometheus text format 0.0.4. `openmetrics`: OpenMetrics 1.0.0.
 * They differ in how counters are named, in `le` values and in the closing line.
 */
export type ExpositionFormat = 'text' | 'openmetrics';

export type MetricType = 'counter' | 'gauge' | 'histogram';

/**
 * One metric family: what stands in its HELP and TYPE lines, and how its samples are read from `Input`.
 */
export interface MetricFamily<Input> {
  /** The full sample name: a counter's with its `_total`. */
  readonly name: string;
  readonly type: MetricType;
  /** One sentence. */
  readonly help: string;
  /** In the order in which values are given to the writer. */
  readonly labels: readonly string[];
  /**
   * Writes every sample of the family. What may be many samples is written by a generator that yields after each few,
   * so that the renderer can cut chunks and let the event loop go on.
   */
  collect(input: Input, out: SampleWriter): void | Iterable<unknown>;
}

/** JavaScript's shortest form reads back as the same float in every parser; only the three specials have other names. */
export function formatValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

const NEEDS_ESCAPE = /["\\\n\0]/;

/** Escapes `\`, `"` and line feeds; a NUL, which some parsers take for the end of the text, becomes U+FFFD. */
function escapeLabelValue(value: string): string {
  if (!NEEDS_ESCAPE.test(value)) return value;
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\0', '\uFFFD');
}

/** OpenMetrics escapes the double quote in HELP too, the text format must not. */
export function escapeHelp(help: string, format: ExpositionFormat): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return format === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped;
}

/** `a="1",b="2"`: a label set without its braces. Both arrays have the same length. */
function formatLabels(names: readonly string[], values: readonly string[]): string {
  let text = '';
  for (let at = 0; at < names.length; at++) {
    if (at > 0) text += ',';
    text += `${names[at]}="${escapeLabelValue(values[at] ?? '')}"`;
  }
  return text;
}

/**
 * The name in HELP and TYPE. In OpenMetrics a counter's family name is its sample name without `_total`
 * [OpenMetrics 1.0, Counter].
 */
function familyName(name: string, type: MetricType, format: ExpositionFormat): string {
  return format === 'openmetrics' && type === 'counter' && name.endsWith('_total')
    ? name.slice(0, -'_total'.length)
    : name;
}

/**
 * OpenMetrics allows no counter whose sample lacks `_total`. The original's counters lack it and must keep their names
 * in both formats, since a Prometheus server that may choose takes OpenMetrics: there they are typed `unknown`.
 */
function familyType(name: string, type: MetricType, format: ExpositionFormat): string {
  return format === 'openmetrics' && type === 'counter' && !name.endsWith('_total') ? 'unknown' : type;
}

/** Gathers the text of samples until it is taken away chunk by chunk. */
export class SampleWriter {
  readonly #format: ExpositionFormat;
  #name = '';
  #labels: readonly string[] = [];
  #text = '';

  constructor(format: ExpositionFormat) {
    this.#format = format;
  }

  /** Characters waiting. */
  get length(): number {
    return this.#text.length;
  }

  /** Returns what is waiting and forgets it. */
  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  /** Starts a family; the samples that follow belong to it. */
  begin(family: MetricFamily<never>): void {
    const { name, type } = family;
    const shown = familyName(name, type, this.#format);
    this.#name = name;
    this.#labels = family.labels;
    this.#text += `# HELP ${shown} ${escapeHelp(family.help, this.#format)}\n`;
    this.#text += `# TYPE ${shown} ${familyType(name, type, this.#format)}\n`;
  }

  /** Closes the exposition; nothing is written after it. */
  end(): void {
    if (this.#format === 'openmetrics') this.#text += '# EOF\n';
  }

  /** One sample; label values in the family's order. */
  sample(value: number, ...labelValues: readonly string[]): void {
    this.series(formatLabels(this.#labels, labelValues), value);
  }

  /** One sample whose label set is already formatted (without braces). */
  series(labels: string, value: number): void {
    this.#text +=
      labels === ''
        ? `${this.#name} ${formatValue(value)}\n`
        : `${this.#name}{${labels}} ${formatValue(value)}\n`;
  }

  /** The samples of one histogram. */
  histogram(row: HistogramRow, ...labelValues: readonly string[]): void {
    const labels = formatLabels(this.#labels, labelValues);
    const comma = labels === '' ? '' : ',';
    const braced = labels === '' ? '' : `{${labels}}`;
    for (let at = 0; at < row.bounds.length; at++) {
      const bound = this.#formatBound(row.bounds[at] ?? Number.NaN);
      this.#text += `${this.#name}_bucket{${labels}${comma}le="${bound}"} ${formatValue(row.cumulative[at] ?? 0)}\n`;
    }
    this.#text += `${this.#name}_bucket{${labels}${comma}le="+Inf"} ${formatValue(row.count)}\n`;
    this.#text += `${this.#name}_sum${braced} ${formatValue(row.sum)}\n`;
    this.#text += `${this.#name}_count${braced} ${formatValue(row.count)}\n`;
  }

  /** OpenMetrics wants canonical floats: `1.0`, not `1` [OpenMetrics 1.0, Considerations: Canonical Numbers]. */
  #formatBound(bound: number): string {
    return this.#format === 'openmetrics' && Number.isInteger(bound) ? `${bound}.0` : formatValue(bound);
  }
}

/** No chunk is longer; a label value of three-byte characters is counted in. */
export const MAX_CHUNK_BYTES = 65_536;

const CHUNK_CHARS = 32_768;

/**
 * Renders families as chunks of at most 64 KiB of UTF-8. The event loop is let go whenever the pacer says so,
 * however fast the reader is; a reader that is slow is waited for, since a chunk is made when it is asked for.
 */
export async function* renderFamilies<Input>(
  families: readonly MetricFamily<Input>[],
  input: Input,
  format: ExpositionFormat,
  pacer: Pacer,
): AsyncGenerator<Buffer, void, undefined> {
  const out = new SampleWriter(format);
  for (const family of families) {
    out.begin(family);
    const rest = family.collect(input, out);
    if (rest !== undefined) {
      for (const _ of rest) {
        if (out.length >= CHUNK_CHARS) yield* chunksOf(out.take());
        if (pacer.isDue()) await pacer.rest();
      }
    }
    if (out.length >= CHUNK_CHARS) yield* chunksOf(out.take());
    if (pacer.isDue()) await pacer.rest();
  }
  out.end();
  yield* chunksOf(out.take());
}

function* chunksOf(text: string): Generator<Buffer, void, undefined> {
  const bytes = Buffer.from(text, 'utf8');
  for (let at = 0; at < bytes.length; at += MAX_CHUNK_BYTES) yield bytes.subarray(at, at + MAX_CHUNK_BYTES);
}
