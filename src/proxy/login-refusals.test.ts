import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import type { ProxyEvent } from '../domain/event.ts';
import { LoginRefusals } from './login-refusals.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const login = { account: '00112233445566aa', user: 'wallet' };
const second = { ...login, user: 'other' };

function open() {
  const events: ProxyEvent['kind'][] = [];
  const clock = new HandClock();
  const refusals = new LoginRefusals('pool.example:3333', ({ kind }) => events.push(kind));
  return { refusals, clock, events };
}

describe('logins that a pool has refused', () => {
  test('are told once until they are taken, each login by itself', () => {
    const { refusals, clock, events } = open();
    refusals.taken(login, clock.nowMs);
    for (let i = 0; i < 3; i += 1) refusals.refused(login, 'who?', clock);
    refusals.taken(second, clock.nowMs);
    assert.deepEqual(events, ['login-refused-by-pool']);
    refusals.taken(login, clock.nowMs);
    refusals.taken(login, clock.nowMs);
    assert.deepEqual(events, ['login-refused-by-pool', 'login-accepted-by-pool']);
    refusals.refused(login, 'who?', clock);
    assert.deepEqual(events.slice(2), ['login-refused-by-pool']);
  });

  test('count by account, for five minutes', () => {
    const { refusals, clock } = open();
    refusals.refused(login, 'who?', clock);
    refusals.refused(second, 'who?', clock);
    assert.equal(refusals.accounts(clock.nowMs), 1);
    refusals.taken(login, clock.nowMs);
    assert.equal(refusals.accounts(clock.nowMs + 5 * MINUTE - 1), 1);
    assert.equal(refusals.accounts(clock.nowMs + 5 * MINUTE), 0);
  });

  test('are known for a day with the words of the pool, also when it takes them again', () => {
    const { refusals, clock } = open();
    refusals.refused(login, 'who?', clock);
    const atMs = clock.wallMs();
    clock.nowMs += MINUTE;
    refusals.refused(second, 'not you', clock);
    refusals.taken(login, clock.nowMs);
    const known = (nowMs: number) => Array.from(refusals.all(nowMs), ({ user, refusal }) => [user, refusal]);
    assert.deepEqual(known(clock.nowMs), [
      ['other', { atMs: atMs + MINUTE, reason: 'not you', isOver: false }],
      ['wallet', { atMs, reason: 'who?', isOver: true }],
    ]);
    assert.deepEqual(known(clock.nowMs + DAY), []);
  });
});
