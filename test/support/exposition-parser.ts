/**
 * A strict reader of the Prometheus text format 0.0.4 and of OpenMetrics 1.0. Anything the formats do not allow is an
 * error with its line: samples before HELP and TYPE, a family in two places, a label set written twice, a wrong
 * suffix, a histogram that does not add up.
 */
export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ParsedSample[];
}

/** The same for the same label set, whatever its order. */
export function labelKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const TYPES = {
  text: ['counter', 'gauge', 'histogram', 'summary', 'untyped'],
  openmetrics: ['counter', 'gauge', 'histogram', 'summary', 'unknown', 'info', 'stateset'],
};

export function parseExposition(text: string, format: 'text' | 'openmetrics'): Map<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed');
  const lines = text.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('the last line is not # EOF');
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | null = null;
  let family: ParsedFamily | null = null;
  lines.forEach((line, at) => {
    const fail = (why: string): never => {
      throw new Error(`line ${at + 1}: ${why}: ${line}`);
    };
    const meta = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    if (meta !== null) {
      const [, kind = '', name = '', rest = ''] = meta;
      if (kind === 'HELP') {
        if (families.has(name)) fail('family in two places');
        help = { name, text: rest };
        return;
      }
      if (help?.name !== name) fail('TYPE without its HELP before it');
      if (!TYPES[format].includes(rest)) fail('unknown type');
      family = { name, type: rest, help: help?.text ?? '', samples: [] };
      families.set(name, family);
      return;
    }
    if (line.startsWith('#') || line === '') fail('neither metadata nor a sample');
    const sample = parseSample(line, fail);
    const owner = family ?? fail('sample before any family');
    if (!belongs(sample.name, owner, format)) fail(`sample outside its family ${owner.name}`);
    const key = `${sample.name}\n${labelKey(sample.labels)}`;
    if (seen.has(key)) fail('label set written twice');
    seen.add(key);
    owner.samples.push(sample);
  });
  for (const one of families.values()) {
    if (one.type === 'histogram') checkHistogram(one);
    if (one.type === 'counter' && one.samples.some((sample) => !(sample.value >= 0))) {
      throw new Error(`${one.name}: a counter below zero`);
    }
  }
  return families;
}

function belongs(name: string, family: ParsedFamily, format: 'text' | 'openmetrics'): boolean {
  if (family.type === 'histogram') {
    return ['_bucket', '_sum', '_count'].some((suffix) => name === family.name + suffix);
  }
  if (format === 'openmetrics' && family.type === 'counter') return name === `${family.name}_total`;
  return name === family.name;
}

function parseSample(line: string, fail: (why: string) => never): ParsedSample {
  const head = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0] ?? fail('no metric name');
  const labels: Record<string, string> = {};
  let at = head.length;
  if (line[at] === '{') {
    at++;
    while (line[at] !== '}') {
      const name = /^[a-zA-Z_][a-zA-Z0-9_]*(?==")/.exec(line.slice(at))?.[0] ?? fail('bad label name');
      if (name in labels) fail(`label ${name} twice`);
      at += name.length + 2;
      let value = '';
      while (line[at] !== '"') {
        const char = line[at] ?? fail('label value without an end');
        if (char === '\\') {
          const escaped = line[at + 1] ?? '';
          value += { '\\': '\\', '"': '"', n: '\n' }[escaped] ?? fail('unknown escape');
          at += 2;
        } else {
          value += char;
          at++;
        }
      }
      labels[name] = value;
      at++;
      if (line[at] === ',') at++;
      else if (line[at] !== '}') fail('no comma between labels');
    }
    at++;
  }
  const tail = /^ (\S+)$/.exec(line.slice(at))?.[1] ?? fail('no value');
  return { name: head, labels, value: parseValue(tail, fail) };
}

function parseValue(text: string, fail: (why: string) => never): number {
  if (text === 'NaN') return Number.NaN;
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  if (!/^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text)) fail('not a number');
  return Number(text);
}

function checkHistogram(family: ParsedFamily): void {
  const rows = new Map<string, { le: number; count: number }[]>();
  const counts = new Map<string, number>();
  for (const { name, labels, value } of family.samples) {
    const { le, ...rest } = labels;
    const key = labelKey(rest);
    if (name.endsWith('_count')) counts.set(key, value);
    if (!name.endsWith('_bucket')) continue;
    if (le === undefined) throw new Error(`${family.name}: bucket without le`);
    const row = rows.get(key) ?? [];
    row.push({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), count: value });
    rows.set(key, row);
  }
  for (const [key, row] of rows) {
    for (let at = 1; at < row.length; at++) {
      const [before, here] = [row[at - 1], row[at]];
      if (before === undefined || here === undefined) continue;
      if (!(here.le > before.le)) throw new Error(`${family.name}${key}: bounds do not ascend`);
      if (here.count < before.count) throw new Error(`${family.name}${key}: counts are not cumulative`);
    }
    const last = row.at(-1);
    if (last?.le !== Number.POSITIVE_INFINITY) throw new Error(`${family.name}${key}: no +Inf bucket`);
    if (last.count !== counts.get(key)) throw new Error(`${family.name}${key}: +Inf is not the count`);
  }
}
