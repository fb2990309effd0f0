import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/kit/log.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { describeStore } from './store.ts';
import type { StoreHarness } from './store-bed.ts';

async function harness(): Promise<StoreHarness> {
  const directory = await mkdtemp(join(tmpdir(), 'store-contract-'));
  return {
    open: ({ catalogue, nowMs = Date.now, newAccountName }) => {
      const clock = { monotonicMs: () => performance.now(), wallMs: nowMs };
      const path = join(directory, 'proxy.db');
      return openSqliteStore({ log: silentLog, clock, newAccountName }, { path, catalogue });
    },
    dispose: () => rm(directory, { recursive: true }),
  };
}

describeStore('SQLite', harness);
