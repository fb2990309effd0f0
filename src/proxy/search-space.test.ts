import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testSettings } from '../../test/support/proxy-bed.ts';
import { type LanePlan, LaneSpace } from '../domain/lane.ts';
import type { Dialect } from '../wire/dialect.ts';
import { bitcoinV1 } from '../wire/dialects/bitcoin-v1/index.ts';
import { kaspa } from '../wire/dialects/kaspa/index.ts';
import { kawpow } from '../wire/dialects/kawpow/index.ts';
import type { PoolSubscription } from '../wire/messages.ts';
import { OwnPrefixes } from './own-prefixes.ts';
import { SearchSpace } from './search-space.ts';

const DEDICATED = { mode: 'dedicated', dividesPrefix: true, isUndivided: false } as const;
const SHARED = { ...DEDICATED, mode: 'shared' } as const;
const UNDIVIDED = { ...DEDICATED, isUndivided: true } as const;

/** Miners of one process: fresh prefixes are numbered, and told apart by it. */
function openProcess() {
  let given = 0;
  const context = {
    settings: testSettings(),
    prefixes: new OwnPrefixes(),
    newPrefix: (bytes: number): string => {
      given += 1;
      return given.toString(16).padStart(bytes * 2, '0');
    },
  };
  return (dialect: Dialect, agent = '') => {
    const space = new SearchSpace({ agent, dialect, context });
    const plan = space.planFor(null);
    space.plan = plan;
    space.takeOwn(plan, null);
    space.noteSubscribed();
    return space;
  };
}

const subscribed = (extranonce1: string, extranonce2Bytes: number): PoolSubscription =>
  ({ extranonce1, extranonce2Bytes }) as PoolSubscription;

function partOf({ extranonce1, extranonce2Bytes }: SearchSpace): readonly [string, number] {
  return [extranonce1, extranonce2Bytes];
}

describe('a miner whose space is cut by the coinbase', () => {
  test('has an extranonce of its own, which every pool fits', () => {
    const space = openProcess()(bitcoinV1);
    assert.deepEqual(space.plan, { kind: 'inject', prefixBytes: 1, sizeBytes: 3 });
    assert.deepEqual(partOf(space), ['01', 3]);
    assert.equal(space.meet(subscribed('f000', 8)), 'fits');
    assert.deepEqual(partOf(space), ['01', 3]);
    assert.equal(space.isToldAtSubscribe(space.plan), false);
    assert.equal(space.isToldAtSubscribe({ kind: 'relay' }), true);
  });

  test('keeps the one that it had over its last connection', () => {
    const space = openProcess()(bitcoinV1);
    const plan: LanePlan = { kind: 'inject', prefixBytes: 1, sizeBytes: 3 };
    space.takeOwn(plan, 'af');
    assert.deepEqual(partOf(space), ['af', 3]);
  });

  test('is cut anew where the pool leaves less room than it needs', () => {
    const space = openProcess()(bitcoinV1);
    space.recut(subscribed('f000', 3));
    assert.deepEqual(space.plan, { kind: 'inject', prefixBytes: 1, sizeBytes: 2 });
    assert.deepEqual(partOf(space), ['02', 2]);
    space.recut(subscribed('f000', 2));
    assert.deepEqual([space.plan, partOf(space)], [{ kind: 'relay' }, ['f000', 2]]);
  });

  test('gives its lane back when it leaves', () => {
    const space = openProcess()(bitcoinV1);
    const lanes = new LaneSpace(8);
    assert.ok(space.plan !== null && space.takeLane(lanes, space.plan, null));
    assert.equal(space.lane?.bytes, '0000000001');
    assert.equal(lanes.leased, 1);
    space.leave();
    assert.deepEqual([space.lane, lanes.leased], [null, 0]);
  });
});

describe('a miner that mines on its pool’s prefix', () => {
  test('has one of ours first, and is unfit for a pool with another until it says that it takes that', () => {
    const space = openProcess()(kawpow);
    assert.deepEqual(partOf(space), ['0001', 6]);
    space.planIn(DEDICATED);
    assert.equal(space.meet(subscribed('a0b1', 6)), 'unfit');
    assert.deepEqual(partOf(space), ['0001', 6], 'until then it has what it has');
    space.announcement.expect(0);
    assert.equal(space.awaitAnnouncement(500), true);
    space.announcement.isMade = true;
    assert.equal(space.meet(subscribed('a0b1', 6)), 'told');
    assert.equal(space.announcement.isAwaited, false);
    assert.deepEqual(partOf(space), ['a0b1', 6]);
    space.noteTold();
    assert.equal(space.meet(subscribed('a0b1', 6)), 'fits');
  });

  test('takes it without a word where its program is known to', () => {
    const space = openProcess()(kawpow, 'xmrig/6.22');
    space.planIn(DEDICATED);
    assert.equal(space.meet(subscribed('a0b1', 6)), 'told');
  });

  test('shares it with others, a byte further', () => {
    const space = openProcess()(kawpow, 'xmrig/6.22');
    space.planIn(SHARED);
    assert.ok(space.plan !== null && space.takeLane(new LaneSpace(6), space.plan, null));
    space.follow(subscribed('a0b1', 6));
    assert.deepEqual(partOf(space), ['a0b100', 5]);
  });

  test('need not be told that there is none, where that is left out', () => {
    const space = openProcess()(kaspa, 'some-miner');
    space.planIn(DEDICATED);
    assert.equal(space.meet(subscribed('', 8)), 'fits');
    assert.equal(space.meet(subscribed('a0', 7)), 'told');
  });
});

describe('miners at a pool that leaves all of the nonce to them', () => {
  test('have prefixes that nobody else has, and keep theirs while nobody does', () => {
    const comes = openProcess();
    const [one, other] = [comes(kawpow), comes(kawpow)];
    for (const space of [one, other]) space.planIn(UNDIVIDED);
    other.extranonce1 = one.extranonce1;
    assert.equal(one.meet(subscribed('', 8)), 'fits');
    assert.deepEqual(partOf(one), ['0001', 6]);
    assert.equal(other.meet(subscribed('', 8)), 'unfit', 'it would search what the first one does');
    other.announcement.isMade = true;
    assert.equal(other.meet(subscribed('', 8)), 'told');
    assert.notEqual(other.extranonce1, one.extranonce1);
  });

  test('leave theirs to whoever comes next', () => {
    const comes = openProcess();
    const [one, other] = [comes(kawpow), comes(kawpow)];
    for (const space of [one, other]) space.planIn(UNDIVIDED);
    one.follow(subscribed('', 8));
    one.leave();
    other.extranonce1 = one.extranonce1;
    other.follow(subscribed('', 8));
    assert.equal(other.extranonce1, '0001');
  });
});
