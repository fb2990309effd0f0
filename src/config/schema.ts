import type { Key, Section, Value, ValueOf } from './key.ts';
import { allLive } from './key.ts';
import {
  bans,
  ethashCaches,
  limits,
  rental,
  session,
  stratum,
  tls,
  vardiff,
  verify,
  verifyPerSecond,
} from './sections/miners.ts';
import { extranonce, failover, upstream } from './sections/pools.ts';
import {
  audit,
  db,
  events,
  history,
  log,
  metrics,
  shutdown,
  syslog,
  users,
  web,
} from './sections/program.ts';
import { nearest } from './spelling.ts';

/**
 * Every key there is, once: type, default, bounds and help. The file, the flags, the environment, `--help`,
 * the reference page, the example file and the errors all come from here.
 * They stand in `sections/`; here is their order.
 * Durations are whole numbers with the unit in the name, sizes are in bytes.
 */
export const SCHEMA = {
  stratum,
  tls: allLive(tls),
  web,
  db,
  users: allLive(users),
  audit: allLive(audit),
  events: allLive(events),
  history: allLive(history, ['writeSeconds']),
  metrics: allLive(metrics),
  log,
  syslog,
  verify,
  verifyPerSecond,
  ethashCaches,
  limits: allLive(limits),
  bans: allLive(bans),
  upstream: allLive(upstream, ['versionMask']),
  vardiff: allLive(vardiff),
  rental: allLive(rental),
  failover: allLive(failover),
  extranonce,
  session,
  shutdown,
} as const satisfies Readonly<Record<string, Key | Section>>;

type Schema = typeof SCHEMA;

/** The whole configuration: typed, complete (defaults included) and deeply frozen. */
export type Config = {
  readonly [Name in keyof Schema]: Schema[Name] extends Key
    ? ValueOf<Schema[Name]>
    : Schema[Name] extends Section<infer Keys>
      ? { readonly [Leaf in keyof Keys]: ValueOf<Keys[Leaf]> }
      : never;
};

/** `section.leaf`, or just the name of a key that has no section. */
export type KeyName = {
  [Name in keyof Schema]: Schema[Name] extends Section<infer Keys> ? `${Name}.${keyof Keys & string}` : Name;
}[keyof Schema];

/** One key with its names in all sources. */
export interface NamedKey {
  /** In the file and, after `--`, as a flag. */
  readonly name: KeyName;
  /** Empty for a key without a section. */
  readonly section: string;
  readonly leaf: string;
  /** Name of the environment variable. */
  readonly environment: string;
  readonly key: Key;
}

/** Prefix of every environment variable of ours. */
export const ENVIRONMENT_PREFIX = 'STRATUM_PROXY_';

const KEYS: ReadonlyMap<KeyName, NamedKey> = new Map(listKeys().map((entry) => [entry.name, entry]));

/** All keys by name, in the order of the schema. */
export function keys(): ReadonlyMap<KeyName, NamedKey> {
  return KEYS;
}

/** The description of a key that is known to be there. */
export function keyOf(name: KeyName): Key {
  const found = KEYS.get(name);
  if (found === undefined) throw new Error(`no such key: ${name}`);
  return found.key;
}

/** The key of that name, null where there is none. */
export function findKey(name: string): NamedKey | null {
  return KEYS.get(name as KeyName) ?? null;
}

/** A section's description, null where there is none of that name. */
export function findSection(name: string): Section | null {
  const entry = Object.hasOwn(SCHEMA, name) ? SCHEMA[name as keyof Schema] : null;
  return entry?.kind === 'section' ? entry : null;
}

/** For an unknown name: the likeliest key, or what else may help. `show` writes a key the way its source does. */
export function suggestKey(
  written: string,
  show: (name: string) => string,
  others: readonly string[] = [],
): { readonly key: KeyName | null; readonly hint: string } {
  const meant = nearest(written, [...KEYS.keys(), ...others]);
  if (meant !== null) return { key: findKey(meant)?.name ?? null, hint: `did you mean ${show(meant)}?` };
  const section = findSection(written.split('.', 1)[0] ?? '');
  const leaves = Object.keys(section?.keys ?? {});
  const hint = leaves.length > 0 ? `that section has ${leaves.join(', ')}` : '--help lists them all';
  return { key: null, hint };
}

/** The frozen configuration with these values; keys that are not named keep their default. */
export function buildConfig(values: ReadonlyMap<KeyName, Value>): Config {
  const tree: Record<string, Value | Record<string, Value>> = {};
  for (const { name, section, leaf, key } of KEYS.values()) {
    const value = frozenCopy(values.get(name) ?? key.default);
    if (section === '') tree[leaf] = value;
    else tree[section] = { ...groupOf(tree, section), [leaf]: value };
  }
  for (const group of Object.values(tree)) Object.freeze(group);
  // The one place where the shape of SCHEMA at run time meets its type.
  return Object.freeze(tree) as unknown as Config;
}

/** The value of a key. */
export function valueOf(config: Config, { name, section, leaf }: NamedKey): Value {
  const group: Readonly<Record<string, unknown>> = section === '' ? config : groupOf(config, section);
  const value = group[leaf];
  if (value === undefined) throw new Error(`no such key in the configuration: ${name}`);
  return value as Value;
}

/** Keys whose values differ, in the order of the schema. */
export function changedKeys(before: Config, after: Config): readonly NamedKey[] {
  return [...KEYS.values()].filter(
    (named) => JSON.stringify(valueOf(before, named)) !== JSON.stringify(valueOf(after, named)),
  );
}

/** What is in force when `next` is read while `running` is: the live keys of the one, all others of the other. */
export function withLiveKeys(running: Config, next: Config): Config {
  const values = new Map(
    [...KEYS.values()].map((named) => [named.name, valueOf(named.key.isLive ? next : running, named)]),
  );
  return buildConfig(values);
}

function groupOf(tree: Readonly<Record<string, unknown>>, section: string): Readonly<Record<string, Value>> {
  return (tree[section] ?? {}) as Readonly<Record<string, Value>>;
}

function frozenCopy(value: Value): Value {
  return typeof value === 'object' ? Object.freeze([...value]) : value;
}

function listKeys(): NamedKey[] {
  return Object.entries<Key | Section>(SCHEMA).flatMap(([name, entry]) =>
    entry.kind === 'section'
      ? Object.entries(entry.keys).map(([leaf, key]) => named(name, leaf, key))
      : [named('', name, entry)],
  );
}

function named(section: string, leaf: string, key: Key): NamedKey {
  const name = section === '' ? leaf : `${section}.${leaf}`;
  const environment = ENVIRONMENT_PREFIX + name.replace('.', '_').replace(/[A-Z]/g, '_$&').toUpperCase();
  return { name: name as KeyName, section, leaf, environment, key };
}
