import type { Key, Value } from './key.ts';
import { describeAllowed } from './key.ts';
import type { Config, KeyName, NamedKey } from './schema.ts';
import { buildConfig, findSection, keys, valueOf } from './schema.ts';
import type { Source } from './setting.ts';
import { wrap } from './wrap.ts';

const WIDTH = 110;

/** The configuration in force as YAML, each value with where it comes from behind it. Secrets are not shown. */
export function renderEffective(config: Config, sources: ReadonlyMap<KeyName, Source>): string {
  const lines = blocks().flatMap(({ section, entries }) => {
    const body = entries.map((entry) => {
      const value = redacted(entry.key, valueOf(config, entry));
      return `${indent(section)}${entry.leaf}: ${yamlOf(entry.key, value)} # ${sources.get(entry.name) ?? 'default'}`;
    });
    return section === '' ? body : [`${section}:`].concat(body);
  });
  return `${lines.join('\n')}\n`;
}

/**
 * A file with every key and what it means, ready to be edited; without an argument it holds the defaults.
 * Secrets are written out.
 */
export function renderExample(config: Config = buildConfig(new Map())): string {
  const intro = [
    '# Configuration of stratum-proxy: every key with its meaning and default.',
    '# What is left out keeps its default, so a file needs only the lines that differ.',
    '# stratum-proxy check <file> checks it, stratum-proxy --config <file> starts with it.',
  ];
  const parts = blocks().map(({ section, entries }) => {
    const body = entries.flatMap((entry) => [
      ...comment(entry.key.help, indent(section)),
      ...comment(`Allowed: ${describeAllowed(entry.key)}.`, indent(section)),
      `${indent(section)}${entry.leaf}: ${yamlOf(entry.key, valueOf(config, entry))}`,
    ]);
    return section === '' ? body : comment(findSection(section)?.help ?? '', '').concat(`${section}:`, body);
  });
  return `${[intro, ...parts].map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** What stands together in a file: a section, or a key that has none. */
interface Block {
  readonly section: string;
  readonly entries: readonly NamedKey[];
}

function blocks(): readonly Block[] {
  const grouped = Map.groupBy(keys().values(), ({ section, name }) => (section === '' ? name : section));
  return [...grouped.values()].map((entries) => ({ section: entries[0]?.section ?? '', entries }));
}

function indent(section: string): string {
  return section === '' ? '' : '  ';
}

function comment(text: string, before: string): string[] {
  const head = `${before}# `;
  return wrap(text, WIDTH - head.length).map((line) => head + line);
}

function redacted(key: Key, value: Value): Value {
  if (key.kind !== 'list' || key.redact === null || typeof value !== 'object') return value;
  return value.map(key.redact);
}

/** A value in YAML. JSON's quoted strings are YAML's double-quoted ones. */
export function yamlOf(key: Key, value: Value): string {
  if (typeof value === 'object') return `[${value.map((entry) => JSON.stringify(entry)).join(', ')}]`;
  return key.kind === 'text' ? JSON.stringify(value) : String(value);
}
