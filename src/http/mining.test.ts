import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { accountView } from '../../test/support/http-fixtures.ts';
import { loginRow, sessionRow, totalRow, workerReport } from '../../test/support/report-fixtures.ts';
import { shareCounts } from '../domain/counts.ts';
import { SHARE_RESULTS } from '../domain/result.ts';
import { miningOf } from './mining.ts';

const ALICE = 'aaaaaaaaaaaaaaaa';
const BOB = 'bbbbbbbbbbbbbbbb';
const [alice, bob] = [ALICE, BOB].map((name) => accountView({ name, pool: 'one:1', user: 'wallet' }));
assert.ok(alice !== undefined && bob !== undefined);
const idle = { state: 'idle', waiting: 0, lastRefusal: null } as const;

describe('what an account has mined', () => {
  test('is nothing for one that nobody has mined for', () => {
    const nothing = {
      miners: 0,
      shares: shareCounts(),
      workFound: 0,
      workAtPool: 0,
      sharesAtPool: 0,
      efficiency: null,
      efficiencyError: null,
    };
    const reports = [workerReport({ totals: [totalRow({ account: BOB, workFound: 5 })] })];
    assert.deepEqual(miningOf(reports, [alice])(ALICE), {
      pool: null,
      waiting: 0,
      ...nothing,
      pools: [{ pool: 'one:1', algorithm: 'sha256d', user: 'wallet', ...idle, ...nothing }],
    });
  });

  test('is summed over its pools and over the workers, and told for each pool', () => {
    const one = totalRow({
      account: ALICE,
      pool: 'one:1',
      counts: shareCounts({ accepted: 4, 'accepted-local': 10, stale: 1 }),
      workFound: 1000,
      workAtPool: 900,
      sharesAtPool: 4,
    });
    const two = totalRow({ account: ALICE, pool: 'two:1', workFound: 600, counts: shareCounts({ lost: 2 }) });
    const up = sessionRow({ account: ALICE, pool: 'two:1' });
    const reports = [
      workerReport({ totals: [one, two], sessions: [up, sessionRow({ account: BOB, pool: 'one:1' })] }),
      workerReport({
        totals: [
          totalRow({ account: BOB, pool: 'one:1', workFound: 7 }),
          { ...one, workAtPool: 1300, sharesAtPool: 5 },
        ],
        sessions: [
          up,
          { ...up, pool: 'one:1' },
          { ...up, pool: 'one:1', up: false },
          { ...up, pool: 'one:1', up: false },
        ],
      }),
    ];
    const mining = miningOf(reports, [alice])(ALICE);
    assert.deepEqual(mining, {
      pool: 'two:1',
      waiting: 0,
      miners: 3,
      shares: shareCounts({ accepted: 8, 'accepted-local': 20, stale: 2, lost: 2 }),
      workFound: 2600,
      workAtPool: 2200,
      sharesAtPool: 9,
      efficiency: 2200 / 2600,
      efficiencyError: 1 / 3,
      pools: [
        {
          pool: 'one:1',
          algorithm: 'sha256d',
          user: 'wallet',
          ...idle,
          miners: 1,
          shares: shareCounts({ accepted: 8, 'accepted-local': 20, stale: 2 }),
          workFound: 2000,
          workAtPool: 2200,
          sharesAtPool: 9,
          efficiency: 1.1,
          efficiencyError: 1 / 3,
        },
        {
          pool: 'two:1',
          algorithm: 'sha256d',
          user: null,
          ...idle,
          miners: 2,
          shares: shareCounts({ lost: 2 }),
          workFound: 600,
          workAtPool: 0,
          sharesAtPool: 0,
          efficiency: 0,
          efficiencyError: null,
        },
      ],
    });
  });

  test('whatever the reports, the whole is the sum of its pools', () => {
    const account = fc.constantFrom(ALICE, BOB, '');
    const pool = fc.constantFrom('one:1', 'two:1', 'three:1');
    const total = fc
      .record({ account, pool, workFound: fc.nat(), workAtPool: fc.nat(), sharesAtPool: fc.nat(100) })
      .map((some) => totalRow({ ...some, counts: shareCounts({ accepted: some.sharesAtPool }) }));
    const session = fc.record({ account, pool, up: fc.boolean() }).map((some) => sessionRow(some));
    const login = fc
      .record({ account, pool, user: fc.constantFrom('wallet', 'other'), sessions: fc.nat(3) })
      .map((some) => loginRow({ ...some, waiting: some.sessions }));
    const report = fc
      .record({ totals: fc.array(total), sessions: fc.array(session), logins: fc.array(login) })
      .map((some) => workerReport(some));
    fc.assert(
      fc.property(fc.array(report, { maxLength: 3 }), (reports) => {
        const miningOfName = miningOf(reports, [alice, bob]);
        for (const name of [ALICE, BOB]) {
          const mining = miningOfName(name);
          const sum = (pick: (one: (typeof mining.pools)[number]) => number): number =>
            mining.pools.reduce((before, one) => before + pick(one), 0);
          assert.equal(
            mining.miners,
            sum((one) => one.miners),
          );
          assert.equal(
            mining.workFound,
            sum((one) => one.workFound),
          );
          assert.equal(
            mining.sharesAtPool,
            sum((one) => one.sharesAtPool),
          );
          for (const result of SHARE_RESULTS)
            assert.equal(
              mining.shares[result],
              sum((one) => one.shares[result]),
            );
          const rows = reports.flatMap(({ totals }) => totals).filter((row) => row.account === name);
          assert.equal(
            mining.workAtPool,
            rows.reduce((before, row) => before + row.workAtPool, 0),
          );
          assert.equal(mining.pool === null, mining.miners === 0);
          const waiting = reports
            .flatMap(({ logins }) => logins)
            .filter((row) => row.account === name)
            .reduce((before, row) => before + row.waiting, 0);
          assert.deepEqual([mining.waiting, sum((one) => one.waiting)], [waiting, waiting]);
        }
      }),
    );
  });
});
