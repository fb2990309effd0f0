import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fleetPort } from '../../../test/support/fleet-fixtures.ts';
import { testServer } from '../../../test/support/http-fixtures.ts';
import { poolRow, sessionRow, totalRow, workerReport } from '../../../test/support/report-fixtures.ts';

const report = workerReport({
  sessions: [
    sessionRow({ id: 'aa', worker: 'rig1', rate5mHs: 1 }),
    sessionRow({
      id: 'bb',
      worker: 'rig2',
      rate5mHs: 2,
      lastShareAtMs: 1_700_000_000_000,
      isQuarantined: true,
    }),
  ],
  totals: [totalRow({ workFound: 10, workAtPool: 9, sharesAtPool: 4 })],
  pools: [
    poolRow({ roundTrip: { bounds: [0.01, 0.1], cumulative: [1, 3], sum: 0.4, count: 4 } }),
    poolRow({ pool: 'idle.example.com:1', up: false }),
  ],
});

function server() {
  return testServer({ fleet: fleetPort({ report: async () => report }) });
}

const withoutLogin = async () => [
  sessionRow({ id: 'cc', account: '', worker: '', address: '10.0.0.10:1', bytesReceived: 70 }),
  sessionRow({ id: 'dd', account: '', worker: '', address: '10.0.0.9:1', bytesReceived: 0 }),
];

describe('sessions', () => {
  test('are shown in the order asked for', async () => {
    const { json } = {
      json: (await server().inject('/api/v1/sessions?sort=hashrate&order=desc&limit=1')).json(),
    };
    assert.equal(json.total, 2);
    assert.deepEqual(json.sessions, [
      {
        id: 'bb',
        address: '10.0.0.1:50001',
        ip: '10.0.0.1',
        account: '00112233445566ff',
        worker: 'rig2',
        agent: 'cgminer/4.12.1',
        dialect: 'bitcoin-v1',
        pool: 'pool.example.com:3333',
        algorithm: 'sha256d',
        up: true,
        connectedAt: '2023-11-14T22:13:20.000Z',
        lastShareAt: '2023-11-14T22:13:20.000Z',
        difficulty: 1024,
        hashrate: { '1m': 0, '5m': 2, '15m': 0, '5mError': null },
        shares: json.sessions[0].shares,
        received: 0,
        inFlight: 0,
        quarantined: true,
        bytesReceived: null,
      },
    ]);
    assert.equal(json.sessions[0].shares['accepted-local'], 0);
  });

  test('are those with a login, those without, or all', async () => {
    const asked = testServer({ fleet: fleetPort({ report: async () => report, withoutLogin }) });
    const list = async (query: string) => {
      const { total, sessions } = (await asked.inject(`/api/v1/sessions?${query}`)).json();
      return [total, ...sessions.map((one: { id: string }) => one.id)];
    };
    assert.deepEqual(await list(''), [2, 'aa', 'bb']);
    assert.deepEqual(await list('login=some'), [2, 'aa', 'bb']);
    assert.deepEqual(await list('login=none&sort=address'), [2, 'dd', 'cc']);
    assert.deepEqual(await list('login=none&sort=address&limit=1&offset=1'), [2, 'cc']);
    assert.deepEqual(await list('login=any&sort=address&order=desc'), [4, 'cc', 'dd', 'aa', 'bb']);
    assert.deepEqual(await list('login=any&address=10.0.0.9'), [1, 'dd']);
    assert.deepEqual(await list('login=none&up=false'), [0]);
    const { sessions } = (await asked.inject('/api/v1/sessions?login=none&search=cc')).json();
    assert.deepEqual([sessions[0].bytesReceived, sessions[0].account], [70, '']);
  });

  test('one that has logged in between two looks is listed once', async () => {
    const late = sessionRow({ id: 'ee', address: '10.0.0.9:1' });
    const ended = sessionRow({ id: 'ff', address: '10.0.0.10:1', up: false });
    const both = workerReport({ sessions: [late, ended] });
    const asked = testServer({ fleet: fleetPort({ report: async () => both, withoutLogin }) });
    const { sessions } = (await asked.inject('/api/v1/sessions?login=any')).json();
    assert.deepEqual(
      sessions.map(({ id }: { id: string }) => id),
      ['ee', 'ff', 'cc'],
    );
  });

  for (const query of [
    'login=maybe',
    'sort=colour',
    'order=up',
    'limit=0',
    'limit=1001',
    'offset=-1',
    'up=yes',
  ]) {
    test(`refuses ${query}`, async () => {
      const { statusCode } = await server().inject(`/api/v1/sessions?${query}`);
      assert.ok(statusCode === 400 || statusCode === 422, String(statusCode));
    });
  }

  test('one that is not there is 404', async () => {
    const nobody = testServer({ fleet: fleetPort({ session: async () => null }) });
    const answer = await nobody.inject('/api/v1/sessions/ab12');
    assert.deepEqual([answer.statusCode, answer.json().error.code], [404, 'unknown-session']);
  });
});

test('workers are shown by name', async () => {
  const { workers, total } = (await server().inject('/api/v1/workers?search=rig2')).json();
  assert.equal(total, 1);
  assert.deepEqual(
    [workers[0].worker, workers[0].sessions, workers[0].hashrate['5m'], workers[0].agents],
    ['rig2', 1, 2, ['cgminer/4.12.1']],
  );
});

test('totals are shown by what is asked for, and nothing else', async () => {
  const { totals } = (await server().inject('/api/v1/totals?by=pool,account')).json();
  assert.deepEqual(
    [totals[0].pool, totals[0].account, totals[0].efficiency],
    ['pool.example.com:3333', '00112233445566ff', 0.9],
  );
  assert.equal('algorithm' in totals[0], false);
  assert.equal(totals[0].efficiencyError, 0.5);
  assert.equal((await server().inject('/api/v1/totals?by=colour')).statusCode, 422);
});

test('pools are shown with their round trip', async () => {
  const { pools } = (await server().inject('/api/v1/pools/state')).json();
  assert.deepEqual(
    pools.map((pool: Record<string, unknown>) => [
      pool['up'],
      pool['roundTripSeconds'],
      pool['roundTripP50Seconds'],
    ]),
    [
      [true, 0.1, 0.1],
      [false, null, null],
    ],
  );
});

test('the server says what it is and carries', async () => {
  const view = (await server().inject('/api/v1/server')).json();
  assert.equal(view.startedAt, '2023-11-14T22:13:20.000Z');
  assert.equal(view.authorizedSessions, 1);
  assert.deepEqual(view.store, { kind: 'sqlite' });
});

test('what is read needs a token that may read', async () => {
  const closed = testServer({}, { tokens: [{ scope: 'register', sha256: '0'.repeat(64) }] });
  for (const path of ['sessions', 'sessions/ab', 'workers', 'totals', 'server', 'pools/state'])
    assert.equal((await closed.inject(`/api/v1/${path}`)).statusCode, 401, path);
});
