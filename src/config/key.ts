/** What a configuration key may hold. */
export type Value = number | boolean | string | readonly string[];

/**
 * A value as it is written in any of the sources: the text of a flag, of an environment variable or of a YAML scalar,
 * or the texts of a YAML list. All sources are read by the same rules from here on.
 */
export type Raw = string | readonly string[];

interface KeyCommon {
  /** One or two sentences in an operator's words: what it does and when to change it. */
  readonly help: string;
  /** True for the flags that the original program had. */
  readonly original: boolean;
  /** When another value counts that is found when the configuration is read again: at once, or after a restart. */
  readonly isLive: boolean;
}

export interface IntegerKey extends KeyCommon {
  readonly kind: 'integer';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** What 0 means where it is allowed beside `min`…`max`; null where 0 has no meaning of its own. */
  readonly zero: string | null;
}

export interface BooleanKey extends KeyCommon {
  readonly kind: 'boolean';
  readonly default: boolean;
}

export interface ChoiceKey<C extends string = string> extends KeyCommon {
  readonly kind: 'choice';
  readonly default: C;
  readonly options: readonly C[];
}

export interface TextKey extends KeyCommon {
  readonly kind: 'text';
  readonly default: string;
  /** Completes "must be …". */
  readonly allowed: string;
  /** One word for `--help`. */
  readonly placeholder: string;
  /** What the empty text means; null where it is refused. */
  readonly empty: string | null;
  /** The text in its canonical form, or null where it is not allowed. Never called with an empty text. */
  readonly check: (text: string) => string | null;
}

export interface ListKey extends KeyCommon {
  readonly kind: 'list';
  readonly default: readonly string[];
  /** Completes "every entry must be …". */
  readonly allowed: string;
  readonly placeholder: string;
  /** An entry in its canonical form, or null where it is not allowed. Never called with an empty text. */
  readonly check: (entry: string) => string | null;
  /** What is shown instead of an entry; null where entries are no secret. */
  readonly redact: ((entry: string) => string) | null;
}

/** The description of one configuration key: type, default, bounds and help. Plain data. */
export type Key = IntegerKey | BooleanKey | ChoiceKey | TextKey | ListKey;

/** A named group of keys: one mapping in the file, the part before the dot in a flag. */
export interface Section<S extends Readonly<Record<string, Key>> = Readonly<Record<string, Key>>> {
  readonly kind: 'section';
  readonly help: string;
  readonly keys: S;
}

/** The type of the value that a key holds. */
export type ValueOf<K extends Key> = K extends IntegerKey
  ? number
  : K extends BooleanKey
    ? boolean
    : K extends ChoiceKey<infer C>
      ? C
      : K extends TextKey
        ? string
        : readonly string[];

type Written<K extends Key, Optional extends keyof K> = Omit<K, 'kind' | 'original' | 'isLive' | Optional> &
  Partial<Pick<K, 'original' | 'isLive' | Optional>>;

const COMMON = { original: false, isLive: false } as const;

export function integer(spec: Written<IntegerKey, 'zero'>): IntegerKey {
  return { kind: 'integer', ...COMMON, zero: null, ...spec };
}

export function boolean(spec: Written<BooleanKey, never>): BooleanKey {
  return { kind: 'boolean', ...COMMON, ...spec };
}

export function choice<const C extends string>(spec: {
  readonly options: readonly C[];
  readonly default: NoInfer<C>;
  readonly help: string;
  readonly isLive?: boolean;
}): ChoiceKey<C> {
  return { kind: 'choice', ...COMMON, ...spec };
}

export function text(spec: Written<TextKey, 'empty'>): TextKey {
  return { kind: 'text', ...COMMON, empty: null, ...spec };
}

export function list(spec: Written<ListKey, 'redact'>): ListKey {
  return { kind: 'list', ...COMMON, redact: null, ...spec };
}

export function section<const S extends Readonly<Record<string, Key>>>(help: string, keys: S): Section<S> {
  return { kind: 'section', help, keys };
}

