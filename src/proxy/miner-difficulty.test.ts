import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testSettings } from '../../test/support/proxy-bed.ts';
import { NO_ACCOUNT_DIFFICULTY } from '../domain/account.ts';
import { ANY_LISTENER } from '../domain/listener.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Binding } from './binding.ts';
import type { IssuedJob } from './issued-job.ts';
import { MeasuringLoad } from './measuring-load.ts';
import { MinerDifficulty } from './miner-difficulty.ts';
import { Wishes } from './wishes.ts';

const JOB = { difficulty: 1e6 } as IssuedJob;
const MINUTES_15 = 900_000;

/** What a difficulty depends on of where its session mines. */
function at(judges: boolean, divider = 1, hs = 0): Binding {
  return {
    route: { account: { difficulty: NO_ACCOUNT_DIFFICULTY } },
    group: { judges },
    worker: 'rig',
    books: { subject: { account: 'one', divider }, openedAtMs: 0, rate: () => ({ hs, error: null }) },
  } as unknown as Binding;
}

function openMiner(agent = '', lastRates = new BoundedMap<string, number>({ capacity: 10, ttlMs: 1e9 })) {
  const context = { settings: testSettings(), lastRates, measuring: new MeasuringLoad() };
  const wishes = new Wishes();
  const miner = { context, agent, origin: 'there', policy: ANY_LISTENER, wishes };
  return { difficulty: new MinerDifficulty(miner), lastRates, wishes };
}

describe('how hard the shares of a miner are', () => {
  test('is the pool’s to say where shares are judged there', () => {
    const { difficulty } = openMiner();
    assert.equal(difficulty.of(JOB, at(false), 0), 1e6);
    assert.equal(difficulty.share(1e6, 0), false, 'nothing is learnt of them');
  });

  test('goes by what it did when it was here last', () => {
    const { difficulty, lastRates } = openMiner();
    difficulty.remember(at(true, 1, (2 ** 32 * 1024 * 6) / 60), MINUTES_15);
    assert.equal(openMiner('', lastRates).difficulty.of(JOB, at(true), MINUTES_15), 1024);
    const other = openMiner();
    other.difficulty.remember(at(true, 1, 1e12), 60_000);
    assert.equal(other.lastRates.size, 0, 'a minute says too little');
  });

  test('is never below what the miner has asked for, on whatever scale the pool counts', () => {
    const { difficulty, wishes } = openMiner();
    wishes.password = { floor: 65_536, fixed: null };
    assert.ok(difficulty.of(JOB, at(true), 0) >= 65_536);
    assert.ok(difficulty.of(JOB, at(true, 256), 0) >= 65_536);
  });

  test('is enough for a market for hashrate, which says nothing of it', () => {
    const { difficulty } = openMiner('NiceHash/1.0.0');
    assert.equal(difficulty.rentalFloor, 500_000);
    assert.ok(difficulty.of(JOB, at(true), 0) >= 500_000);
    assert.equal(openMiner('cgminer/4.11').difficulty.rentalFloor, null);
  });
});
