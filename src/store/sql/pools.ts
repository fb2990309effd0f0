import { isDeepStrictEqual } from 'node:util';
import type { Kysely, Selectable } from 'kysely';
import type { AlgorithmFacts, Pool } from '../../domain/account.ts';
import type { AlgorithmSource } from '../../domain/algorithm-judgement.ts';
import { type Endpoint, formatEndpoint } from '../../domain/endpoint.ts';
import { lacksDifficulty, NO_POOL_OPTIONS, type PoolOptions } from '../../domain/pool-options.ts';
import { canonicalHost, hostPatternsFor, type PoolSource, selectRule } from '../../domain/pool-pattern.ts';
import type { PoolEntriesTable, Tables } from '../schema.ts';
import type { AddPoolResult, AlgorithmRecord, PoolPage, PoolRecord, PoolRequest } from '../store.ts';
import { findAlgorithm, parseDialects } from './algorithms.ts';
import { formatPoolOptions, parsePoolOptions, shownOptionsText } from './pool-options.ts';

export type PoolRow = Omit<Selectable<PoolEntriesTable>, 'source'> & {
  readonly source: PoolSource;
  /** Of its algorithm. */
  readonly dialects: string;
};

/** What an operator says about an address. */
export interface PoolFacts {
  readonly algorithm: AlgorithmRecord;
  /** Null: the algorithm's default. */
  readonly dialect: string | null;
  readonly tls: boolean;
  readonly label: string | undefined;
  readonly options: Partial<PoolOptions>;
  readonly algorithmFrom: AlgorithmSource;
}

/** See `Store.resolvePool`. One query by index, whatever the length of the pool list. */
export async function resolvePool(db: Kysely<Tables>, endpoint: Endpoint): Promise<Pool | null> {
  const host = canonicalHost(endpoint.host);
  const { port } = endpoint;
  const rows = await selectPools(db)
    .select(['divider', 'unit'])
    .where('host', 'in', hostPatternsFor(host))
    .where('port', '=', port)
    .execute();
  const row = selectRule(rows, endpoint);
  if (row === null) return null;
  return {
    host,
    port,
    name: formatEndpoint({ host, port }),
    algorithm: { name: row.algorithm, divider: row.divider, unit: row.unit as AlgorithmFacts['unit'] },
    dialect: effectiveDialect(row),
    tls: row.tls === 1,
    options: optionsOf(row),
  };
}

export async function listPools(db: Kysely<Tables>, page: PoolPage): Promise<readonly PoolRecord[]> {
  let query = selectPools(db).orderBy('id').limit(page.limit);
  if (page.after !== undefined) query = query.where('id', '>', page.after);
  if (page.source !== undefined) query = query.where('pool_entries.source', '=', page.source);
  if (page.algorithm !== undefined) {
    const algorithm = await findAlgorithm(db, page.algorithm);
    if (algorithm === null) return [];
    query = query.where('algorithm', '=', algorithm.name);
  }
  return (await query.execute()).map(toPoolRecord);
}

/** See `Store.addPool`; to be run in a transaction. */
export async function addPool(
  db: Kysely<Tables>,
  request: PoolRequest,
  nowMs: number,
): Promise<AddPoolResult> {
  const algorithm = await findAlgorithm(db, request.algorithm);
  if (algorithm === null) return { kind: 'unknown-algorithm', algorithm: request.algorithm };
  const { dialect, tls, label, options = {}, algorithmFrom = 'given' } = request;
  if (dialect !== undefined && !algorithm.dialects.includes(dialect)) {
    return { kind: 'unknown-dialect', dialect, known: algorithm.dialects };
  }
  const facts = { algorithm, dialect: dialect ?? null, tls, label, options, algorithmFrom };
  const host = canonicalHost(request.pattern.host);
  const listed = await entriesAt(db, host, request.pattern.ports);
  const conflict = listed.find((row) => row.source === 'operator' && !hasFacts(row, facts));
  if (conflict !== undefined) {
    return {
      kind: 'conflict',
      message: `${formatEndpoint(conflict)} is listed already: ${describe(conflict)}`,
    };
  }
  // What the operator said of the catalogue's entry goes on for the one that takes its place.
  const optionsAt = (port: number): PoolOptions => {
    const before = listed.find((row) => row.port === port);
    return { ...(before === undefined ? NO_POOL_OPTIONS : optionsOf(before)), ...options };
  };
  if (request.pattern.ports.some((port) => lacksDifficulty(optionsAt(port))))
    return { kind: 'no-difficulty' };
  const pools: PoolRow[] = [];
  for (const port of request.pattern.ports) {
    const same = listed.find((row) => row.port === port && hasFacts(row, facts));
    const address = { host, port };
    pools.push(same ?? (await insertPool(db, address, { ...facts, options: optionsAt(port) }, nowMs)));
  }
  const isNew = pools.some((row) => !listed.includes(row));
  return { kind: isNew ? 'created' : 'existing', pools: pools.map(toPoolRecord) };
}

