import { isDeepStrictEqual } from 'node:util';
import type { Kysely } from 'kysely';
import { formatEndpoint } from '../../domain/endpoint.ts';
import type { Tables } from '../schema.ts';
import type {
  AddAlgorithmResult,
  AlgorithmChange,
  AlgorithmRecord,
  AlgorithmRequest,
  DeleteAlgorithmResult,
  InUse,
  UpdateAlgorithmResult,
} from '../store.ts';
import { StoreError } from '../store-error.ts';
import { type AlgorithmContent, contentOf, findAlgorithm, parseOverrides } from './algorithms.ts';
import { inUse } from './delete-pool.ts';

const CHANGEABLE = ['divider', 'unit', 'aliases', 'dialects', 'note'] as const;

/** What an operator's algorithm has where nothing is said; the dialects have to be. */
const DEFAULTS = { divider: 1, unit: 'H', aliases: [], note: '' } as const;

/** See `Store.addAlgorithm`; to be run in a transaction. */
export async function addAlgorithm(
  db: Kysely<Tables>,
  request: AlgorithmRequest,
): Promise<AddAlgorithmResult> {
  const name = canonical(request.name);
  const { divider, unit, dialects, note } = request;
  const aliases = request.aliases === undefined ? undefined : canonicalAliases(request.aliases, name);
  const known = await findAlgorithm(db, name);
  if (known !== null) {
    if (known.name !== name)
      return { kind: 'conflict', message: `"${name}" is another name of ${known.name}` };
    const given = { ...contentOf(known), divider, unit, dialects, ...some({ aliases, note }) };
    if (isSame(given, contentOf(known))) return { kind: 'existing', algorithm: known };
    return {
      kind: 'conflict',
      message: `the algorithm ${name} is there already, with other properties: change it with PATCH`,
    };
  }
  const taken = await takenBy(db, aliases ?? [], name);
  if (taken !== null) return taken;
  await db
    .insertInto('algorithms')
    .values({
      name,
      divider,
      unit,
      dialects: JSON.stringify(dialects),
      note: note ?? '',
      source: 'operator',
      overrides: null,
      shipped: null,
    })
    .execute();
  await writeAliases(db, name, aliases ?? []);
  return { kind: 'created', algorithm: await reread(db, name) };
}

/** See `Store.updateAlgorithm`; to be run in a transaction. */
export async function updateAlgorithm(
  db: Kysely<Tables>,
  wanted: string,
  change: AlgorithmChange,
): Promise<UpdateAlgorithmResult> {
  const before = await findAlgorithm(db, wanted);
  if (before === null) return { kind: 'not-found' };
  const { name } = before;
  const row = await db
    .selectFrom('algorithms')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirstOrThrow();

  const isShipped = row.source === 'catalogue';
  const shipped = row.shipped === null ? contentOf(before) : (JSON.parse(row.shipped) as AlgorithmContent);
  const base: Omit<AlgorithmContent, 'dialects'> & Partial<AlgorithmContent> = isShipped ? shipped : DEFAULTS;
  const own: Record<string, unknown> = {
    ...(isShipped ? parseOverrides(row.overrides) : contentOf(before)),
  };
  for (const key of CHANGEABLE) {
    const value =
      key === 'aliases' && change.aliases != null ? canonicalAliases(change.aliases, name) : change[key];
    if (value === undefined) continue;
    if (value === null && base[key] === undefined) return { kind: 'no-default', key };
    if (value === null || (isShipped && isDeepStrictEqual(value, base[key]))) delete own[key];
    else own[key] = value;
  }
  const after = { ...base, ...own } as AlgorithmContent;
  const taken = await takenBy(db, after.aliases, name);
  if (taken !== null) return taken;
  const stranded = await entriesOf(
    db,
    name,
    (dialect) => dialect !== null && !after.dialects.includes(dialect),
  );
  if (stranded.count > 0) return stranded;

  const isOverridden = isShipped && Object.keys(own).length > 0;
  await db
    .updateTable('algorithms')
    .set({
      divider: after.divider,
      unit: after.unit,
      dialects: JSON.stringify(after.dialects),
      note: after.note,
      overrides: isOverridden ? JSON.stringify(own) : null,
      shipped: isOverridden ? JSON.stringify(shipped) : null,
    })
    .where('name', '=', name)
    .execute();
  await db.deleteFrom('algorithm_aliases').where('algorithm', '=', name).execute();
  await writeAliases(db, name, after.aliases);
  const algorithm = await reread(db, name);
  const [old, now] = [contentOf(before), contentOf(algorithm)];
  return {
    kind: 'updated',
    algorithm,
    changed: CHANGEABLE.filter((key) => !isDeepStrictEqual(old[key], now[key])),
  };
}

/** See `Store.deleteAlgorithm`; to be run in a transaction. The aliases go with it, by their foreign key. */
export async function deleteAlgorithm(db: Kysely<Tables>, wanted: string): Promise<DeleteAlgorithmResult> {
  const algorithm = await findAlgorithm(db, wanted);
  if (algorithm === null) return { kind: 'not-found' };
  if (algorithm.source === 'catalogue') return { kind: 'catalogue' };
  const pools = await entriesOf(db, algorithm.name, () => true);
  if (pools.count > 0) return pools;
  await db.deleteFrom('algorithms').where('name', '=', algorithm.name).execute();
  return { kind: 'deleted', algorithm };
}

/** Entries of the pool list of this algorithm. `counts` is asked for each with the dialect that it names, null where it has the algorithm's first. */
async function entriesOf(
  db: Kysely<Tables>,
  algorithm: string,
  counts: (dialect: string | null) => boolean,
): Promise<InUse> {
  const rows = await db
    .selectFrom('pool_entries')
    .select(['host', 'port', 'dialect'])
    .where('algorithm', '=', algorithm)
    .orderBy('id')
    .execute();
  return inUse(rows.filter(({ dialect }) => counts(dialect)).map(formatEndpoint));
}

/** A conflict where one of the aliases is a name or alias of another algorithm. */
async function takenBy(
  db: Kysely<Tables>,
  aliases: readonly string[],
  own: string,
): Promise<{ readonly kind: 'conflict'; readonly message: string } | null> {
  for (const alias of aliases) {
    const other = await findAlgorithm(db, alias);
    if (other !== null && other.name !== own)
      return { kind: 'conflict', message: `"${alias}" is a name of ${other.name} already` };
  }
  return null;
}

async function writeAliases(
  db: Kysely<Tables>,
  algorithm: string,
  aliases: readonly string[],
): Promise<void> {
  if (aliases.length === 0) return;
  await db
    .insertInto('algorithm_aliases')
    .values(aliases.map((alias) => ({ alias, algorithm })))
    .execute();
}

async function reread(db: Kysely<Tables>, name: string): Promise<AlgorithmRecord> {
  const algorithm = await findAlgorithm(db, name);
  if (algorithm === null) throw new StoreError('failed', 'the store does not return what was written to it');
  return algorithm;
}

function canonical(name: string): string {
  return name.trim().toLowerCase();
}

/** Each once, sorted, without the name itself. */
function canonicalAliases(aliases: readonly string[], name: string): readonly string[] {
  return [...new Set(aliases.map(canonical))].filter((alias) => alias !== name).sort();
}

function isSame(a: AlgorithmContent, b: AlgorithmContent): boolean {
  return isDeepStrictEqual({ ...a, aliases: a.aliases.toSorted() }, { ...b, aliases: b.aliases.toSorted() });
}

/** Without the keys that are absent. */
function some<Fields extends Record<string, unknown>>(fields: Fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]?: Exclude<Fields[Key], undefined>;
  };
}
