import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
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
    const load = new MeasuringLoad();
    const early = new SessionDifficulty(FACTS, load);
    const easy = early.next(POOL, 0);
    for (let other = 0; other < 5000; other += 1) load.enter();
    const late = new SessionDifficulty(FACTS, load);
    const hard = late.next(POOL, 0);
    assert.equal(hard, easy * 4);
    // Now the crowd is there: 1.5 times the usual pace would be a flood at the crowd's.
    const ofEarly = mine(early, 192 * 1.5 * easy, 0, 15_000);
    assert.deepEqual(ofEarly, [easy]);
    for (let other = 0; other < 5000; other += 1) load.leave();
    // Now it is gone: the crowd's pace would be far too slow.
    const ofLate = mine(late, 48 * 1.02 * hard, 0, 60_000);
    assert.deepEqual(ofLate, [hard]);
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
