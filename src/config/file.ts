import type { Document, Pair, Scalar, YAMLMap } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Raw } from './key.ts';
import { quoteName } from './key.ts';
import type { KeyName } from './schema.ts';
import { findKey, findSection, keys, suggestKey } from './schema.ts';
import type { Setting, Settings } from './setting.ts';

/**
 * Reads a YAML 1.2 file. Keys stand under their section or are written with it (`limits.idleMs: 0`);
 * a section without content is allowed, a key without a value is not.
 *
 * @param name the file as the user named it, for the places in problems.
 */
export function readConfigFile(name: string, text: string): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const problems = faults.map(
      ({ message, pos: [at] }) => `${place(at)}: ${explain(message, lineAt(text, at))}`,
    );
    return { byKey: new Map(), problems, doubtful: new Set(keys().keys()) };
  }
  const reader = new FileReader(document, place);
  reader.readTop();
  return reader;
}

function lineAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return text.slice(start).split(/\r?\n/, 1)[0] ?? '';
}

/** The parser's own words, and the remedy where it is known. */
function explain(message: string, line: string): string {
  if (message.includes('multiple documents')) return 'must be one YAML document: remove the line ---';
  const plain = message.split('\n', 1)[0] ?? message;
  // An unquoted IPv6 address begins a YAML list.
  return /:\s*\[[\da-fA-F:.]*\]:\d/.test(line) ? `${plain}; put the address in quotes: "[::1]:9332"` : plain;
}

class FileReader implements Settings {
  readonly byKey = new Map<KeyName, Setting>();
  readonly problems: string[] = [];
  readonly doubtful = new Set<KeyName>();
  readonly #document: Document.Parsed;
  readonly #place: (offset: number) => string;
  /** Path of every key and section met, with its place. */
  readonly #seen = new Map<string, string>();

  constructor(document: Document.Parsed, place: (offset: number) => string) {
    this.#document = document;
    this.#place = place;
  }

  readTop(): void {
    const { contents } = this.#document;
    if (contents === null || (isScalar(contents) && contents.value === null)) return;
    if (isMap(contents)) this.#readMap(contents, '');
    else
      this.problems.push(
        `${this.#place(contents.range[0])}: must be a mapping of sections and keys, such as "db: {path: proxy.db}"`,
      );
  }

  #readMap(map: YAMLMap, section: string): void {
    for (const pair of map.items) {
      const name = isScalar(pair.key) ? writtenText(pair.key) : null;
      const place = this.#place(startOf(pair.key) ?? startOf(map) ?? 0);
      if (name === null) this.problems.push(`${place}: a key must be a plain word`);
      else this.#readPair(pair, section === '' ? name : `${section}.${name}`, place);
    }
  }

  #readPair(pair: Pair, path: string, place: string): void {
    const first = this.#seen.get(path);
    if (first !== undefined) {
      this.problems.push(`${place}: ${quoteName(path)}: written twice, first at ${first}`);
      return;
    }
    this.#seen.set(path, place);
    if (isAlias(pair.value) && this.#resolve(pair.value) === null) {
      this.problems.push(
        `${place}: ${quoteName(path)}: *${pair.value.source} is not defined before this line`,
      );
      return;
    }
    const value = this.#resolve(pair.value);
    const found = findKey(path);
    if (found !== null)
      this.#readKey(found.name, value, this.#place(startOf(pair.value) ?? startOf(pair.key) ?? 0));
    else if (findSection(path) !== null) this.#readSection(value, path, place);
    else this.#refuse(pair.value, path, place);
  }

  #readSection(value: unknown, path: string, place: string): void {
    if (isMap(value)) this.#readMap(value, path);
    else if (value !== null && !(isScalar(value) && value.value === null)) {
      this.problems.push(`${place}: ${quoteName(path)}: is a section, its keys stand indented under it`);
    }
  }

  #resolve(node: unknown): unknown {
    return isAlias(node) ? (node.resolve(this.#document) ?? null) : node;
  }

  #readKey(name: KeyName, value: unknown, place: string): void {
    const raw = this.#rawOf(value);
    if (raw === null || raw === 'mapping') this.doubtful.add(name);
    if (raw === null)
      this.problems.push(`${place}: ${name}: has no value; remove the line to get the default`);
    else if (raw === 'mapping')
      this.problems.push(`${place}: ${name}: is a key and takes a plain value, not a mapping or nested list`);
    else this.byKey.set(name, { raw: raw.written, place });
  }

  /** What stands in the file for a key: null without a value, `mapping` where no key could take it. */
  #rawOf(value: unknown): { readonly written: Raw } | 'mapping' | null {
    if (value === null || value === undefined) return null;
    if (isScalar(value)) return value.value === null ? null : { written: writtenText(value) };
    if (!isSeq(value)) return 'mapping';
    const items = value.items.map((item) => this.#resolve(item));
    return items.every(isScalar) ? { written: items.map(writtenText) } : 'mapping';
  }

  /** An unknown name; of an unknown section each key is named, since the likeliest slip is the section's spelling. */
  #refuse(value: unknown, path: string, place: string): void {
    if (isMap(value) && value.items.length > 0 && !path.includes('.')) {
      this.#readMap(value, path);
      return;
    }
    const sections = [...keys().values()].map(({ section }) => section);
    const { key, hint } = suggestKey(path, (meant) => meant, path.includes('.') ? [] : sections);
    this.problems.push(`${place}: ${quoteName(path)}: unknown key, ${hint}`);
    if (key !== null) this.doubtful.add(key);
  }
}

/** As the user wrote it, so that `1e000000` stays a text and `0123` loses nothing. */
function writtenText(scalar: Scalar): string {
  if (typeof scalar.value === 'string') return scalar.value;
  return scalar.source ?? String(scalar.value);
}

function startOf(node: unknown): number | null {
  const range = (node as { readonly range?: readonly number[] | null } | null)?.range;
  return range?.[0] ?? null;
}