/** The entries of exactly this host or wildcard, those of the operator first, since they count. */
export function entriesAt(db: Kysely<Tables>, host: string, ports: readonly number[]): Promise<PoolRow[]> {
  return selectPools(db)
    .where('host', '=', host)
    .where('port', 'in', ports)
    .orderBy('pool_entries.source', 'desc')
    .execute();
}

/** Every entry of this port, for `selectRule`. */
export function rulesAt(db: Kysely<Tables>, port: number): Promise<PoolRow[]> {
  return selectPools(db).where('port', '=', port).execute();
}

/** Entries of the list with what their algorithm adds. */
function selectPools(db: Kysely<Tables>) {
  return db
    .selectFrom('pool_entries')
    .innerJoin('algorithms', 'algorithms.name', 'pool_entries.algorithm')
    .selectAll('pool_entries')
    .select('dialects')
    .where('hidden', '=', 0)
    .$narrowType<{ source: PoolSource }>();
}

function hasFacts(row: PoolRow, { algorithm, dialect, tls, label, options }: PoolFacts): boolean {
  return (
    row.algorithm === algorithm.name &&
    effectiveDialect(row) === (dialect ?? algorithm.dialects[0]) &&
    row.tls === Number(tls) &&
    (label === undefined || row.label === label) &&
    agrees(optionsOf(row), options)
  );
}

export async function insertPool(
  db: Kysely<Tables>,
  { host, port }: Endpoint,
  { algorithm, dialect, tls, label, options, algorithmFrom }: PoolFacts,
  nowMs: number,
): Promise<PoolRow> {
  const row = await db
    .insertInto('pool_entries')
    .values({
      host,
      port,
      algorithm: algorithm.name,
      dialect,
      tls: Number(tls),
      label: label ?? '',
      coin: '',
      source: 'operator',
      created_at_ms: nowMs,
      options: formatPoolOptions({ ...NO_POOL_OPTIONS, ...options }),
      algorithm_from: algorithmFrom,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { ...row, source: 'operator', dialects: JSON.stringify(algorithm.dialects) };
}

export function toPoolRecord(row: PoolRow): PoolRecord {
  const { id, host, port, algorithm, label, coin, source } = row;
  return {
    id,
    host,
    port,
    algorithm,
    algorithmFrom: source === 'catalogue' ? 'catalogue' : (row.algorithm_from as AlgorithmSource),
    dialect: effectiveDialect(row),
    tls: row.tls === 1,
    label,
    coin,
    source,
    options: optionsOf(row),
    createdAtMs: row.created_at_ms,
  };
}

function optionsOf({ host, port, options }: PoolRow): PoolOptions {
  return parsePoolOptions(options, formatEndpoint({ host, port }));
}

/** Whether every option that is given is the stored one. */
function agrees(stored: PoolOptions, given: Partial<PoolOptions>): boolean {
  return isDeepStrictEqual({ ...stored, ...given }, stored);
}

export function effectiveDialect(row: {
  readonly dialect: string | null;
  readonly dialects: string;
}): string {
  return row.dialect ?? parseDialects(row.dialects)[0] ?? '';
}

function describe(row: PoolRow): string {
  const label = row.label === '' ? '' : `, label "${row.label}"`;
  const options = row.options === '{}' ? '' : `, options ${shownOptionsText(row.options)}`;
  return `${row.algorithm}, ${effectiveDialect(row)}, ${row.tls === 1 ? 'with' : 'without'} TLS${label}${options}`;
}
