import type Database from 'better-sqlite3';
import type { Kysely } from 'kysely';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { applyCatalogue } from '../apply-catalogue.ts';
import type { Catalogue } from '../catalogue-schema.ts';
import { migrate } from '../migrate.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import type { Tables } from '../schema.ts';
import { retryWhileBusy } from '../sql/retry.ts';
import { type SqlEngine, SqlStore } from '../sql/sql-store.ts';
import type { Store } from '../store.ts';
import type { StoreError } from '../store-error.ts';
import { openDatabase, sqliteSchema, toKysely } from './database.ts';
import { toStoreError } from './faults.ts';
import { type OnOriginal, takeOver } from './take-over.ts';
import { Turns } from './turns.ts';

export interface SqliteCollaborators {
  readonly log: Log;
  readonly clock: Clock;
  /** Default: 16 random hex digits. */
  readonly newAccountName?: (() => string) | undefined;
  /** Hears of every fault that a call of the open store was refused for. */
  readonly onFault?: ((fault: StoreError) => void) | undefined;
}

export interface SqliteStoreOptions {
  /** Path of the data file, or `:memory:`. Its directory has to exist. */
  readonly path: string;
  readonly catalogue: Catalogue;
  /** How long opening, and later each operation, goes on trying while another process holds a lock. Default 5000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Only the proxy itself takes over. Default `take-over`. */
  readonly onOriginal?: OnOriginal | undefined;
}

/**
 * Opens the embedded store, brings its schema up to date and applies the catalogue. The file is created with mode 0600.
 * A data file of the original program is taken over, unless `onOriginal` says otherwise: a copy is kept, its accounts and pools are imported, its tables stay beside ours.
 * Rejects with a `StoreError` whose message is one line for the operator; the file of any other program is left untouched.
 */
export async function openSqliteStore(
  { log, clock, newAccountName, onFault }: SqliteCollaborators,
  { path, catalogue, busyTimeoutMs = 5000, onOriginal = 'take-over' }: SqliteStoreOptions,
): Promise<Store> {
  const { database, db } = await retryWhileBusy(
    () => openSqliteDatabase({ log, clock }, { path, catalogue, onOriginal }),
    { clock, toStoreError: (error) => toStoreError(error, path) },
    { timeoutMs: busyTimeoutMs },
  );
  const engine = sqliteEngine(database, path);
  return new SqlStore({ db, engine, clock, newAccountName, onFault }, { busyTimeoutMs });
}

/** What the shared queries need to know of this engine. `path` is for messages. */
export function sqliteEngine(database: Database.Database, path: string): SqlEngine {
  const turns = new Turns();
  return {
    run: (work) => turns.take(work),
    // One connection serves all, and one piece of work has it at a time.
    runRelaxed: (work) =>
      turns.take(async () => {
        database.pragma('synchronous = NORMAL');
        try {
          return await work();
        } finally {
          if (database.open) database.pragma('synchronous = FULL');
        }
      }),
    toStoreError: (error) => toStoreError(error, path),
    close: async () => {
      database.close();
    },
  };
}

/** One attempt at {@link openSqliteStore}, without the store. */
export async function openSqliteDatabase(
  { log, clock }: { log: Log; clock: Clock },
  { path, catalogue, onOriginal }: { path: string; catalogue: Catalogue; onOriginal: OnOriginal },
): Promise<{ database: Database.Database; db: Kysely<Tables> }> {
  const database = openDatabase({ log }, path, onOriginal);
  try {
    const db = toKysely(database);
    const { from, to } = await migrate(
      { db, engine: sqliteSchema, clock },
      { migrations: MIGRATIONS, place: path },
    );
    if (from !== to) log.info('data file brought up to date', { path, from, to });
    await applyCatalogue({ db, clock, log }, catalogue);
    if (onOriginal === 'take-over') await takeOver({ database, db, log, clock }, path);
    return { database, db };
  } catch (error) {
    database.close();
    throw error;
  }
}
