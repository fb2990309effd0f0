import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { loadCatalogue } from '../store/catalogue.ts';
import { renderSeedReport } from '../store/seed/report.ts';
import { importSeedFile } from '../store/sqlite/import-seed-file.ts';
import { LEAST_GAP_MS } from '../supervisor/account-keeping.ts';
import { noteSeedImport } from './data-file.ts';

/**
 * `stratum-proxy import-seed`: from the original program's data file into ours. Gives the report for the terminal; `isComplete` says whether
 * every pool and account of that file is here now. Rejects with a `StoreError`.
 */
export async function importSeedData(
  from: string,
  to: string,
): Promise<{ readonly text: string; readonly isComplete: boolean }> {
  const parts = { log: silentLog, clock: systemClock };
  const report = await importSeedFile(parts, {
    from,
    to,
    catalogue: loadCatalogue(),
    leastGapMs: LEAST_GAP_MS,
  });
  await noteSeedImport(to, { from });
  const skipped = report.accounts.skipped.length + report.pools.skipped.length;
  return { text: renderSeedReport(report, { from, to }), isComplete: skipped === 0 };
}
