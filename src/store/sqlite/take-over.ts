import type Database from 'better-sqlite3';
import type { Kysely } from 'kysely';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { Tables } from '../schema.ts';
import { importSeed } from '../seed/import-seed.ts';
import { StoreError } from '../store-error.ts';
import { copyOf } from './keep-copy.ts';
import { hasSeedTables, readSeed } from './read-seed.ts';

/** SQLite's `user_version` of a file of ours whose tables of the original program have been imported. */
const IMPORTED = 1;
/** So many accounts that cannot be imported get a line of their own in the log. */
const SKIPPED_LINES = 100;

/**
 * What is done with data of the original program that was not taken over yet: imported and marked as such, left as it is, or refused with
 * the file untouched.
 */
export type OnOriginal = 'take-over' | 'leave' | 'refuse';

/** Whether the original program has left something in this file that was not taken over yet. */
export function awaitsTakeOver(database: Database.Database): boolean {
  return database.pragma('user_version', { simple: true }) !== IMPORTED && hasSeedTables(database);
}

/** Why work on the file has to wait for the proxy. */
export function notTakenOver(path: string): StoreError {
  return new StoreError(
    'foreign-database',
    `${path} holds data of the original program that was not taken over yet: start the proxy once on it, or use import-seed`,
  );
}

/** From now on what the original program has in this file is not imported by itself any more. */
export function markTakenOver(database: Database.Database): void {
  database.pragma(`user_version = ${IMPORTED}`);
}

/** Imports what the original program left in this very file, once. Its tables stay as they are. */
export async function takeOver(
  { database, db, log, clock }: { database: Database.Database; db: Kysely<Tables>; log: Log; clock: Clock },
  path: string,
): Promise<void> {
  if (!awaitsTakeOver(database)) return;
  const report = await importSeed(
    { transaction: (work) => db.transaction().execute(work), nowMs: clock.wallMs() },
    readSeed(database),
  );
  markTakenOver(database);
  const { accounts, pools, notes } = report;
  log.info("the original program's data was taken over", {
    path,
    accounts: accounts.imported.length,
    poolsAdded: pools.added.length,
    skipped: accounts.skipped.length + pools.skipped.length,
    copy: copyOf(path),
  });
  for (const { what, why } of [...pools.skipped, ...accounts.skipped].slice(0, SKIPPED_LINES)) {
    log.warn('not taken over from the original program', { what, why });
  }
  for (const note of notes) log.warn('taken over differently from the original program', { note });
}
