import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Seed } from '../seed/seed.ts';
import { StoreError } from '../store-error.ts';
import { toStoreError } from './faults.ts';

/** The tables of the original program's data file. */
export const SEED_TABLES = ['hashes', 'pools', 'users'] as const;

/** A longer wait for a lock is the caller's, outside the driver. */
const LOCK_MS = 50;

/** Whether this is data of the original program: its tables with the columns that are read of them. */
export function hasSeedTables(database: Database.Database): boolean {
  const tables = database
    .prepare<[], string>("select name from sqlite_master where type = 'table'")
    .pluck()
    .all();
  if (!SEED_TABLES.every((name) => tables.includes(name))) return false;
  try {
    for (const query of [SELECT_POOLS, SELECT_USERS]) database.prepare(query);
    return true;
  } catch {
    return false;
  }
}

// Types are cast: SQLite keeps whatever was put into a column. Rows may be missing: that program does not switch foreign keys on.
const SELECT_POOLS = `
  select cast(p.host as text) as host, cast(p.port as integer) as port,
    cast(h.hash as text) as hash, cast(h.divider as real) as divider
  from pools p left join hashes h on h.id = p.hash_id order by p.id`;
const SELECT_USERS = `
  select cast(u.name as text) as name, cast(p.host as text) as host, cast(p.port as integer) as port,
    cast(u.user as text) as user, coalesce(cast(u.password as text), '') as password
  from users u left join pools p on p.id = u.pool_id order by u.name`;

interface PoolRow {
  readonly host: string;
  readonly port: number;
  readonly hash: string | null;
  readonly divider: number | null;
}

interface UserRow {
  readonly name: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly user: string;
  readonly password: string;
}

/** Reads the three tables in one view of the data. */
export function readSeed(database: Database.Database): Seed {
  return database.transaction(() => {
    const pools = database.prepare<[], PoolRow>(SELECT_POOLS).all();
    const users = database.prepare<[], UserRow>(SELECT_USERS).all();
    return {
      pools: pools.map(({ host, port, hash, divider }) => ({ host, port, algorithm: hash, divider })),
      accounts: users.map(({ name, host, port, user, password }) => ({
        name,
        pool: host === null || port === null ? null : { host, port },
        user,
        password,
      })),
    };
  })();
}

/**
 * Reads the data file of the original program and writes nothing to it. That program may be running on it.
 * Throws a `StoreError` where there is none at `path`.
 */
export function readSeedFile(path: string): Seed {
  if (!existsSync(path)) {
    throw new StoreError('failed', `${path}: there is no such file`);
  }
  let database: Database.Database | null = null;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true, timeout: LOCK_MS });
    if (!hasSeedTables(database)) {
      throw new StoreError(
        'foreign-database',
        `${path} is not a data file of the original program: it lacks the tables ${SEED_TABLES.join(', ')} or their columns`,
      );
    }
    return readSeed(database);
  } catch (error) {
    const fault = toStoreError(error, path);
    // Of a file that is only read, this is what SQLite says where a transaction was cut off and would have to be undone first.
    if (fault.kind !== 'not-writable') throw fault;
    throw new StoreError(
      'not-writable',
      `${path} cannot be read, or the original program ended within a change: check its mode, or start and stop that program once`,
      { cause: error },
    );
  } finally {
    database?.close();
  }
}
