import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { shareCounts } from '../../src/domain/counts.ts';
import type { HistoryRetention, HistoryScope, LastingTotal } from '../../src/domain/history.ts';
import type { WorkRow } from '../../src/domain/report.ts';
import { type NewHarness, storeBed } from './store-bed.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** The begin of a day. */
const START_MS = 19_700 * DAY_MS;
const KEEP: HistoryRetention = { 60: 2, 600: 14, 3600: 365 };
const ALL: HistoryScope = { account: null, worker: null, pool: null, algorithm: null };

function row(some: Partial<WorkRow> = {}): WorkRow {
  return {
    account: 'aaaaaaaaaaaaaaaa',
    worker: 'rig1',
    pool: 'one.example:1',
    algorithm: 'sha256d',
    work: 1024,
    counts: { accepted: 1 },
    ...some,
  };
}

function total(some: Partial<LastingTotal> = {}): LastingTotal {
  return {
    account: 'aaaaaaaaaaaaaaaa',
    pool: 'one.example:1',
    algorithm: 'sha256d',
    received: 7,
    counts: shareCounts({ accepted: 5, stale: 2 }),
    work: 2 ** 60 + 2 ** 20,
    workFound: 1.5,
    workAtPool: 0.25,
    sharesAtPool: 3,
    ...some,
  };
}

