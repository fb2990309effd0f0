import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { DEFAULT_VARDIFF } from '../domain/vardiff.ts';
import { MeasuringLoad } from './measuring-load.ts';
import { type DifficultyFacts, SessionDifficulty } from './session-difficulty.ts';

const POOL = 1e6;
const FACTS: DifficultyFacts = {
  agent: '',
  lastRateHs: null,
  divider: 1,
  sharesPerMinute: 6,
  bounds: { min: null, max: null },
};

function loadOf(sessions: number): MeasuringLoad {
  const load = new MeasuringLoad();
  for (let session = 0; session < sessions; session += 1) load.enter();
  return load;
}

/** Sends what the session advises and gives it shares at even gaps, so many a minute at difficulty 1. */
function mine(session: SessionDifficulty, perMinute: number, fromMs: number, untilMs: number): number[] {
  let difficulty = session.next(POOL, fromMs);
  const sent = [difficulty];
  session.sent(difficulty, fromMs);
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += (60_000 * difficulty) / perMinute) {
    session.share(difficulty, nowMs);
    if (session.advice(POOL, nowMs) === null) continue;
    difficulty = session.next(POOL, nowMs);
    session.sent(difficulty, nowMs);
    sent.push(difficulty);
  }
  return sent;
}

describe('a session that is being measured', () => {
  test('is one of the load’s until it is in its place', () => {
    const load = new MeasuringLoad();
    const session = new SessionDifficulty(FACTS, load);
    assert.equal(load.sessions, 0);
    session.next(POOL, 0);
    assert.equal(load.sessions, 1);
    mine(session, 600, 0, 10_000);
    assert.equal(load.sessions, 1);
    mine(session, 600, 10_000, 180_000);
    assert.equal(load.sessions, 0);
  });

  test('is none where its rate is known', () => {
    const load = new MeasuringLoad();
    new SessionDifficulty({ ...FACTS, lastRateHs: 1e12 }, load).next(POOL, 0);
    assert.equal(load.sessions, 0);
  });

  test('is none for as long as it is silent', () => {
    const load = new MeasuringLoad();
    const session = new SessionDifficulty(FACTS, load);
    session.sent(session.next(POOL, 0), 0);
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
      const advice = session.advice(POOL, nowMs);
      if (advice !== null) session.sent(advice, nowMs);
    }
    assert.equal(load.sessions, 0);
  });

  test('leaves when it ends, once, and a share that comes late brings it not back', () => {
    const load = new MeasuringLoad();
    const session = new SessionDifficulty(FACTS, load);
    const difficulty = session.next(POOL, 0);
    session.leave();
    session.leave();
    assert.equal(load.sessions, 0);
    session.share(difficulty, 10);
    session.advice(POOL, 20);
    assert.equal(load.sessions, 0);
    session.next(POOL, 30);
    assert.equal(load.sessions, 1);
  });

  test('begins at a lower difficulty the fewer others there are, and keeps its pace when they come or go', () => {
    const alone = new SessionDifficulty(FACTS, loadOf(0)).next(POOL, 0);
    const crowd = loadOf(5000);
    const session = new SessionDifficulty(FACTS, crowd);
    assert.equal(session.next(POOL, 0), alone * 4);
    for (let other = 0; other < 5000; other += 1) crowd.leave();
    // At 1.2 times the pace of the crowd: the usual pace would call for an easier difficulty.
    const sent = mine(session, 48 * 1.2 * alone * 4, 0, 100_000);
    assert.deepEqual(
      sent.filter((difficulty) => difficulty < alone * 4),
      [],
    );
    assert.equal(DEFAULT_VARDIFF.measureSharesPerMinute, 192);
  });

  test('whatever happens, the load is exactly those that are measured, and none once all have left', () => {
    const act = fc.record({
      session: fc.nat(4),
      what: fc.constantFrom('next', 'sent', 'shares', 'advice', 'resume', 'wish', 'demand', 'leave'),
      gapMs: fc.nat(60_000),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const load = new MeasuringLoad();
        const sessions = Array.from({ length: 5 }, () => ({
          difficulty: new SessionDifficulty(FACTS, load),
          now: 1,
        }));
        let nowMs = 0;
        for (const { session: index, what, gapMs } of acts) {
          const session = sessions[index]!;
          const { difficulty } = session;
          nowMs += gapMs;
          if (what === 'next') session.now = difficulty.next(POOL, nowMs);
          else if (what === 'sent') difficulty.sent(session.now, nowMs);
          else if (what === 'shares')
            for (let share = 0; share < 60; share += 1) difficulty.share(session.now, nowMs + share * 100);
          else if (what === 'advice') session.now = difficulty.advice(POOL, nowMs) ?? session.now;
          else if (what === 'resume') difficulty.resume(nowMs);
          else if (what === 'wish') difficulty.wish(32);
          else if (what === 'demand') difficulty.demand({ floor: null, fixed: null });
          else difficulty.leave();
          assert.ok(load.sessions >= 0 && load.sessions <= 5);
        }
        for (const { difficulty } of sessions) difficulty.leave();
        assert.equal(load.sessions, 0);
      }),
      { numRuns: 500 },
    );
  });
});
