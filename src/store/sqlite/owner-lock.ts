import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { StoreError } from '../store-error.ts';
import { PRIVATE_MODE } from './data-file.ts';

/** The one before may be within its end. */
const WAIT_MS = 2000;
const RETRY_MS = 50;

/**
 * Makes this process the only proxy on a data file: two would each write their own totals over the other's. Held by an exclusive lock on `<path>.lock`, which goes with the process, however that
 * ends, and counts for other containers on the same disk too. Commands need none of it. Rejects with a `StoreError` where another proxy has it.
 */
export async function takeOwnership(path: string): Promise<{ release(): void }> {
  const file = `${path}.lock`;
  closeSync(openSync(file, 'a', PRIVATE_MODE));
  const database = new Database(file, { timeout: 0 });
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      database.exec('begin exclusive');
      return { release: () => database.close() };
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'SQLITE_BUSY' || waitedMs >= WAIT_MS) {
        database.close();
        throw lockFault(error, path);
      }
    }
    await sleep(RETRY_MS);
  }
}

function lockFault(error: unknown, path: string): unknown {
  if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') return error;
  return new StoreError(
    'busy',
    `another stratum-proxy runs on ${path}: end that one first, or start with another --db.path`,
  );
}