/** What every engine does with totals and history. */
export function describeHistory(newHarness: NewHarness): void {
  describe('totals and history', () => {
    const bed = storeBed(newHarness, START_MS);
    const { reopen } = bed;

    async function read(step: 60 | 600 | 3600, scope: Partial<HistoryScope> = {}, days = 1) {
      const toMs = START_MS + days * DAY_MS;
      const points = await bed.store.readHistory({
        scope: { ...ALL, ...scope },
        step,
        fromMs: START_MS,
        toMs,
      });
      return points.map(({ atMs, algorithm, work, counts }) => [
        (atMs - START_MS) / MINUTE_MS,
        algorithm,
        work,
        counts,
      ]);
    }

    /** By algorithm. */
    async function works(scope: Partial<HistoryScope>): Promise<Record<string, unknown>> {
      const points = await read(60, scope);
      return Object.fromEntries(points.map(([, algorithm, work]) => [algorithm, work]));
    }

    async function prune(): Promise<number> {
      let calls = 1;
      while (await bed.store.pruneHistory(KEEP)) calls += 1;
      return calls;
    }

    test('totals are there after a restart, the newest of each set of labels', async () => {
      assert.deepEqual(await bed.store.loadTotals(), []);
      const others = Array.from({ length: 130 }, (_, at) => total({ account: '', pool: `p${at}:1` }));
      await bed.store.saveTotals([total({ received: 1 }), ...others]);
      await bed.store.saveTotals([total(), total({ pool: 'two.example:2', work: 9 })]);
      await reopen();
      const totals = await bed.store.loadTotals();
      const ofAccount = totals.filter(({ account }) => account !== '');
      assert.deepEqual(ofAccount, [total(), total({ pool: 'two.example:2', work: 9 })]);
      assert.equal(totals.length, 132);
    });

    test('totals of a deleted account are kept for 90 days after their last change, others for ever', async () => {
      await bed.store.addPool({
        pattern: { host: 'one.example', ports: [1] },
        algorithm: 'sha256d',
        tls: false,
      });
      const registered = await bed.store.registerAccount({
        endpoint: { host: 'one.example', port: 1 },
        user: 'u',
        password: '',
      });
      assert.ok(registered.kind === 'created');
      const { name } = registered.account;
      await bed.store.saveTotals([total(), total({ account: name }), total({ account: '', pool: '' })]);
      bed.nowMs += 90 * DAY_MS;
      assert.equal((await bed.store.loadTotals()).length, 3);
      bed.nowMs += 1;
      const left = (await bed.store.loadTotals()).map(({ account }) => account);
      assert.deepEqual(left, ['', name]);
    });

    test('a minute is added to its buckets of every length', async () => {
      await bed.store.addHistory({ atMs: START_MS + 9 * MINUTE_MS, rows: [row()], keepDays: KEEP });
      await bed.store.addHistory({
        atMs: START_MS + 10 * MINUTE_MS,
        rows: [row({ work: 2 })],
        keepDays: KEEP,
      });
      await bed.store.addHistory({
        atMs: START_MS + 61 * MINUTE_MS,
        rows: [row({ work: 4 })],
        keepDays: KEEP,
      });
      const one = { accepted: 1 };
      assert.deepEqual(await read(60), [
        [9, 'sha256d', 1024, one],
        [10, 'sha256d', 2, one],
        [61, 'sha256d', 4, one],
      ]);
      assert.deepEqual(await read(600), [
        [0, 'sha256d', 1024, one],
        [10, 'sha256d', 2, one],
        [60, 'sha256d', 4, one],
      ]);
      assert.deepEqual(await read(3600), [
        [0, 'sha256d', 1026, { accepted: 2 }],
        [60, 'sha256d', 4, one],
      ]);
    });

    test('a minute that a restart has cut in two is one', async () => {
      const first = row({ counts: { accepted: 3, stale: 1 } });
      await bed.store.addHistory({ atMs: START_MS, rows: [first], keepDays: KEEP });
      await reopen();
      const rest = [row({ counts: { accepted: 1, lost: 2 } }), row({ worker: 'rig2', work: 512 })];
      await bed.store.addHistory({ atMs: START_MS, rows: rest, keepDays: KEEP });
      const all = { accepted: 5, stale: 1, lost: 2 };
      for (const step of [60, 600, 3600] as const) {
        assert.deepEqual(await read(step), [[0, 'sha256d', 2560, all]]);
        assert.deepEqual(await read(step, { account: 'aaaaaaaaaaaaaaaa', worker: 'rig1' }), [
          [0, 'sha256d', 2048, { accepted: 4, stale: 1, lost: 2 }],
        ]);
      }
    });

    test('each scope has its own, and algorithms are never summed', async () => {
      const [a, b] = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb'];
      const [one, two] = ['one.example:1', 'two.example:2'];
      const rows = [
        row({ work: 1 }),
        row({ work: 2, worker: '' }),
        row({ work: 4, worker: 'rig1', pool: two }),
        row({ work: 8, account: b }),
        row({ work: 16, account: b, pool: two, algorithm: 'scrypt' }),
        row({ work: 32, account: b }),
      ];
      await bed.store.addHistory({ atMs: START_MS, rows, keepDays: KEEP });
      assert.deepEqual(await works({}), { sha256d: 47, scrypt: 16 });
      assert.deepEqual(await works({ algorithm: 'scrypt' }), { scrypt: 16 });
      assert.deepEqual(await works({ pool: one }), { sha256d: 43 });
      assert.deepEqual(await works({ pool: two }), { sha256d: 4, scrypt: 16 });
      assert.deepEqual(await works({ account: a }), { sha256d: 7 });
      assert.deepEqual(await works({ account: b, pool: two }), { scrypt: 16 });
      assert.deepEqual(await works({ account: a, worker: 'rig1' }), { sha256d: 5 });
      assert.deepEqual(await works({ account: a, worker: '' }), { sha256d: 2 });
      assert.deepEqual(await works({ account: b, worker: 'rig1' }), { sha256d: 40, scrypt: 16 });
      assert.deepEqual(await works({ account: 'cccccccccccccccc' }), {});
    });

    test('more workers than one block holds are told apart', async () => {
      const rows = Array.from({ length: 1000 }, (_, at) => row({ worker: `rig${at}`, work: at }));
      for (const atMs of [START_MS, START_MS + MINUTE_MS])
        await bed.store.addHistory({ atMs, rows: rows.toReversed(), keepDays: KEEP });
      for (const at of [0, 1, 127, 128, 500, 999]) {
        const points = await read(600, { account: 'aaaaaaaaaaaaaaaa', worker: `rig${at}` });
        assert.deepEqual(points, [[0, 'sha256d', 2 * at, { accepted: 2 }]]);
      }
      assert.deepEqual(await read(60), [
        [0, 'sha256d', 499_500, { accepted: 1000 }],
        [1, 'sha256d', 499_500, { accepted: 1000 }],
      ]);
    });

    test('a length that is not kept is not made', async () => {
      await bed.store.addHistory({ atMs: START_MS, rows: [row()], keepDays: { ...KEEP, 60: 0 } });
      assert.deepEqual(await read(60), []);
      assert.equal((await read(600)).length, 1);
    });

    test('what is too old goes, in small steps, and what is not stays', async () => {
      for (let minute = 0; minute < 30; minute += 1)
        await bed.store.addHistory({ atMs: START_MS + minute * MINUTE_MS, rows: [row()], keepDays: KEEP });
      bed.nowMs = START_MS + 2 * DAY_MS + 20 * MINUTE_MS;
      assert.ok((await prune()) > 10, 'not all at once');
      assert.deepEqual(
        (await read(60)).map(([minute]) => minute),
        Array.from({ length: 10 }, (_, at) => at + 20),
      );
      assert.equal((await read(600)).length, 3);
      bed.nowMs = START_MS + 14 * DAY_MS + 10 * MINUTE_MS;
      await prune();
      assert.deepEqual(await read(60), []);
      assert.deepEqual(
        (await read(600)).map(([minute]) => minute),
        [10, 20],
      );
      assert.deepEqual(await read(3600), [[0, 'sha256d', 30 * 1024, { accepted: 30 }]]);
      bed.nowMs = START_MS + 366 * DAY_MS;
      await prune();
      assert.deepEqual(await read(3600), []);
    });

    test('a worker that comes back after all of it has gone is known again', async () => {
      await bed.store.addHistory({ atMs: START_MS, rows: [row(), row({ worker: 'rig2' })], keepDays: KEEP });
      bed.nowMs = START_MS + 400 * DAY_MS;
      await prune();
      const scope = { account: 'aaaaaaaaaaaaaaaa', worker: 'rig2' };
      await bed.store.addHistory({
        atMs: bed.nowMs,
        rows: [row({ worker: 'rig2', work: 5 })],
        keepDays: KEEP,
      });
      assert.deepEqual(await read(3600, scope, 401), [[400 * 24 * 60, 'sha256d', 5, { accepted: 1 }]]);
    });

    test('a worker that goes on for longer than anything is kept, does not lose its name', async () => {
      for (let day = 0; day < 500; day += 100) {
        bed.nowMs = START_MS + day * DAY_MS;
        await bed.store.addHistory({ atMs: bed.nowMs, rows: [row()], keepDays: KEEP });
        await prune();
        if (day === 200) await reopen();
      }
      const points = await read(3600, { account: 'aaaaaaaaaaaaaaaa', worker: 'rig1' }, 500);
      assert.deepEqual(
        points.map(([minute]) => Number(minute) / 24 / 60),
        [100, 200, 300, 400],
      );
    });
  });
}
