import type { Kysely, Selectable } from 'kysely';
import type { AlgorithmFacts, Pool } from '../../domain/account.ts';
import { type Endpoint, formatEndpoint } from '../../domain/endpoint.ts';
import { canonicalHost, hostPatternsFor, type PoolSource, selectRule } from '../../domain/pool-pattern.ts';
import type { PoolEntriesTable, Tables } from '../schema.ts';
import type { AddPoolResult, AlgorithmRecord, PoolPage, PoolRecord, PoolRequest } from '../store.ts';
import { findAlgorithm, parseDialects } from './algorithms.ts';

type PoolRow = Omit<Selectable<PoolEntriesTable>, 'source'> & {
  readonly source: PoolSource;
  /** Of its algorithm. */
  readonly dialects: string;
};

/** What an operator says about an address. */
interface PoolFacts {
  readonly algorithm: AlgorithmRecord;
  /** Null: the algorithm's default. */
  readonly dialect: string | null;
  readonly tls: boolean;
  readonly label: string | undefined;
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
  return (await query.execute()).map(toRecord);
}

/** See `Store.addPool`; to be run in a transaction. */
export async function addPool(
  db: Kysely<Tables>,
  request: PoolRequest,
  nowMs: number,
): Promise<AddPoolResult> {
  const algorithm = await findAlgorithm(db, request.algorithm);
  if (algorithm === null) return { kind: 'unknown-algorithm', algorithm: request.algorithm };
  const { dialect, tls, label } = request;
  if (dialect !== undefined && !algorithm.dialects.includes(dialect)) {
    return { kind: 'unknown-dialect', dialect, known: algorithm.dialects };
  }
  const facts = { algorithm, dialect: dialect ?? null, tls, label };
  const host = canonicalHost(request.pattern.host);
  const listed = await selectPools(db)
    .where('host', '=', host)
    .where('port', 'in', request.pattern.ports)
    .execute();
  const conflict = listed.find((row) => row.source === 'operator' && !hasFacts(row, facts));
  if (conflict !== undefined) {
    return {
      kind: 'conflict',
      message: `${formatEndpoint(conflict)} is listed already: ${describe(conflict)}`,
    };
  }
  const pools: PoolRow[] = [];
  for (const port of request.pattern.ports) {
    const same = listed.find((row) => row.port === port && hasFacts(row, facts));
    pools.push(same ?? (await insertPool(db, { host, port }, facts, nowMs)));
  }
  const isNew = pools.some((row) => !listed.includes(row));
  return { kind: isNew ? 'created' : 'existing', pools: pools.map(toRecord) };
}

function selectPools(db: Kysely<Tables>) {
  return db
    .selectFrom('pool_entries')
    .innerJoin('algorithms', 'algorithms.name', 'pool_entries.algorithm')
    .selectAll('pool_entries')
    .select('dialects')
    .$narrowType<{ source: PoolSource }>();
}

function hasFacts(row: PoolRow, { algorithm, dialect, tls, label }: PoolFacts): boolean {
  return (
    row.algorithm === algorithm.name &&
    effectiveDialect(row) === (dialect ?? algorithm.dialects[0]) &&
    row.tls === Number(tls) &&
    (label === undefined || row.label === label)
  );
}

async function insertPool(
  db: Kysely<Tables>,
  { host, port }: Endpoint,
  { algorithm, dialect, tls, label }: PoolFacts,
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
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { ...row, source: 'operator', dialects: JSON.stringify(algorithm.dialects) };
}

function toRecord(row: PoolRow): PoolRecord {
  const { id, host, port, algorithm, label, coin, source } = row;
  return {
    id,
    host,
    port,
    algorithm,
    dialect: effectiveDialect(row),
    tls: row.tls === 1,
    label,
    coin,
    source,
    createdAtMs: row.created_at_ms,
  };
}

function effectiveDialect(row: { readonly dialect: string | null; readonly dialects: string }): string {
  return row.dialect ?? parseDialects(row.dialects)[0] ?? '';
}

function describe(row: PoolRow): string {
  const label = row.label === '' ? '' : `, label "${row.label}"`;
  return `${row.algorithm}, ${effectiveDialect(row)}, ${row.tls === 1 ? 'with' : 'without'} TLS${label}`;
}
