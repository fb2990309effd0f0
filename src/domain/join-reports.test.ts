import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loginRow, workerFacts, workerReport } from '../../test/support/report-fixtures.ts';
import { joinReports } from './join-reports.ts';

const upstreams = { idle: 0, dialing: 0, handshaking: 0, live: 0, cooling: 0 };
const refused = (atMs: number) => ({ atMs, reason: `at ${atMs}`, isOver: false });

describe('what several workers say of one login', () => {
  test('is added up, and the later refusal is the last', () => {
    const a = loginRow({
      sessions: 2,
      waiting: 1,
      upstreams: { ...upstreams, live: 1 },
      lastRefusal: refused(5),
    });
    const b = loginRow({ sessions: 3, upstreams: { ...upstreams, cooling: 2 }, isFailing: true });
    const c = loginRow({ lastRefusal: refused(9), isRefusing: true });
    const sum = {
      ...a,
      sessions: 5,
      upstreams: { ...upstreams, live: 1, cooling: 2 },
      isFailing: true,
      isRefusing: true,
      lastRefusal: refused(9),
    };
    for (const rows of [
      [a, b, c],
      [c, b, a],
    ])
      assert.deepEqual(joinReports(rows.map((row) => workerReport({ logins: [row] }))).logins, [sum]);
  });

  test('of another user, pool or account is a row of its own', () => {
    const rows = [loginRow(), loginRow({ user: 'b' }), loginRow({ pool: 'b:1' }), loginRow({ account: 'b' })];
    const joined = joinReports([workerReport({ logins: rows }), workerReport({ logins: rows.slice(1) })]);
    assert.deepEqual(joined.logins, rows);
  });

  test('accounts that were turned away are added up', () => {
    const facts = workerFacts({ accountsTurnedAway: 2 });
    assert.equal(joinReports([workerReport({ facts }), workerReport({ facts })]).facts.accountsTurnedAway, 4);
  });
});