/** The same section with every key but those of `except` live. */
export function allLive<const S extends Readonly<Record<string, Key>>>(
  { help, keys }: Section<S>,
  except: readonly (keyof S & string)[] = [],
): Section<S> {
  const entries = Object.entries(keys).map(([name, key]) => [
    name,
    { ...key, isLive: !(except as readonly string[]).includes(name) },
  ]);
  // The same keys, of which only a flag is another.
  return section(help, Object.fromEntries(entries) as S);
}

/** Either the value, or what is wrong with the text, to stand behind the place it came from. */
export type Reading =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

/** Reads a value as written. A secret is never repeated in the problem. */
export function readValue(key: Key, raw: Raw): Reading {
  if (key.kind === 'list') return readList(key, raw);
  if (typeof raw !== 'string') return refuse(key, 'a list');
  const value = readScalar(key, raw);
  return value === null ? refuse(key, quote(raw)) : { ok: true, value };
}

/** What a key accepts, in words that complete "must be …". */
export function describeAllowed(key: Key): string {
  if (key.kind === 'integer') {
    const range = `a whole number from ${key.min} to ${key.max}`;
    return key.zero === null ? range : `0 (${key.zero}) or ${range}`;
  }
  if (key.kind === 'boolean') return 'true or false';
  if (key.kind === 'choice') return alternatives(key.options);
  if (key.kind === 'list') return `a list, each entry ${key.allowed}`;
  return key.empty === null ? key.allowed : `${key.allowed}, or empty (${key.empty})`;
}

/** `a`, `a or b`, `a, b or c`. */
export function alternatives(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

/** What somebody wrote, for an error line: quoted, cut when long, and without anything that a terminal would obey. */
export function quote(written: string): string {
  const MAX = 60;
  const short = written.length > MAX ? `${written.slice(0, MAX)}…` : written;
  return JSON.stringify(short).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A name that somebody wrote, for an error line: bare where it is a plain word, else quoted. */
export function quoteName(written: string): string {
  return /^[\w.-]{1,80}$/.test(written) ? written : quote(written);
}

function refuse(key: Key, found: string): Reading {
  return { ok: false, problem: `must be ${describeAllowed(key)}, not ${found}` };
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['t', true],
  ['yes', true],
  ['on', true],
  ['1', true],
  ['false', false],
  ['f', false],
  ['no', false],
  ['off', false],
  ['0', false],
]);

function readScalar(key: Exclude<Key, ListKey>, raw: string): Value | null {
  if (key.kind === 'integer') return readInteger(key, raw.trim());
  if (key.kind === 'boolean') return BOOLEANS.get(raw.trim().toLowerCase()) ?? null;
  if (key.kind === 'choice') return key.options.find((option) => option === raw.trim().toLowerCase()) ?? null;
  if (raw === '') return key.empty === null ? null : raw;
  return isPrintable(raw) ? key.check(raw) : null;
}

function readInteger(key: IntegerKey, raw: string): number | null {
  if (!/^[+-]?\d{1,15}$/.test(raw)) return null;
  const value = Number(raw) + 0; // -0 becomes 0
  if (value === 0 && key.zero !== null) return value;
  return value >= key.min && value <= key.max ? value : null;
}

/** A text is split at its commas, since flags and environment variables have no lists; empty entries are dropped. */
function readList(key: ListKey, raw: Raw): Reading {
  const values: string[] = [];
  const refused: string[] = [];
  for (const [index, written] of (typeof raw === 'string' ? raw.split(',') : raw).entries()) {
    const entry = written.trim();
    if (entry === '') continue;
    const value = isPrintable(entry) ? key.check(entry) : null;
    if (value !== null) values.push(value);
    else refused.push(key.redact === null ? `entry ${index + 1} ${quote(entry)}` : `entry ${index + 1}`);
  }
  if (refused.length === 0) return { ok: true, value: values };
  return { ok: false, problem: `${refused.join(' and ')} must be ${key.allowed}` };
}

function isPrintable(written: string): boolean {
  return written.isWellFormed() && !/[\u0000-\u001f\u007f-\u009f]/.test(written);
}
