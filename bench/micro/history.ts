/**
 * What the history costs the process that mines: the minutes of many workers written to a real data file one after the other, and read again.
 * `node bench/micro/history.ts [workers] [minutes] [accounts] [directory]`, the directory being where the data file is made.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { shareCounts } from '../../src/domain/counts.ts';
import type { HistoryScope, HistoryStep } from '../../src/domain/history.ts';
import type { TotalRow, WorkRow } from '../../src/domain/report.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { loadCatalogue } from '../../src/store/catalogue.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { median } from '../statistics.ts';

const MINUTE_MS = 60_000;
const KEEP = { 60: 2, 600: 14, 3600: 365 } as const;
const NOBODY: HistoryScope = { account: null, worker: null, pool: null, algorithm: null };

const [workers = 10_000, minutes = 120, accounts = 100] = process.argv.slice(2, 5).map(Number);
const directory = await mkdtemp(join(process.argv[5] ?? tmpdir(), 'bench-history-'));
const file = join(directory, 'proxy.db');

const nameOf = (account: number): string => account.toString(16).padStart(16, '0');

/** One share in a hundred is refused; works differ from minute to minute. */
function rowsOf(minute: number): WorkRow[] {
  return Array.from({ length: workers }, (_, at) => {
    const shares = 12 + ((at * 7 + minute * 13) % 17);
    return {
      account: nameOf(at % accounts),
      worker: `farm${at % 7}-rig${at}`,
      pool: `stratum.pool-${at % 4}.example.com:3333`,
      algorithm: at % 4 === 3 ? 'scrypt' : 'sha256d',
      work: shares * 2 ** (40 + (at % 9)) * 1.37,
      counts:
        (at + minute) % 100 === 0 ? { 'accepted-local': shares, stale: 1 } : { 'accepted-local': shares },
    };
  });
}

function totalsOf(minute: number): TotalRow[] {
  return Array.from({ length: accounts }, (_, at) => ({
    account: nameOf(at),
    pool: `stratum.pool-${at % 4}.example.com:3333`,
    algorithm: 'sha256d',
    counts: shareCounts({ accepted: minute }),
    received: minute,
    inFlight: 0,
    work: minute,
    workFound: minute,
    workAtPool: minute,
    sharesAtPool: minute,
  }));
}

/** What the main thread did while `work` ran, and for how long anything else had to wait at the most. */
async function measured(work: () => Promise<unknown>) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.enable();
  const startedMs = performance.now();
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  const wallMs = performance.now() - startedMs;
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  return { wallMs, cpuMs: (user + system) / 1000, longestMs: delay.max / 1e6 };
}

const show = (name: string, text: string): void => {
  process.stdout.write(`${name.padEnd(52)} ${text}\n`);
};
const ms = (value: number): string => `${value.toFixed(1)} ms`;

async function sizeOf(): Promise<number> {
  return (await stat(file)).size;
}

const startMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - minutes * MINUTE_MS;
const store = await openSqliteStore(
  { log: silentLog, clock: systemClock },
  { path: file, catalogue: loadCatalogue() },
);
try {
  const first = await measured(() => store.addHistory({ atMs: startMs, rows: rowsOf(0), keepDays: KEEP }));
  show(
    'first minute, every name new',
    `${ms(first.cpuMs)} CPU of the main thread, longest wait ${ms(first.longestMs)}`,
  );
  const cpu: number[] = [];
  const wall: number[] = [];
  const longest: number[] = [];
  const totals: number[] = [];
  for (let minute = 1; minute < minutes; minute += 1) {
    const rows = rowsOf(minute);
    const atMs = startMs + minute * MINUTE_MS;
    const cost = await measured(() => store.addHistory({ atMs, rows, keepDays: KEEP }));
    cpu.push(cost.cpuMs);
    wall.push(cost.wallMs);
    longest.push(cost.longestMs);
    totals.push((await measured(() => store.saveTotals(totalsOf(minute)))).cpuMs);
  }
  const each = median(cpu);
  show(`a minute of ${workers} workers`, `${ms(each)} CPU of the main thread, ${ms(median(wall))} in all`);
  show('the same, workers a second', `${Math.round((workers / each) * 1000)}`);
  show(
    'longest wait of the event loop, median and greatest',
    `${ms(median(longest))}, ${ms(Math.max(...longest))}`,
  );
  show(`totals of ${accounts} accounts`, ms(median(totals)));
  await store.close();
  const bytes = (await sizeOf()) / workers / minutes;
  show('bytes a worker and minute, all three lengths', bytes.toFixed(1));

  const again = await openSqliteStore(
    { log: silentLog, clock: systemClock },
    { path: file, catalogue: loadCatalogue() },
  );
  const toMs = startMs + minutes * MINUTE_MS;
  const read = async (name: string, scope: Partial<HistoryScope>, step: HistoryStep): Promise<void> => {
    const cost = await measured(() =>
      again.readHistory({ scope: { ...NOBODY, ...scope }, step, fromMs: startMs, toMs }),
    );
    show(
      `read ${name}, ${(minutes * 60) / step} buckets`,
      `${ms(cost.cpuMs)}, longest wait ${ms(cost.longestMs)}`,
    );
  };
  await read('the fleet', {}, 60);
  await read('an account', { account: nameOf(1) }, 60);
  await read('a worker', { account: nameOf(1), worker: `farm1-rig1` }, 60);
  await again.close();
} finally {
  await rm(directory, { recursive: true, force: true });
}
