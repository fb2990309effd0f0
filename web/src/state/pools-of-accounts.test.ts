import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserView } from '../api/types.ts';
import { minersOn, poolsOf } from './pools-of-accounts.ts';

function user(pools: readonly string[], mining: readonly (readonly [pool: string, miners: number])[] = []) {
  const [first = '', ...backups] = pools.map((pool) => ({ pool, user: 'u', algorithm: 'sha256d' }));
  const rows = mining.map(([pool, miners]) => ({ pool, algorithm: 'sha256d', miners }));
  return { ...(first as object), backups, mining: { pools: rows } } as unknown as UserView;
}

test('pools are counted by the accounts that have them, once each, the most used first', () => {
  const counted = poolsOf([user(['b:1', 'a:1', 'a:1']), user(['a:1']), user(['c:1'])]);
  assert.deepEqual(
    counted.map(({ pool, accounts }) => [pool, accounts]),
    [
      ['a:1', 2],
      ['b:1', 1],
      ['c:1', 1],
    ],
  );
  assert.equal(counted[0]?.algorithm, 'sha256d');
});

test('miners are those that mine on that pool, under whatever login', () => {
  const one = user(
    ['a:1', 'b:1'],
    [
      ['a:1', 2],
      ['b:1', 5],
      ['a:1', 1],
    ],
  );
  assert.equal(minersOn('a:1', one), 3);
  assert.equal(minersOn('c:1', one), 0);
  assert.equal(minersOn('a:1', undefined), 0);
});
