import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { matchesHost, type PoolRule, selectRule } from '../domain/pool-pattern.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Catalogue } from './catalogue-schema.ts';
import type { Tables } from './schema.ts';
import { type AlgorithmContent, parseOverrides } from './sql/algorithms.ts';

const STATE_ID = 1;
/** Keeps a statement below every engine's limit of parameters. */
const ROWS_PER_INSERT = 200;

/**
 * Brings the catalogue's rows up to the shipped catalogue when its content differs from what was applied last, in one transaction.
 * An operator's rows are never touched. A row that left the catalogue goes, unless an account still depends on it.
 */
export async function applyCatalogue(
  { db, clock, log }: { db: Kysely<Tables>; clock: Clock; log: Log },
  catalogue: Catalogue,
): Promise<void> {
  const contentHash = createHash('sha256').update(JSON.stringify(catalogue)).digest('hex');
  await db.transaction().execute(async (transaction) => {
    const state = await transaction
      .selectFrom('catalogue_state')
      .select('content_hash')
      .where('id', '=', STATE_ID)
      .executeTakeFirst();
    if (state?.content_hash === contentHash) return;

    await upsertAlgorithms(transaction, catalogue);
    await replaceAliases(transaction, catalogue);
    await upsertPools(transaction, catalogue, clock.wallMs());
    const pools = await dropVanishedPools(transaction, catalogue);
    await dropVanishedAlgorithms(transaction, catalogue);
    const applied = { id: STATE_ID, content_hash: contentHash, applied_at_ms: clock.wallMs() };
    await transaction
      .insertInto('catalogue_state')
      .values(applied)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(applied))
      .execute();
    log.info('pool catalogue applied', {
      algorithms: catalogue.algorithms.length,
      pools: catalogue.pools.length,
      removed: pools.removed,
      keptInUse: pools.kept,
    });
  });
}

/** What an operator has changed stays so; the rest, and what it goes back to, is the catalogue's. */
async function upsertAlgorithms(db: Kysely<Tables>, catalogue: Catalogue): Promise<void> {
  const changed = await overridesByName(db);
  const rows = catalogue.algorithms.map(({ name, ...facts }) => {
    const shipped: AlgorithmContent = { note: '', ...facts };
    const overrides = changed.get(name) ?? null;
    const { divider, unit, dialects, note } = { ...shipped, ...overrides };
    return {
      name,
      divider,
      unit,
      dialects: JSON.stringify(dialects),
      note,
      source: 'catalogue',
      overrides: overrides === null ? null : JSON.stringify(overrides),
      shipped: overrides === null ? null : JSON.stringify(shipped),
    };
  });
  for (const chunk of chunks(rows)) {
    await db
      .insertInto('algorithms')
      .values(chunk)
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet((update) => ({
            divider: update.ref('excluded.divider'),
            unit: update.ref('excluded.unit'),
            dialects: update.ref('excluded.dialects'),
            note: update.ref('excluded.note'),
            shipped: update.ref('excluded.shipped'),
          }))
          .where('algorithms.source', '=', 'catalogue'),
      )
      .execute();
  }
}

/** What an operator says otherwise than the catalogue, by algorithm. */
async function overridesByName(db: Kysely<Tables>): Promise<ReadonlyMap<string, Partial<AlgorithmContent>>> {
  const rows = await db
    .selectFrom('algorithms')
    .select(['name', 'overrides'])
    .where('overrides', 'is not', null)
    .execute();
  return new Map(rows.map(({ name, overrides }) => [name, parseOverrides(overrides)]));
}

