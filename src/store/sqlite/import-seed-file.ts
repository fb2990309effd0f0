import { realpathSync } from 'node:fs';
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import type { Catalogue } from '../catalogue-schema.ts';
import { importSeed } from '../seed/import-seed.ts';
import type { SeedReport } from '../seed/report.ts';
import { closeIdleGap } from '../sql/account-activity.ts';
import { retryWhileBusy } from '../sql/retry.ts';
import { toStoreError } from './faults.ts';
import { openSqliteDatabase } from './open.ts';
import { readSeedFile } from './read-seed.ts';
import { markTakenOver } from './take-over.ts';

/** How long the import goes on trying while a proxy that runs on the target, or the original on the source, holds a lock. */
const BUSY_MS = 10_000;

/**
 * Imports the data file of the original program at `from` into the data file at `to`, which is made where there is none; both may be
 * the same file. A proxy that runs on `to` knows the new names at once. `leastGapMs` is that of `AccountsInBulk.closeIdleGap`.
 * Rejects with a `StoreError`.
 */
export async function importSeedFile(
  { log, clock }: { log: Log; clock: Clock },
  { from, to, catalogue, leastGapMs }: { from: string; to: string; catalogue: Catalogue; leastGapMs: number },
): Promise<SeedReport> {
  const retrying = <Result>(place: string, work: () => Promise<Result>): Promise<Result> =>
    retryWhileBusy(
      work,
      { clock, toStoreError: (error) => toStoreError(error, place) },
      { timeoutMs: BUSY_MS },
    );
  // Read to the end and closed first: where both are one file, opening it by another handle gives up the locks of this one.
  const seed = await retrying(from, async () => readSeedFile(from));
  const { database, db } = await retrying(to, () =>
    openSqliteDatabase({ log, clock }, { path: to, catalogue, onOriginal: 'leave' }),
  );
  try {
    // What is imported is new: after it, it would not be seen any more for how long the proxy has not run.
    await retrying(to, () =>
      db.transaction().execute((within) => closeIdleGap(within, clock.wallMs(), leastGapMs)),
    );
    const report = await importSeed(
      {
        transaction: (work) => retrying(to, () => db.transaction().execute(work)),
        nowMs: clock.wallMs(),
      },
      seed,
    );
    if (realpathSync(from) === realpathSync(to)) await retrying(to, async () => markTakenOver(database));
    return report;
  } finally {
    database.close();
  }
}
