import type { Kysely } from 'kysely';
import { isAccountName } from '../../domain/account.ts';
import { type Endpoint, formatEndpoint, parseEndpoint } from '../../domain/endpoint.ts';
import type { Tables } from '../schema.ts';
import { canonicalEntry, credentialsKey, findByKey, readAccount } from '../sql/account-rows.ts';
import { findAlgorithm } from '../sql/algorithms.ts';
import { addPool, resolvePool } from '../sql/pools.ts';
import { registerAccount } from '../sql/register-account.ts';
import type { SeedReport, Skipped } from './report.ts';
import type { Seed, SeedAccount, SeedPool } from './seed.ts';

/** A write lock is held for one batch: a proxy that runs on the same data takes its turn in between. */
const BATCH = 200;

export interface ImportParts {
  /** Runs `work` in one transaction, again where the data was locked. What it returns is on disk. */
  readonly transaction: <Result>(work: (db: Kysely<Tables>) => Promise<Result>) => Promise<Result>;
  /** Milliseconds since 1970-01-01 UTC, for what is added. */
  readonly nowMs: number;
}

/**
 * Adds the pools and accounts of the original program, so that miners keep the names they log in with. Nothing that is here is changed,
 * and what has been imported before is passed over: it may be run at any time, any number of times.
 */
export async function importSeed({ transaction, nowMs }: ImportParts, seed: Seed): Promise<SeedReport> {
  const outcomes: PoolOutcome[] = [];
  for (const batch of batches(seed.pools)) {
    const done = await transaction((db) => each(batch, (pool) => importPool(db, pool, nowMs)));
    outcomes.push(...done);
  }
  const accounts: AccountOutcome[] = [];
  for (const batch of batches(seed.accounts)) {
    const done = await transaction((db) => each(batch, (account) => importAccount(db, account, nowMs)));
    accounts.push(...done);
  }
  return {
    pools: {
      added: outcomes.flatMap(({ result }) =>
        result.kind === 'added' ? [{ pool: result.pool, algorithm: result.algorithm }] : [],
      ),
      listed: outcomes.filter(({ result }) => result.kind === 'listed').length,
      skipped: outcomes.flatMap(({ result }) => (result.kind === 'skipped' ? [skippedOf(result)] : [])),
    },
    accounts: {
      imported: accounts.flatMap((outcome) => (outcome.kind === 'imported' ? [outcome.name] : [])),
      existing: accounts.filter(({ kind }) => kind === 'existing').length,
      skipped: accounts.flatMap((outcome) => (outcome.kind === 'skipped' ? [skippedOf(outcome)] : [])),
    },
    notes: [...new Set([...outcomes, ...accounts].flatMap(({ note }) => (note === null ? [] : [note])))],
  };
}

interface PoolOutcome {
  readonly result:
    | { readonly kind: 'added'; readonly pool: string; readonly algorithm: string }
    | { readonly kind: 'listed' }
    | ({ readonly kind: 'skipped' } & Skipped);
  readonly note: string | null;
}

async function importPool(db: Kysely<Tables>, seed: SeedPool, nowMs: number): Promise<PoolOutcome> {
  const skipped = (why: string): PoolOutcome => ({
    result: { kind: 'skipped', what: `${seed.host}:${seed.port}`, why },
    note: null,
  });
  const endpoint = endpointOf(seed);
  if (endpoint === null) return skipped('not an address that can be dialled');
  const name = formatEndpoint(endpoint);
  const algorithm = seed.algorithm === null ? null : await findAlgorithm(db, seed.algorithm);
  const listed = await resolvePool(db, endpoint);
  if (listed !== null) {
    const isOther = algorithm === null || algorithm.name !== listed.algorithm.name;
    const theirs = seed.algorithm === null ? 'has no algorithm' : `says ${seed.algorithm}`;
    const note = isOther
      ? `${name} is listed here with ${listed.algorithm.name}, the original ${theirs}; what is listed here counts`
      : dividerNote(seed, listed.algorithm);
    return { result: { kind: 'listed' }, note };
  }
  if (seed.algorithm === null) return skipped('its row in hashes is missing; add it with POST /api/v1/pools');
  if (algorithm === null) {
    return skipped(
      `no algorithm is called ${JSON.stringify(seed.algorithm)} here; add the pool with POST /api/v1/pools and import again`,
    );
  }
  const pattern = { host: endpoint.host, ports: [endpoint.port] };
  const added = await addPool(db, { pattern, algorithm: algorithm.name, tls: false }, nowMs);
  if (added.kind !== 'created') return skipped(`the pool list refuses it: ${added.kind}`);
  return {
    result: { kind: 'added', pool: name, algorithm: algorithm.name },
    note: dividerNote(seed, algorithm),
  };
}

function dividerNote(
  { algorithm, divider }: SeedPool,
  here: { readonly name: string; readonly divider: number },
): string | null {
  if (divider === null || divider === here.divider) return null;
  const label = algorithm === here.name ? here.name : `${here.name} (there ${algorithm})`;
  return `${label}: a share of difficulty 1 stands for 2^32 / ${here.divider} hashes here, for 2^32 / ${divider} there; hashrates are told by ours`;
}

type AccountOutcome = (
  | { readonly kind: 'imported'; readonly name: string }
  | { readonly kind: 'existing' }
  | ({ readonly kind: 'skipped' } & Skipped)
) & { readonly note: string | null };

async function importAccount(db: Kysely<Tables>, seed: SeedAccount, nowMs: number): Promise<AccountOutcome> {
  const skipped = (why: string): AccountOutcome => ({ kind: 'skipped', what: seed.name, why, note: null });
  // That program compares names without regard to case.
  const name = seed.name.toLowerCase();
  if (!isAccountName(name)) {
    return skipped(
      'names here are 16 hex digits; register it with POST /api/v1/users and give its miners the new name',
    );
  }
  if (seed.user === '') return skipped('it has no user');
  if (seed.pool === null) return skipped('the row of its pool is missing');
  const endpoint = endpointOf(seed.pool);
  if (endpoint === null) return skipped('the address of its pool cannot be dialled');
  const { user, password } = seed;
  const key = credentialsKey(canonicalEntry({ endpoint, user, password }));

  const here = await readAccount(db, name);
  if (here !== null) {
    const isSame = credentialsKey(here.entries[0]) === key;
    const note = isSame
      ? null
      : `${name} is here with another pool, user or password than in the original and stays so`;
    return { kind: 'existing', note };
  }
  const twin = await findByKey(db, key);
  if (twin !== null) {
    return skipped(
      `the same pool, user and password are registered here as ${twin}; its miners have to log in with that name`,
    );
  }
  const registered = await registerAccount(
    { db, newAccountName: () => name, nowMs },
    { endpoint, user, password },
  );
  if (registered.kind === 'created') return { kind: 'imported', name, note: null };
  if (registered.kind === 'unknown-pool') {
    return skipped(
      `its pool ${formatEndpoint(endpoint)} is not in the list; add it with POST /api/v1/pools and import again`,
    );
  }
  return skipped(`it cannot be registered: ${registered.kind}`);
}

function skippedOf({ what, why }: Skipped): Skipped {
  return { what, why };
}

function endpointOf({ host, port }: { readonly host: string; readonly port: number }): Endpoint | null {
  return parseEndpoint(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
}

async function each<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

function* batches<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += BATCH) yield items.slice(start, start + BATCH);
}
