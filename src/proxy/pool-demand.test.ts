import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RelayedWork } from '../domain/job.ts';
import { PoolDemand } from './pool-demand.ts';

const DIVIDER = 1;
/** Hashes behind a share of difficulty 1 at that divider, nearly. */
const ONE = 2 ** 32;

function work(target: RelayedWork['target']): RelayedWork {
  return {
    family: 'cryptonote',
    poolJobId: '1',
    block: 'a',
    clean: false,
    target,
    algorithm: null,
    parts: {},
  };
}

function isNear(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined && Math.abs(actual / expected - 1) < 1e-4, `${actual}, not ${expected}`);
}

describe('what a pool demands of shares', () => {
  test('is one before it says anything, and then what it said last', () => {
    const demand = new PoolDemand(DIVIDER);
    assert.deepEqual(demand.inForce, { difficulty: 1, target: null });
    assert.equal(demand.of(work(null)), null, 'nothing is said of it yet');
    assert.equal(demand.say(512), true);
    assert.equal(demand.say(1024), false);
    assert.deepEqual(demand.of(work(null)), { difficulty: 1024, target: null });
  });

  test('is in the job where that says it, times the factor of the pool', () => {
    const demand = new PoolDemand(DIVIDER);
    demand.say(512);
    const target = { hashes: 8 * ONE, text: 'ffffff1f' };
    isNear(demand.of(work(target))?.difficulty, 8);
    demand.scaleBy(4);
    isNear(demand.of(work(target))?.difficulty, 2);
    assert.equal(demand.of(work(target))?.target, target);
    demand.sayTarget(target);
    isNear(demand.inForce.difficulty, 8);
  });

  test('is that of the job before where a session is taken up again without a word of it', () => {
    const demand = new PoolDemand(DIVIDER);
    demand.say(512);
    demand.begin();
    assert.deepEqual(demand.inForce, { difficulty: 1, target: null });
    demand.resume({ difficulty: 512, target: null });
    assert.equal(demand.inForce.difficulty, 512);
    assert.equal(demand.isSaid, false);
    assert.equal(demand.say(64), true, 'the first that this connection says');
    demand.resume({ difficulty: 512, target: null });
    assert.equal(demand.inForce.difficulty, 64);
  });
});
