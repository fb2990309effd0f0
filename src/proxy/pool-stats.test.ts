import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import type { Log } from '../kit/log.ts';
import { PoolStats } from './pool-stats.ts';

function watched(): { readonly stats: PoolStats; readonly log: Log; readonly events: string[] } {
  const events: string[] = [];
  const write =
    (level: string) =>
    (event: string): void => {
      events.push(`${level}: ${event}`);
    };
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  return { stats: new PoolStats('pool.example:3333', 'sha256d', 1), log, events };
}

/** An upstream that goes live. */
function rise({ stats, log }: ReturnType<typeof watched>): void {
  stats.live += 1;
  stats.succeeded(log);
}

/** A connection fails so many milliseconds after the start. */
function fail(
  { stats, log }: ReturnType<typeof watched>,
  error: string,
  ms: number,
  isRefusal = false,
): void {
  stats.failed({ error, isRefusal }, new HandClock(ms), log);
}

describe('the figures of a pool', () => {
  test('log the first upstream that goes live, not every one', () => {
    const pool = watched();
    rise(pool);
    rise(pool);
    rise(pool);
    assert.deepEqual(pool.events, ['info: pool up']);
    assert.equal(pool.stats.live, 3);
  });

  test('log the last that leaves', () => {
    const pool = watched();
    rise(pool);
    rise(pool);
    pool.stats.left(pool.log);
    pool.stats.left(pool.log);
    assert.deepEqual(pool.events, ['info: pool up', 'info: no connection to the pool any more']);
    assert.equal(pool.stats.live, 0);
  });

  test('count every failure and log one a minute', () => {
    const pool = watched();
    for (let ms = 0; ms < 120_000; ms += 1000) fail(pool, 'dial-failed: ECONNREFUSED', ms);
    assert.equal(pool.stats.failures, 120);
    assert.equal(pool.stats.lastError, 'dial-failed: ECONNREFUSED');
    assert.deepEqual(pool.events, ['warn: pool connection failed', 'warn: pool connection failed']);
  });

  test('count a failure under the algorithm that the newest jobs name', () => {
    const pool = watched();
    fail(pool, 'dial-failed: ECONNREFUSED', 0);
    const named = new PoolStats('pool.example:3333', 'sha256dt', 1);
    pool.stats.supersededBy = named;
    fail(pool, 'silence', 1000);
    assert.deepEqual([pool.stats.failures, named.failures, named.lastError], [1, 1, 'silence']);
    assert.deepEqual(pool.events, ['warn: pool connection failed']);
  });

  test('say by the clock when something failed last, and whether that was a login that was refused', () => {
    const pool = watched();
    const told = () => [pool.stats.lastErrorAtMs, pool.stats.isRefusing];
    assert.deepEqual(told(), [null, false]);
    fail(pool, 'login-refused: who?', 5000, true);
    assert.deepEqual(told(), [new HandClock(5000).wallMs(), true]);
    fail(pool, 'dial-failed: ECONNREFUSED', 6000);
    assert.deepEqual(told(), [new HandClock(6000).wallMs(), false]);
    fail(pool, 'login-refused: who?', 7000, true);
    rise(pool);
    assert.deepEqual(told(), [new HandClock(7000).wallMs(), false]);
  });

  test('log the end of an outage, and the next outage at once', () => {
    const pool = watched();
    rise(pool);
    rise(pool);
    fail(pool, 'silence', 0);
    rise(pool);
    fail(pool, 'silence', 1000);
    assert.deepEqual(pool.events, [
      'info: pool up',
      'warn: pool connection failed',
      'info: pool up',
      'warn: pool connection failed',
    ]);
  });
});
