import type { Seed } from './fuzz-corpus.ts';

/** A value in JSON text. `from` is where its member begins, the key included; `start` where it has none. */
export interface JsonSpan {
  readonly from: number;
  readonly start: number;
  readonly end: number;
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;

/** The values of JSON text, each after those that it contains; empty where the text is no JSON. */
export function spansOf(text: string): JsonSpan[] {
  try {
    JSON.parse(text);
  } catch {
    return [];
  }
  const spans: JsonSpan[] = [];
  const open: { readonly start: number; readonly from: number }[] = [];
  let key = -1;
  for (let at = 0; at < text.length; ) {
    const start = at;
    const char = text[at] ?? '';
    if (char === '{' || char === '[') {
      open.push({ start, from: key < 0 ? start : key });
      key = -1;
      at += 1;
    } else if (char === '}' || char === ']') {
      const begun = open.pop();
      at += 1;
      if (begun !== undefined) spans.push({ ...begun, end: at });
    } else if (char === ',' || char === ':' || isSpace(text.charCodeAt(at))) {
      at += 1;
    } else {
      at = char === '"' ? endOfString(text, at) : endOfWord(text, at);
      let next = at;
      while (isSpace(text.charCodeAt(next))) next += 1;
      if (text[next] === ':') {
        key = start;
      } else {
        spans.push({ from: key < 0 ? start : key, start, end: at });
        key = -1;
      }
    }
  }
  return spans;
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfWord(text: string, from: number): number {
  let at = from;
  while (at < text.length && !'{}[],:'.includes(text[at] ?? '') && !isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

/** Values that have broken parsers before. */
const ODD: readonly string[] = [
  '0',
  '-0',
  '1',
  '-1',
  '0.5',
  '1e999',
  '-1e999',
  '1e-999',
  '1e20',
  '1e308',
  '5e-324',
  '1.7976931348623157e308',
  '4294967296',
  '9007199254740993',
  '18446744073709551616',
  '123456789012345678901234567890',
  '1.0',
  '1E+2',
  '65536',
  '2147483648',
  '255',
  'null',
  'true',
  'false',
  '""',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '"0x"',
  '"0"',
  '"true"',
  '" "',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\ud83d\\ude00"',
  '"\\""',
  '"\\\\"',
  '"\\/"',
  '"\\n"',
  '"\xc3\xa9"',
  '"\xff"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '{"__proto__":{"id":1}}',
  '{"toJSON":1}',
  '{"length":9}',
  '"EthereumStratum/1.0.0"',
  '"1700000000000"',
  '"-1"',
  '"1e5"',
  '"Infinity"',
  '"NaN"',
  '"00"',
  '"0X0A"',
  '"144_5"',
  '"rx/yada"',
  '"ghostrider"',
  '"kawpow"',
  '[[1,2,3,4],5]',
  '[1,2,3,4]',
  '"0123456789"',
  '"\\u0061"',
];

const METHODS: readonly string[] = [
  'mining.subscribe',
  'mining.authorize',
  'mining.submit',
  'mining.notify',
  'mining.configure',
  'mining.ping',
  'mining.set_difficulty',
  'mining.set_target',
  'mining.set_extranonce',
  'mining.set',
  'mining.hello',
  'job',
  'mining.set_version_mask',
  'client.reconnect',
  'client.show_message',
  'client.get_version',
  'login',
  'submit',
  'eth_submitLogin',
  'eth_getWork',
  'eth_submitWork',
  'mining.suggest_difficulty',
  'mining.suggest_target',
];

const KEYS = [
  'id',
  'method',
  'params',
  'result',
  'error',
  'job',
  'height',
  'algo',
  'target',
  '__proto__',
  'toJSON',
];
const HEX_LENGTHS = [1, 2, 4, 6, 7, 8, 9, 14, 16, 17, 32, 40, 63, 64, 65, 66, 80, 128, 200, 513];
const BYTES = [
  '\0',
  '\n',
  '\r',
  '\r\n',
  ' ',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\x7f',
  '\x80',
  '\xc3',
  '\xe2\x80\xa8',
  '\xed\xa0\x80',
  '\xf4',
  '\xff',
];

/** How seldom an input is made large: every so many mutations. */
const LARGE_ONE_IN = 480;
/** No input is longer. */
export const MOST_INPUT_BYTES = 70_000;

/** Makes inputs from seeds, by chance. */
export class Mutation {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(from: readonly T[]): T {
    const one = from[this.below(from.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  /** One to a few changes of `seed`; what is spliced in comes from `other`. */
  mutate(seed: Seed, other: Seed): string {
    let input = seed.text;
    const { spans } = seed;
    const isJson = spans.length > 0 && this.below(8) > 0;
    if (isJson) input = this.#changeValues(seed, other);
    if (!isJson || this.below(8) === 0) {
      for (let left = 1 + this.below(3); left > 0; left -= 1) input = this.#changeBytes(input, other.text);
    }
    return input.length > MOST_INPUT_BYTES ? input.slice(0, MOST_INPUT_BYTES) : input;
  }

  #changeValues({ text, spans }: Seed, other: Seed): string {
    const chosen = Array.from({ length: 1 + this.below(3) }, () => this.pick(spans));
    chosen.sort((a, b) => b.from - a.from);
    let input = text;
    let before = Infinity;
    for (const span of chosen) {
      // From the end to the front, none inside of another: so that offsets stay true.
      if (span.end > before) continue;
      input = this.#changeValue(input, span, text, spans, other);
      before = span.from;
    }
    return input;
  }

  #changeValue(input: string, span: JsonSpan, text: string, spans: readonly JsonSpan[], other: Seed): string {
    const { from, start, end } = span;
    const put = (value: string): string => input.slice(0, start) + value + input.slice(end);
    switch (this.below(12)) {
      case 0:
        return dropped(input, from, end);
      case 1:
        return `${input.slice(0, from)}${input.slice(from, end)},${input.slice(from)}`;
      case 2: {
        const donor = this.pick(spans);
        return put(text.slice(donor.start, donor.end));
      }
      case 3: {
        if (other.spans.length === 0) return put('0');
        const donor = this.pick(other.spans);
        return put(other.text.slice(donor.start, donor.end));
      }
      case 4:
        return put(`"${this.#hex(this.pick(HEX_LENGTHS))}"`);
      case 5:
        return put(`[${input.slice(start, end)}]`);
      case 6:
        return `${input.slice(0, from)}"${this.pick(KEYS)}":${this.pick(ODD)},${input.slice(from)}`;
      case 7:
        return put(`"${this.pick(METHODS)}"`);
      case 8:
      case 9:
        return put(this.#nudged(input.slice(start, end)));
      case 10:
        if (this.below(LARGE_ONE_IN / 12) === 0) return put(this.#large());
        return put(this.pick(ODD));
      default:
        return put(this.pick(ODD));
    }
  }

  /** Nearly the same value. */
  #nudged(value: string): string {
    if (!value.startsWith('"'))
      return this.pick([`${value}0`, `-${value}`, `"${value}"`, `${value}.5`, ` ${value} `]);
    const inner = value.slice(1, -1);
    const at = this.below(inner.length + 1);
    switch (this.below(9)) {
      case 0:
        return `"${inner.slice(0, at)}"`;
      case 1:
        return `"${inner}${this.#hex(1 + this.below(4))}"`;
      case 2:
        return `"${inner.toUpperCase()}"`;
      case 3:
        return `"0x${inner}"`;
      case 4:
        return `" ${inner}\\t"`;
      case 5:
        return inner;
      case 6:
        return `"${inner.slice(0, at)}${this.pick(['\\ud83d', '\\u0000', '\xc3\xa9', '\\"', 'g', '0', '/', '.'])}${inner.slice(at)}"`;
      case 7:
        return `"${'0'.repeat(inner.length)}"`;
      default:
        return `"${inner}${inner}"`;
    }
  }

  /** What costs a careless parser much time, stack or memory. */
  #large(): string {
    const many = this.pick([300, 3000, 20_000]);
    switch (this.below(9)) {
      case 0:
        return '['.repeat(many) + ']'.repeat(many);
      case 1:
        return `${'{"a":'.repeat(many)}1${'}'.repeat(many)}`.slice(0, MOST_INPUT_BYTES);
      case 2:
        return `"${'0'.repeat(many)}"`;
      case 3:
        return `"${'\\u00e9'.repeat(Math.min(many, 10_000))}"`;
      case 4:
        return '9'.repeat(many);
      case 5:
        return `{${Array.from({ length: Math.min(many, 6000) }, (_, i) => `"${i}":1.5`).join(',')}}`;
      case 6:
        return `1${' '.repeat(many)}`;
      case 7:
        return `[${'1e20,'.repeat(Math.min(many, 10_000))}0]`;
      default:
        return `1,${Array.from({ length: Math.min(many, 5000) }, (_, i) => `"x${i}":0.5`).join(',')}`;
    }
  }

  #changeBytes(input: string, other: string): string {
    const at = this.below(input.length + 1);
    const to = Math.min(input.length, at + this.below(24));
    switch (this.below(9)) {
      case 0:
        return input.slice(0, at);
      case 1:
        return input.slice(at);
      case 2:
        return input.slice(0, at) + input.slice(to);
      case 3:
        return input.slice(0, to) + input.slice(at);
      case 4:
        return input.slice(0, at) + this.pick(BYTES) + input.slice(at);
      case 5:
        return (
          input.slice(0, at) +
          String.fromCharCode((input.charCodeAt(at) || 0) ^ (1 << this.below(8))) +
          input.slice(at + 1)
        );
      case 6:
        return input.slice(0, at) + other.slice(this.below(other.length + 1));
      case 7:
        return input + other;
      default:
        return (
          input.slice(0, at) +
          String.fromCharCode(this.below(256)).repeat(
            this.below(LARGE_ONE_IN) === 0 ? 5000 : 1 + this.below(80),
          ) +
          input.slice(at)
        );
    }
  }

  #hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.below(0x1_0000_0000).toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }
}

/** Without the value or member, and without a comma that goes with it. */
function dropped(input: string, from: number, end: number): string {
  if (input[end] === ',') return input.slice(0, from) + input.slice(end + 1);
  return input.slice(0, input[from - 1] === ',' ? from - 1 : from) + input.slice(end);
}
