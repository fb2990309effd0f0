import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { manySessions, sessionRow, totalRow, workerReport } from '../../test/support/report-fixtures.ts';
import { shareCounts } from '../domain/counts.ts';
import { ipOf, listSessions, type SessionFilter } from './session-list.ts';
import { totalsBy } from './totals.ts';
import { listWorkers } from './worker-list.ts';

const PAGE = { limit: 100, offset: 0, sort: 'connectedAt', order: 'asc' } as const;

const ROWS = [
  sessionRow({
    id: 'a1',
    worker: 'rig10',
    address: '10.0.0.2:1',
    rate5mHs: 3,
    lastShareAtMs: 5,
    connectedAtMs: 3,
  }),
  sessionRow({
    id: 'a2',
    worker: 'rig2',
    address: '10.0.0.10:1',
    rate5mHs: 9,
    agent: 'Bitaxe/2',
    connectedAtMs: 2,
  }),
  sessionRow({
    id: 'a3',
    worker: 'rig1',
    address: '[2001:db8::1]:1',
    account: 'ff',
    up: false,
    connectedAtMs: 1,
  }),
];

function ids(filter: SessionFilter, page: Partial<Parameters<typeof listSessions>[2]> = {}): string[] {
  return listSessions(ROWS, filter, { ...PAGE, ...page }).sessions.map(({ id }) => id);
}

describe('a list of sessions', () => {
  test('is narrowed down by each property', () => {
    assert.deepEqual(ids({ up: 'true' }), ['a2', 'a1']);
    assert.deepEqual(ids({ up: 'false' }), ['a3']);
    assert.deepEqual(ids({ account: 'ff' }), ['a3']);
    assert.deepEqual(ids({ address: '10.0.0.2' }), ['a1']);
    assert.deepEqual(ids({ address: '10.0.0.2:1' }), ['a1']);
    assert.deepEqual(ids({ address: '2001:db8::1' }), ['a3']);
    assert.deepEqual(ids({ search: 'bitaxe' }), ['a2']);
    assert.deepEqual(ids({ worker: 'rig1' }), ['a3']);
    assert.deepEqual(ids({ pool: 'elsewhere:1' }), []);
  });

  test('is sorted, numbers in texts as numbers, rows without a value last', () => {
    assert.deepEqual(ids({}, { sort: 'worker' }), ['a3', 'a2', 'a1']);
    assert.deepEqual(ids({}, { sort: 'address' }), ['a1', 'a2', 'a3']);
    assert.deepEqual(ids({}, { sort: 'hashrate', order: 'desc' }), ['a2', 'a1', 'a3']);
    assert.deepEqual(ids({}, { sort: 'lastShareAt' }), ['a1', 'a2', 'a3']);
    assert.deepEqual(ids({}, { sort: 'lastShareAt', order: 'desc' }), ['a1', 'a2', 'a3']);
  });

  test('is cut into pages and says how many there are', () => {
    const { sessions, total } = listSessions(ROWS, {}, { ...PAGE, limit: 1, offset: 1 });
    assert.deepEqual([sessions.map(({ id }) => id), total], [['a2'], 3]);
    assert.deepEqual(ids({}, { offset: 9 }), []);
  });

  test('takes an address apart', () => {
    assert.deepEqual(['192.0.2.1:50', '[2001:db8::1]:50'].map(ipOf), ['192.0.2.1', '2001:db8::1']);
  });
});

describe('a list of workers', () => {
  const rows = [
    sessionRow({
      id: 'a',
      connectedAtMs: 5,
      rate5mHs: 100,
      rate5mError: 0.3,
      received: 2,
      counts: shareCounts({ accepted: 2 }),
    }),
    sessionRow({
      id: 'b',
      connectedAtMs: 9,
      rate5mHs: 100,
      rate5mError: 0.4,
      received: 3,
      difficulty: 7,
      agent: 'Bitaxe',
      lastShareAtMs: 8,
    }),
    sessionRow({
      id: 'c',
      connectedAtMs: 11,
      rate5mHs: 50,
      received: 4,
      difficulty: 1,
      up: false,
      lastShareAtMs: 4,
    }),
    sessionRow({ id: 'd', worker: 'rig2', up: false, rate5mHs: 5 }),
  ];

  test('adds up what the sessions of one name do', () => {
    const { workers, total } = listWorkers(rows, {}, PAGE);
    assert.equal(total, 2);
    const [rig1, rig2] = workers;
    assert.ok(rig1 !== undefined && rig2 !== undefined);
    assert.deepEqual(
      [rig1.sessions, rig1.rate5mHs, rig1.received, rig1.counts.accepted, rig1.current.id, rig1.up],
      [2, 200, 9, 2, 'b', true],
    );
    assert.deepEqual(
      [rig1.agents, rig1.connectedAtMs, rig1.lastShareAtMs],
      [['cgminer/4.12.1', 'Bitaxe'], 5, 8],
    );
    assert.ok(Math.abs((rig1.rate5mError ?? 0) - 0.25) < 1e-12, 'errors of independent rates add by squares');
    assert.deepEqual([rig2.up, rig2.sessions, rig2.rate5mHs], [false, 0, 5]);
  });

  test('finds a worker by any of its sessions, whole', () => {
    const page = listWorkers(rows, { search: 'bitaxe' }, PAGE);
    assert.deepEqual(
      page.workers.map(({ worker, sessions }) => [worker, sessions]),
      [['rig1', 2]],
    );
    assert.equal(listWorkers(rows, { up: 'false' }, PAGE).total, 1);
  });
});

describe('totals', () => {
  const report = workerReport({
    totals: [
      totalRow({ account: 'a', pool: 'p', work: 1, counts: shareCounts({ accepted: 1 }) }),
      totalRow({ account: 'a', pool: 'q', work: 2 }),
      totalRow({ account: 'b', pool: 'p', work: 4 }),
    ],
    sessions: [
      sessionRow({ account: 'a', pool: 'p', rate5mHs: 10 }),
      sessionRow({ account: 'b', pool: 'p', rate5mHs: 20 }),
      sessionRow({ account: 'b', pool: 'p', rate5mHs: 40, up: false }),
    ],
  });

  test('are summed by what is asked for', () => {
    assert.deepEqual(
      totalsBy(report, ['pool']).map(({ keys, work, miners, hashrate5mHs }) => [
        keys,
        work,
        miners,
        hashrate5mHs,
      ]),
      [
        [{ pool: 'p' }, 5, 2, 30],
        [{ pool: 'q' }, 2, 0, 0],
      ],
    );
    assert.deepEqual(
      totalsBy(report, []).map(({ keys, work }) => [keys, work]),
      [[{}, 7]],
    );
    assert.equal(totalsBy(report, ['account', 'pool']).length, 3);
  });
});

test('a page of ten thousand sessions or workers takes far less than 50 ms of its thread', () => {
  const rows = manySessions(10_000);
  for (const list of [listSessions, listWorkers]) {
    for (const sort of ['hashrate', 'account', 'worker', 'address', 'pool'] as const) {
      let leastMs = Infinity;
      for (let round = 0; round < 5; round += 1) {
        const before = process.threadCpuUsage();
        list(rows, { search: '10.0' }, { ...PAGE, sort, order: 'desc' });
        const { user, system } = process.threadCpuUsage(before);
        leastMs = Math.min(leastMs, (user + system) / 1000);
      }
      assert.ok(leastMs < 50, `${list.name} by ${sort}: ${leastMs} ms`);
    }
  }
});
