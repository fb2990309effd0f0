import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Redial } from './redial.ts';

const HOME = { host: 'pool.example', port: 3333, tls: false };
const ELSEWHERE = { host: 'eu.pool.example', port: 3333, tls: false };
const retry = { retryMinMs: 1000, retryMaxMs: 60_000 };
const MINUTE_MS = 60_000;

function isWithin(ms: number, least: number, most: number): void {
  assert.ok(ms >= least && ms <= most, `${ms} ms is not within ${least} to ${most}`);
}

describe('the next dial of an upstream', () => {
  test('waits longer with every failure in a row, and begins anew after a steady connection', () => {
    const redial = new Redial(HOME);
    const failed = (liveMs: number | null) => redial.failed({ liveMs, pauseMs: null }, retry);
    isWithin(failed(null), 500, 1000);
    isWithin(failed(null), 1000, 2000);
    isWithin(failed(MINUTE_MS - 1), 2000, 4000);
    isWithin(failed(MINUTE_MS), 500, 1000);
    isWithin(failed(null), 1000, 2000);
  });

  test('waits as long as it is told, and counts that failure with the others', () => {
    const redial = new Redial(HOME);
    assert.equal(redial.failed({ liveMs: null, pauseMs: 0 }, retry), 0);
    isWithin(redial.failed({ liveMs: null, pauseMs: null }, retry), 1000, 2000);
  });

  test('follows a redirect at once the first time, and when the connection was steady', () => {
    const redial = new Redial(HOME);
    assert.equal(redial.redirected(ELSEWHERE, 0, 10), 0);
    assert.equal(redial.target, ELSEWHERE);
    redial.failed({ liveMs: 10, pauseMs: 0 }, retry);
    assert.equal(redial.redirected(HOME, 0, 10), null, 'again after a moment');
    assert.equal(redial.redirected(HOME, 0, MINUTE_MS), 0);
    assert.equal(redial.redirected(HOME, 0, null), null, 'before the login');
  });

  test('waits as the pool asks, a minute at the most, and goes home after a failure', () => {
    const redial = new Redial(HOME);
    assert.equal(redial.redirected(ELSEWHERE, 5, null), 5000);
    assert.equal(redial.redirected(ELSEWHERE, 3600, null), MINUTE_MS);
    redial.goHome();
    assert.equal(redial.target, HOME);
  });
});