async function replaceAliases(db: Kysely<Tables>, catalogue: Catalogue): Promise<void> {
  const ofCatalogue = db.selectFrom('algorithms').select('name').where('source', '=', 'catalogue');
  await db.deleteFrom('algorithm_aliases').where('algorithm', 'in', ofCatalogue).execute();
  const operators = await db
    .selectFrom('algorithms')
    .select('name')
    .where('source', '=', 'operator')
    .execute();
  const taken = new Set(operators.map((row) => row.name));
  const changed = await overridesByName(db);
  const rows = catalogue.algorithms
    .filter(({ name }) => !taken.has(name))
    .map(({ name, aliases }) => ({ name, own: changed.get(name)?.aliases, aliases }))
    // An alias that an operator gave to an algorithm of the catalogue goes before what the catalogue calls so.
    .toSorted((a, b) => Number(b.own !== undefined) - Number(a.own !== undefined))
    .flatMap(({ name, own, aliases }) => (own ?? aliases).map((alias) => ({ alias, algorithm: name })))
    .filter(({ alias }) => !taken.has(alias));
  for (const chunk of chunks(rows)) {
    // An alias that an operator gave to an algorithm of their own stays theirs.
    await db
      .insertInto('algorithm_aliases')
      .values(chunk)
      .onConflict((conflict) => conflict.column('alias').doNothing())
      .execute();
  }
}

async function upsertPools(db: Kysely<Tables>, catalogue: Catalogue, nowMs: number): Promise<void> {
  const rows = catalogue.pools.flatMap(({ host, ports, algorithm, dialect, tls, label, coin }) =>
    ports.map((port) => ({
      host,
      port,
      algorithm,
      dialect: dialect ?? null,
      tls: tls ? 1 : 0,
      label,
      coin: coin ?? '',
      source: 'catalogue',
      created_at_ms: nowMs,
    })),
  );
  for (const chunk of chunks(rows)) {
    await db
      .insertInto('pool_entries')
      .values(chunk)
      .onConflict((conflict) =>
        conflict.columns(['host', 'port', 'source']).doUpdateSet((update) => ({
          algorithm: update.ref('excluded.algorithm'),
          dialect: update.ref('excluded.dialect'),
          tls: update.ref('excluded.tls'),
          label: update.ref('excluded.label'),
          coin: update.ref('excluded.coin'),
        })),
      )
      .execute();
  }
}

async function dropVanishedPools(
  db: Kysely<Tables>,
  catalogue: Catalogue,
): Promise<{ removed: number; kept: number }> {
  const listed = new Set(
    catalogue.pools.flatMap(({ host, ports }) => ports.map((port) => `${host}:${port}`)),
  );
  const rows = await db
    .selectFrom('pool_entries')
    .select(['id', 'host', 'port', 'source', 'hidden'])
    .execute();
  const isVanished = (row: { host: string; port: number; source: string }): boolean =>
    row.source === 'catalogue' && !listed.has(`${row.host}:${row.port}`);
  const vanished = rows.filter(isVanished);
  if (vanished.length === 0) return { removed: 0, kept: 0 };

  const staying = rows.filter((row) => !isVanished(row) && row.hidden === 0) as PoolRule[];
  const inUse = await db.selectFrom('account_entries').select(['host', 'port']).distinct().execute();
  // An account depends on a vanished row only where nothing that stays covers its address: a new wildcard may replace old hosts.
  const uncovered = inUse.filter((endpoint) => selectRule(staying, endpoint) === null);
  const unused = vanished.filter(
    (row) =>
      row.hidden === 1 ||
      !uncovered.some((endpoint) => endpoint.port === row.port && matchesHost(row.host, endpoint.host)),
  );
  for (const chunk of chunks(unused.map((row) => row.id))) {
    await db.deleteFrom('pool_entries').where('id', 'in', chunk).execute();
  }
  return { removed: unused.length, kept: vanished.length - unused.length };
}

async function dropVanishedAlgorithms(db: Kysely<Tables>, catalogue: Catalogue): Promise<void> {
  const listed = new Set(catalogue.algorithms.map(({ name }) => name));
  const rows = await db
    .selectFrom('algorithms')
    .select('name')
    .where('source', '=', 'catalogue')
    .where('name', 'not in', db.selectFrom('pool_entries').select('algorithm').distinct())
    .execute();
  const vanished = rows.map((row) => row.name).filter((name) => !listed.has(name));
  for (const chunk of chunks(vanished)) {
    await db.deleteFrom('algorithms').where('name', 'in', chunk).execute();
  }
}

function* chunks<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += ROWS_PER_INSERT) {
    yield items.slice(start, start + ROWS_PER_INSERT);
  }
}
