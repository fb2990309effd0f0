import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../test/support/http-fixtures.ts';
import { loginRow } from '../../test/support/report-fixtures.ts';
import type { LoginRow } from '../domain/report.ts';
import { placesOf } from './account-pools.ts';
import { isoTime } from './view.ts';

const backup = { pool: 'two:1', user: 'backup', hasPassword: false, algorithm: 'sha256d' };
const account = accountView({ pool: 'one:1', user: 'first', backups: [backup] });
const upstreams = { idle: 0, dialing: 0, handshaking: 0, live: 0, cooling: 0 };
const refusal = { atMs: 1_700_000_000_000, reason: 'who?', isOver: false };

function stateOf(some: Partial<LoginRow>): string | undefined {
  return placesOf(account, [], [loginRow({ pool: 'one:1', user: 'first', ...some })])[0]?.at.state;
}

describe('how an account is at its pools', () => {
  test('is told of each of its own, though nobody has mined there', () => {
    const idle = { state: 'idle', waiting: 0, lastRefusal: null };
    assert.deepEqual(placesOf(account, [], []), [
      { pool: 'one:1', algorithm: 'sha256d', sum: null, at: { user: 'first', ...idle } },
      { pool: 'two:1', algorithm: 'sha256d', sum: null, at: { user: 'backup', ...idle } },
    ]);
  });

  test('is up with a connection that is, whatever was refused', () => {
    assert.equal(stateOf({ upstreams: { ...upstreams, live: 1 }, lastRefusal: refusal }), 'up');
  });

  test('is refused from the refusal on until the login is taken, however long ago, with the words of it', () => {
    assert.equal(stateOf({ isRefusing: true, lastRefusal: refusal }), 'refused');
    assert.equal(stateOf({ lastRefusal: { ...refusal, isOver: true } }), 'idle');
    const [place] = placesOf(account, [], [loginRow({ pool: 'one:1', user: 'first', lastRefusal: refusal })]);
    assert.deepEqual(place?.at.lastRefusal, { at: isoTime(refusal.atMs), reason: 'who?' });
  });

  test('is down where another failure came after the refusal, and where miners want a pool that cannot be had', () => {
    assert.equal(stateOf({ lastRefusal: refusal, isRefusing: false, isFailing: true }), 'down');
    assert.equal(stateOf({ upstreams: { ...upstreams, cooling: 1 } }), 'down');
    assert.equal(stateOf({ waiting: 1, sessions: 1, isFailing: true }), 'down');
    assert.equal(stateOf({ isFailing: true }), 'idle');
  });

  test('is connecting while it is dialled for the first time', () => {
    assert.equal(stateOf({ sessions: 1, waiting: 1, upstreams: { ...upstreams, dialing: 1 } }), 'connecting');
  });

  test('of two logins at one pool each has its own state, and the first what was mined there', () => {
    const twice = accountView({ pool: 'one:1', user: 'first', backups: [{ ...backup, pool: 'one:1' }] });
    const logins = [
      loginRow({ pool: 'one:1', user: 'first', lastRefusal: refusal, isRefusing: true, waiting: 2 }),
      loginRow({ pool: 'one:1', user: 'backup', upstreams: { ...upstreams, live: 1 } }),
    ];
    const mined = [{ pool: 'one:1', algorithm: 'sha256d', sum: 7 }];
    assert.deepEqual(
      placesOf(twice, mined, logins).map(({ sum, at }) => [sum, at.user, at.state, at.waiting]),
      [
        [7, 'first', 'refused', 2],
        [null, 'backup', 'up', 0],
      ],
    );
  });

  test('of a pool that names several algorithms, miners wait for the one of now', () => {
    const mined = ['sha256d', 'sha256dt'].map((algorithm) => ({ pool: 'one:1', algorithm, sum: 1 }));
    const logins = [
      loginRow({ pool: 'one:1', user: 'first', algorithm: 'sha256dt', sessions: 3, waiting: 3 }),
    ];
    assert.deepEqual(
      placesOf(account, mined, logins).map(({ algorithm, at }) => [algorithm, at.user, at.waiting]),
      [
        ['sha256d', 'first', 0],
        ['sha256dt', 'first', 3],
        ['sha256d', 'backup', 0],
      ],
    );
  });

  test('a pool that the account has no more is shown while miners are there, or where they were', () => {
    const left = placesOf(account, [{ pool: 'old:1', algorithm: 'sha256d', sum: 1 }], []);
    assert.deepEqual([left[0]?.pool, left[0]?.at.user, left[0]?.at.state], ['old:1', null, 'idle']);
    const going = placesOf(account, [], [loginRow({ pool: 'old:1', user: 'was', sessions: 1 })]);
    assert.deepEqual([going[2]?.pool, going[2]?.at.user], ['old:1', 'was']);
  });
});
