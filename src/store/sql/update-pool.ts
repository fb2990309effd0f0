import { isDeepStrictEqual } from 'node:util';
import type { Kysely } from 'kysely';
import type { Endpoint } from '../../domain/endpoint.ts';
import { lacksDifficulty, type PoolOptions } from '../../domain/pool-options.ts';
import { canonicalHost } from '../../domain/pool-pattern.ts';
import type { Tables } from '../schema.ts';
import type { AlgorithmRecord, ChangedNames, PoolChange, PoolRecord, UpdatePoolResult } from '../store.ts';
import { findAlgorithm } from './algorithms.ts';
import { formatPoolOptions } from './pool-options.ts';
import { entriesAt, insertPool, type PoolFacts, type PoolRow, toPoolRecord } from './pools.ts';

/** See `Store.updatePool`; to be run in a transaction. */
export async function updatePool(
  db: Kysely<Tables>,
  { host, port }: Endpoint,
  change: PoolChange,
  nowMs: number,
): Promise<UpdatePoolResult> {
  const canonical = canonicalHost(host);
  const [row] = await entriesAt(db, canonical, [port]);
  if (row === undefined) return { kind: 'not-found' };
  const before = toPoolRecord(row);
  const options: PoolOptions = { ...before.options, ...change.options };
  if (lacksDifficulty(options)) return { kind: 'no-difficulty' };
  const label = change.label ?? before.label;

  const algorithm = await findAlgorithm(db, change.algorithm ?? row.algorithm);
  if (algorithm === null) return { kind: 'unknown-algorithm', algorithm: change.algorithm ?? row.algorithm };
  const dialect = dialectAfter(row, algorithm, change);
  if (dialect !== null && !algorithm.dialects.includes(dialect))
    return { kind: 'unknown-dialect', dialect, known: algorithm.dialects };
  const tls = change.tls ?? before.tls;
  const hasOtherAlgorithm = algorithm.name !== row.algorithm;
  const isOther =
    hasOtherAlgorithm || tls !== before.tls || (dialect ?? algorithm.dialects[0]) !== before.dialect;

  if (row.source === 'catalogue') {
    if (isOther) {
      const facts: PoolFacts = { algorithm, dialect, tls, label, options, algorithmFrom: 'given' };
      const pool = toPoolRecord(await insertPool(db, { host: canonical, port }, facts, nowMs));
      return { kind: 'updated', pool, changed: changedNames(before, pool) };
    }
    if (label !== before.label) return { kind: 'catalogue-label' };
  }
  const changed: Pick<PoolRow, 'algorithm' | 'algorithm_from' | 'dialect' | 'tls' | 'label' | 'options'> = {
    algorithm: algorithm.name,
    algorithm_from: hasOtherAlgorithm ? 'given' : row.algorithm_from,
    dialect: row.source === 'catalogue' ? row.dialect : dialect,
    tls: Number(tls),
    label,
    options: formatPoolOptions(options),
  };
  await db.updateTable('pool_entries').set(changed).where('id', '=', row.id).execute();
  const after = toPoolRecord({ ...row, ...changed, dialects: JSON.stringify(algorithm.dialects) });
  return { kind: 'updated', pool: after, changed: changedNames(before, after) };
}

function changedNames(before: PoolRecord, after: PoolRecord): ChangedNames {
  const facts = (['algorithm', 'dialect', 'tls', 'label'] as const).filter(
    (name) => before[name] !== after[name],
  );
  const options = Object.keys(after.options) as (keyof PoolOptions)[];
  return [
    ...facts,
    ...options
      .filter((name) => !isDeepStrictEqual(before.options[name], after.options[name]))
      .map((name) => `options.${name}`),
  ];
}

/** The column as it is then. What is not given stays where the algorithm has it. */
function dialectAfter(row: PoolRow, algorithm: AlgorithmRecord, { dialect }: PoolChange): string | null {
  if (dialect !== undefined) return dialect;
  return row.dialect !== null && algorithm.dialects.includes(row.dialect) ? row.dialect : null;
}
