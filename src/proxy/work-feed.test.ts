import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BitcoinWork, RelayedWork, Work } from '../domain/job.ts';
import { JobSequence } from './issued-job.ts';
import { PoolExtranonce } from './pool-extranonce.ts';
import { PoolStats } from './pool-stats.ts';
import { WorkFeed } from './work-feed.ts';

function bitcoin(poolJobId: string, change: Partial<BitcoinWork> = {}): BitcoinWork {
  return {
    family: 'bitcoin',
    poolJobId,
    prevHash: 'aa',
    coinb1: '01',
    coinb2: '02',
    branch: [],
    version: 0x20000000,
    nbits: '1d00ffff',
    ntime: 1000,
    clean: false,
    ...change,
  };
}

function relayed(poolJobId: string, algorithm: string | null): RelayedWork {
  const parts = { blob: '00' };
  return { family: 'cryptonote', poolJobId, block: 'a', clean: true, target: null, algorithm, parts };
}

function partsOf(work: Work): RelayedWork['parts'] | null {
  return work.family === 'bitcoin' ? null : work.parts;
}

function open({ verifies = false } = {}) {
  let nowMs = 0;
  const extranonce = new PoolExtranonce();
  extranonce.subscribed({ sessionId: null, extranonce1: '08000002', extranonce2Bytes: 4 });
  const stats = new PoolStats('pool', 'listed', 1);
  const named = new PoolStats('pool', 'named', 1);
  const clock = { monotonicMs: () => nowMs, wallMs: () => nowMs };
  const feed = new WorkFeed(
    {
      clock,
      jobs: new JobSequence(),
      stats,
      labelOf: (work: Work) => (work.family === 'bitcoin' ? null : work.algorithm) ?? 'listed',
      statsOf: () => named,
    },
    extranonce,
    { divider: 1, jobsKept: 4, verifies, jobTimeoutMs: null },
  );
  const comeLive = (work: Work) => {
    feed.keepFirst(feed.take(work, false));
    feed.issueFirst();
  };
  const later = (ms: number) => {
    nowMs += ms;
    return nowMs;
  };
  return { feed, demand: feed.demand, stats, named, comeLive, later };
}

describe('the jobs of an upstream', () => {
  test('begin with the last that came before it was live, under what was demanded then', () => {
    const { feed, demand } = open();
    assert.equal(feed.hasFirst, false);
    demand.say(8);
    feed.keepFirst(feed.take(bitcoin('1'), false));
    demand.say(16);
    assert.equal(feed.isFirstDemanded, true);
    feed.issueFirst();
    assert.deepEqual([feed.newest?.poolJobId, feed.newest?.difficulty, feed.hasFirst], ['1', 8, false]);
  });

  test('are not sent again after a resume where the miners are on that very job', () => {
    const { feed, demand, comeLive } = open();
    demand.say(8);
    comeLive(bitcoin('1'));
    const { newest } = feed;
    feed.begin();
    comeLive(bitcoin('1'));
    assert.equal(feed.newest, newest, 'the pool names no difficulty, which means the one of before');
    feed.begin();
    demand.say(64);
    comeLive(bitcoin('1'));
    assert.deepEqual([feed.newest?.difficulty, feed.newest?.ntime], [64, 1001]);
  });

  test('are issued once for each that the pool sends, and again under another difficulty', () => {
    const { feed, demand, comeLive } = open({ verifies: true });
    demand.say(8);
    comeLive(bitcoin('1'));
    const first = feed.newest;
    assert.equal(feed.issue(bitcoin('1')), null);
    demand.say(16);
    const again = feed.issue(bitcoin('1'));
    assert.equal(again?.difficulty, 16);
    assert.equal(again?.seen, first?.seen, 'a share may not count for both');
    const next = feed.issue(bitcoin('2'));
    assert.notEqual(next?.seen, again?.seen);
    assert.deepEqual(
      feed.all.map(({ id }) => id),
      ['1', '2', '3'],
    );
    assert.equal(feed.find('2'), again);
  });

  test('take a difficulty that comes right after the first of them', () => {
    const { feed, demand, comeLive } = open();
    comeLive(bitcoin('1'));
    assert.equal(feed.newest?.difficulty, 1);
    demand.say(512);
    const job = feed.issueDemanded();
    assert.deepEqual([job?.difficulty, job?.ntime, job?.poolJobId], [512, 1001, '1']);
    assert.equal(feed.issueDemanded(), null);
  });

  test('are sent once more, later by the time that has passed, where none has come for a while', () => {
    const { feed, comeLive, later } = open();
    comeLive(bitcoin('1'));
    assert.equal(feed.refresh(30_000, later(29_999)), null);
    assert.equal(feed.refresh(0, later(1)), null, 'never');
    assert.equal(feed.refresh(30_000, later(0))?.ntime, 1030);
    assert.equal(feed.refresh(30_000, later(10_000)), null);
  });

  test('are counted where they say what they are, and the pool with them', () => {
    const { feed, stats, named } = open();
    feed.take(relayed('1', null), false);
    assert.deepEqual([feed.figures, stats.supersededBy], [stats, null]);
    feed.take(relayed('2', 'named'), true);
    assert.deepEqual([feed.figures, stats.supersededBy], [named, named]);
    feed.take(relayed('3', null), true);
    assert.deepEqual([feed.figures, stats.supersededBy, stats.jobs, named.jobs], [stats, null, 2, 1]);
  });

  test('have what the pool has said apart from them, until the connection ends', () => {
    const { feed } = open();
    feed.addStanding({ parts: { seed: 'ff' }, algorithm: null });
    assert.deepEqual(partsOf(feed.take(relayed('1', null), false)), { seed: 'ff', blob: '00' });
    feed.begin();
    assert.deepEqual(partsOf(feed.take(relayed('2', null), false)), { blob: '00' });
  });
});
