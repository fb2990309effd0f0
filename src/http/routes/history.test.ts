import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testServer } from '../../../test/support/http-fixtures.ts';
import type { HistoryPort } from '../ports.ts';

type Asked = Parameters<HistoryPort['read']>;

/** A server that keeps what its history is asked for, and answers with these points. */
function recording(points: Awaited<ReturnType<HistoryPort['read']>>['points'] = []) {
  const asked: Asked[] = [];
  const server = testServer({
    history: {
      read: async (...question) => {
        asked.push(question);
        return { stepSeconds: 600, ...question[1], points };
      },
    },
  });
  return { server, asked };
}

const NOBODY = { account: null, worker: null, pool: null, algorithm: null };
const HOUR_MS = 3_600_000;

describe('GET /api/v1/history', () => {
  test('is of the fleet and a day unless asked otherwise', async () => {
    const { server, asked } = recording();
    const answer = await server.inject({ method: 'GET', url: '/api/v1/history' });
    assert.equal(answer.statusCode, 200, answer.body);
    const [scope, range] = asked[0] ?? [];
    assert.deepEqual(scope, NOBODY);
    assert.equal((range?.toMs ?? 0) - (range?.fromMs ?? 0), 24 * HOUR_MS);
    assert.ok(Math.abs((range?.toMs ?? 0) - Date.now()) < 60_000);
    assert.deepEqual(answer.json(), {
      from: new Date(range?.fromMs ?? 0).toISOString(),
      to: new Date(range?.toMs ?? 0).toISOString(),
      stepSeconds: 600,
      series: [],
    });
  });

  test('reads whose history it is, the names in the form they are kept in', async () => {
    const { server, asked } = recording();
    for (const query of [
      'of=account&account=00112233445566FF',
      'of=worker&account=00112233445566ff&worker=',
      'of=worker&account=00112233445566ff&worker=rig%201&pool=p.example:1',
      'of=pool&pool=p.example:1&by=algorithm',
      'of=algorithm&algorithm=SHA256',
      'of=fleet&range=1y',
    ]) {
      const answer = await server.inject({ method: 'GET', url: `/api/v1/history?${query}` });
      assert.equal(answer.statusCode, 200, answer.body);
    }
    const account = '00112233445566ff';
    assert.deepEqual(
      asked.map(([scope]) => scope),
      [
        { ...NOBODY, account },
        { ...NOBODY, account, worker: '' },
        { ...NOBODY, account, worker: 'rig 1', pool: 'p.example:1' },
        { ...NOBODY, pool: 'p.example:1' },
        { ...NOBODY, algorithm: 'sha256d' },
        NOBODY,
      ],
    );
  });

  test('reads a range that is given by its ends', async () => {
    const { server, asked } = recording();
    const url = '/api/v1/history?from=2026-01-02T03:04:05Z&to=2026-01-02T04:04:05.5%2B01:30';
    const refused = await server.inject({ method: 'GET', url });
    assert.equal(refused.statusCode, 422, 'the end is before the begin');
    const answer = await server.inject({ method: 'GET', url: url.replace('%2B01:30', 'Z') });
    assert.equal(answer.statusCode, 200, answer.body);
    const fromMs = Date.UTC(2026, 0, 2, 3, 4, 5);
    assert.deepEqual(asked[0]?.[1], { fromMs, toMs: fromMs + HOUR_MS + 500 });
  });

  test('gives a series for each algorithm, with its unit', async () => {
    const atMs = Date.UTC(2026, 0, 2);
    const { server } = recording([
      {
        atMs,
        algorithm: 'sha256d',
        work: 6000,
        hashrateHs: 10,
        counts: { accepted: 3, 'accepted-local': 4 },
      },
      { atMs, algorithm: 'equihash', work: 60, hashrateHs: 0.1, counts: { accepted: 1, stale: 2, lost: 1 } },
      { atMs: atMs + 600_000, algorithm: 'sha256d', work: 0, hashrateHs: 0, counts: { 'low-difficulty': 1 } },
    ]);
    const answer = await server.inject({ method: 'GET', url: '/api/v1/history' });
    assert.deepEqual(answer.json<{ series: unknown }>().series, [
      {
        algorithm: 'sha256d',
        unit: 'H',
        points: [
          { at: '2026-01-02T00:00:00.000Z', work: 6000, hashrateHs: 10, accepted: 7, rejected: {} },
          {
            at: '2026-01-02T00:10:00.000Z',
            work: 0,
            hashrateHs: 0,
            accepted: 0,
            rejected: { 'low-difficulty': 1 },
          },
        ],
      },
      {
        algorithm: 'equihash',
        unit: 'Sol',
        points: [
          {
            at: '2026-01-02T00:00:00.000Z',
            work: 60,
            hashrateHs: 0.1,
            accepted: 1,
            rejected: { stale: 2, lost: 1 },
          },
        ],
      },
    ]);
  });

  for (const [query, status, code] of [
    ['of=account', 400, 'invalid-request'],
    ['of=worker&account=00112233445566ff', 400, 'invalid-request'],
    ['worker=rig1', 400, 'invalid-request'],
    ['of=pool', 400, 'invalid-request'],
    ['of=algorithm', 400, 'invalid-request'],
    ['of=all', 422, 'invalid-value'],
    ['account=alice', 422, 'invalid-value'],
    ['algorithm=none', 404, 'unknown-algorithm'],
    ['range=2h', 422, 'invalid-value'],
    ['range=1h&from=2026-01-02', 400, 'invalid-request'],
    ['to=2026-01-02', 400, 'invalid-request'],
    ['from=yesterday', 422, 'invalid-value'],
    ['from=2026-13-45', 422, 'invalid-value'],
    ['from=1800-01-01&to=2026-01-01', 422, 'invalid-value'],
    ['since=1', 400, 'invalid-request'],
  ] as const) {
    test(`?${query} is answered ${status}`, async () => {
      const { server, asked } = recording();
      const answer = await server.inject({ method: 'GET', url: `/api/v1/history?${query}` });
      assert.equal(answer.statusCode, status, answer.body);
      assert.equal(answer.headers['x-error-code'], code);
      assert.equal(asked.length, 0);
    });
  }
});
