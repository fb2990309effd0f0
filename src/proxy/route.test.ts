import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { testAccount, testSettings } from '../../test/support/proxy-bed.ts';
import type { Account, PoolCredentials } from '../domain/account.ts';
import type { PoolHealth } from '../domain/pool-choice.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import type { Group } from './group.ts';
import { Route, type RoutedSession } from './route.ts';

const RETURN_AFTER_MS = 60_000;
const POOLS = 5;

/** What a route sees of a group, and nothing behind it. */
class HealthOfPool {
  readonly credentials: PoolCredentials;
  health: PoolHealth = { kind: 'unknown', sinceMs: null };
  isHeld = false;

  constructor(credentials: PoolCredentials) {
    this.credentials = credentials;
  }

  hold(_holder: object, isHeld: boolean): void {
    this.isHeld = isHeld;
  }
}

/** Five pools, an account that lists some of them, and one session of it. */
function openRoute(first: readonly number[]) {
  let nowMs = 0;
  let revision = 0;
  const known = Array.from({ length: POOLS }, (_, i) => {
    const [entry] = testAccount('00112233445566aa', { host: '127.0.0.1', port: 1000 + i }).entries;
    return new HealthOfPool(entry);
  });
  const accountOf = (pools: readonly number[]): Account => {
    revision += 1;
    const entries = pools.map((i) => known[i]?.credentials).filter((entry) => entry !== undefined);
    const [primary, ...backups] = entries;
    assert.ok(primary !== undefined);
    return { ...testAccount('00112233445566aa', primary.pool), revision, entries: [primary, ...backups] };
  };
  const groupOf = (_account: Account, credentials: PoolCredentials): Group =>
    known.find((one) => one.credentials === credentials) as unknown as Group;
  const route = new Route(
    { clock: { ...systemClock, monotonicMs: () => nowMs }, log: silentLog, emit: () => {}, groupOf },
    accountOf(first),
    testSettings({ failover: { returnAfterSeconds: RETURN_AFTER_MS / 1000 } }),
  );
  let at = route.group as unknown as HealthOfPool;
  const moves: string[] = [];
  const session: RoutedSession = {
    moveTo(group, when = 'with-a-job') {
      at = group as unknown as HealthOfPool;
      moves.push(when);
    },
    onAccountRemoved() {},
  };
  route.join(session);
  return {
    route,
    known,
    moves,
    get at(): number {
      return known.indexOf(at);
    },
    pass(ms: number): void {
      nowMs += ms;
      route.sweep(nowMs);
    },
    set(pool: number, kind: PoolHealth['kind']): void {
      const one = known[pool];
      assert.ok(one !== undefined);
      if (one.health.kind === kind) return;
      one.health = { kind, sinceMs: nowMs };
      route.decide();
    },
    change(pools: readonly number[]): void {
      route.update(accountOf(pools));
    },
  };
}

test('who comes back to an account whose first pool is known to be down mines where the others went', () => {
  const down = { kind: 'down', sinceMs: 0 } as const;
  const unknown = { kind: 'unknown', sinceMs: null } as const;
  const live = { kind: 'live', sinceMs: 0 } as const;
  const cases: readonly (readonly [health: readonly PoolHealth[], expected: number])[] = [
    [[unknown, live, live], 0],
    [[live, live, live], 0],
    [[down, unknown, live], 2],
    [[down, live, live], 1],
    [[down, down, unknown], 0],
    [[down, down, down], 0],
  ];
  for (const [health, expected] of cases) {
    const entries = health.map((_, i) => {
      const [entry] = testAccount('00112233445566aa', { host: '127.0.0.1', port: 1000 + i }).entries;
      return entry;
    });
    const groups = entries.map((entry) => new HealthOfPool(entry));
    for (const [i, group] of groups.entries()) group.health = health[i] ?? unknown;
    const [first, ...rest] = entries;
    assert.ok(first !== undefined);
    const account = { ...testAccount('00112233445566aa', first.pool), entries: [first, ...rest] } as const;
    const groupOf = (_: Account, credentials: PoolCredentials): Group =>
      groups.find((one) => one.credentials === credentials) as unknown as Group;
    const route = new Route(
      { clock: systemClock, log: silentLog, emit: () => {}, groupOf },
      account,
      testSettings(),
    );
    assert.equal(groups.indexOf(route.group as unknown as HealthOfPool), expected, JSON.stringify(health));
  }
});

const LISTS = [[0, 1, 2], [1, 0], [2], [3, 2, 1, 0], [4, 0]] as const;

const step = fc.oneof(
  fc.record({
    pool: fc.nat({ max: POOLS - 1 }),
    kind: fc.constantFrom<PoolHealth['kind']>('live', 'down', 'unknown'),
  }),
  fc.record({ list: fc.nat({ max: LISTS.length - 1 }) }),
  fc.record({ afterMs: fc.integer({ min: 0, max: 90_000 }) }),
);

describe('the miners of an account', () => {
  test('end on its best live pool, whatever has happened to the pools and the account', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let list: readonly number[] = LISTS[0];
        const state = openRoute(list);
        for (const one of steps) {
          if ('pool' in one) state.set(one.pool, one.kind);
          else if ('list' in one) {
            list = LISTS[one.list] ?? list;
            state.change(list);
          } else state.pass(one.afterMs);
        }
        const best = list.find((pool) => state.known[pool]?.health.kind === 'live');
        // Longer than an old pool is kept, then longer than a better one has to have been up.
        state.pass(RETURN_AFTER_MS);
        state.pass(RETURN_AFTER_MS);
        if (best !== undefined) assert.equal(state.at, best);
        else assert.ok(list.includes(state.at), 'on a pool that the account does not have any more');
        for (const [pool, { isHeld }] of state.known.entries())
          assert.ok(!isHeld || list.includes(pool), 'a connection is held to a pool of no account');
        if (best === undefined && list.every((pool) => state.known[pool]?.health.kind === 'down'))
          for (const pool of list)
            assert.ok(pool === state.at || state.known[pool]?.isHeld === true, 'a pool is not tried');
      }),
      { numRuns: 2000 },
    );
  });

  test('are never moved away from a live pool of theirs but to a better one', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const list = LISTS[0];
        const state = openRoute(list);
        for (const one of steps) {
          const before = state.at;
          const wasLive = state.known[before]?.health.kind === 'live';
          if ('afterMs' in one) state.pass(one.afterMs);
          else if ('pool' in one && one.pool !== before) state.set(one.pool, one.kind);
          else if ('pool' in one) continue;
          if (wasLive && state.at !== before)
            assert.ok(list.indexOf(state.at as 0) < list.indexOf(before as 0));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('stay on the old pool for half a minute after a change, and no longer where it is no pool of theirs', () => {
    const state = openRoute([0]);
    state.set(0, 'live');
    state.change([1]);
    state.set(1, 'down');
    state.pass(29_999);
    assert.deepEqual([state.at, state.moves], [0, []]);
    state.pass(1);
    assert.deepEqual([state.at, state.moves], [1, ['at-once']]);
  });

  test('go to the new primary the moment it is up, though the old pool is the backup now', () => {
    const state = openRoute([0]);
    state.set(0, 'live');
    state.change([1, 0]);
    assert.equal(state.known[1]?.isHeld, true);
    state.set(1, 'live');
    assert.deepEqual([state.at, state.moves], [1, ['with-a-job']]);
  });
});
