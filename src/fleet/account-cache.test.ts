import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import { testAccount } from '../../test/support/proxy-bed.ts';
import { AccountCache } from './account-cache.ts';
import type { AccountAnswer } from './messages.ts';

const NAME = '00112233445566aa';
const DAY_MS = 24 * 3_600_000;

function found(port = 3333): AccountAnswer {
  return { kind: 'found', account: testAccount(NAME, { host: 'pool.example', port }) };
}

/** A cache with the questions it asked and the answers it gave. */
function watched(): {
  readonly cache: AccountCache;
  readonly clock: HandClock;
  readonly asked: (readonly [call: number, name: string])[];
  readonly given: AccountAnswer[];
  find(name?: string): void;
} {
  const clock = new HandClock();
  const asked: (readonly [number, string])[] = [];
  const given: AccountAnswer[] = [];
  const cache = new AccountCache({ clock, ask: (call, name) => asked.push([call, name]) });
  return {
    cache,
    clock,
    asked,
    given,
    find: (name = NAME) => cache.find(name, (answer) => given.push(answer)),
  };
}

describe('a worker\u2019s memory of accounts', () => {
  test('asks once and answers from memory then, within the call', () => {
    const { cache, asked, given, find } = watched();
    find();
    assert.deepEqual(asked, [[1, NAME]]);
    assert.equal(given.length, 0);
    cache.answered(1, found());
    find();
    assert.equal(asked.length, 1);
    assert.deepEqual(given, [found(), found()]);
  });

  test('asks once for many that ask at once', () => {
    const { cache, asked, given, find } = watched();
    for (let i = 0; i < 5; i += 1) find();
    find('ffeeddccbbaa9988');
    assert.equal(asked.length, 2);
    cache.answered(1, found());
    assert.equal(given.length, 5);
    cache.answered(2, { kind: 'unknown' });
    assert.equal(given.length, 6);
  });

  for (const kind of ['unknown', 'unavailable'] as const) {
    test(`does not remember the answer "${kind}"`, () => {
      const { cache, asked, find } = watched();
      find();
      cache.answered(1, { kind });
      find();
      assert.equal(asked.length, 2);
    });
  }

  test('does not remember an account whose pool is not listed', () => {
    const { cache, asked, find } = watched();
    find();
    cache.answered(1, { kind: 'unlisted', pool: 'pool.example:3333' });
    find();
    assert.equal(asked.length, 2);
  });

  test('asks again after a day, and after it was told to forget', () => {
    const { cache, clock, asked, find } = watched();
    find();
    cache.answered(1, found());
    clock.nowMs += DAY_MS - 1;
    find();
    assert.equal(asked.length, 1);
    clock.nowMs += 1;
    find();
    assert.equal(asked.length, 2);
    cache.answered(2, found());
    cache.forget();
    find();
    assert.equal(asked.length, 3);
  });

  test('told to forget while it asks, it does not remember the answer, which may be older than the change', () => {
    const { cache, asked, given, find } = watched();
    find();
    cache.forget();
    find();
    assert.equal(asked.length, 2, 'who asks after the change gets an answer from after it');
    cache.answered(1, found(1111));
    assert.deepEqual(given, [found(1111)]);
    find();
    assert.equal(asked.length, 2, 'the second question still stands for all who come');
    cache.answered(2, found(2222));
    assert.deepEqual(given.slice(1), [found(2222), found(2222)]);
    find();
    assert.deepEqual([asked.length, given.at(-1)], [2, found(2222)]);
  });

  test('takes an answer nobody asked for, or a second one, for nothing', () => {
    const { cache, asked, given, find } = watched();
    cache.answered(7, found());
    find();
    cache.answered(1, found(1111));
    cache.answered(1, found(2222));
    find();
    assert.deepEqual([asked.length, given], [1, [found(1111), found(1111)]]);
  });

  test('one that asks again within its answer is answered', () => {
    const { cache, asked, given } = watched();
    cache.find(NAME, () => cache.find(NAME, (answer) => given.push(answer)));
    cache.answered(1, found());
    assert.deepEqual([asked.length, given.length], [1, 1]);
  });
});
