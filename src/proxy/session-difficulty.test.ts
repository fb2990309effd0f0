import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type AccountDifficulty, NO_ACCOUNT_DIFFICULTY } from '../domain/account.ts';
import { MeasuringLoad } from './measuring-load.ts';
import { type DifficultyFacts, SessionDifficulty } from './session-difficulty.ts';

const POOL = 1e6;

function session(
  rules: Partial<AccountDifficulty> = {},
  lastRateHs: number | null = null,
): SessionDifficulty {
  const facts = { agent: '', lastRateHs, divider: 1, sharesPerMinute: 6 };
  return new SessionDifficulty({ load: new MeasuringLoad() }, facts, { ...NO_ACCOUNT_DIFFICULTY, ...rules });
}

/** One in its place: its rate is known. */
function settled(rules: Partial<AccountDifficulty> = {}): SessionDifficulty {
  const one = session(rules, (2 ** 32 * 1024 * 6) / 60);
  assert.equal(one.next(POOL, 0), 1024);
  return one;
}

const withRules = (rules: Partial<AccountDifficulty>): AccountDifficulty => ({
  ...NO_ACCOUNT_DIFFICULTY,
  ...rules,
});

describe('the rules of an account', () => {
  test('its share rate counts before the one configured for all', () => {
    const rate = (2 ** 32 * 1024 * 6) / 60;
    assert.equal(session({ sharesPerMinute: 96 }, rate).next(POOL, 0), 64);
    assert.equal(session({ sharesPerMinute: 3 }, rate).next(POOL, 0), 2048);
  });

  for (const [sharesPerMinute, difficulty] of [
    [12, 512],
    [96, 64],
    [600, 8],
    [3, 2048],
    [1, 8192],
  ] as const) {
    test(`a session in its place is at ${difficulty} at once where ${sharesPerMinute} shares per minute are asked for`, () => {
      const one = settled();
      assert.equal(one.follow(withRules({ sharesPerMinute })), true);
      assert.equal(one.next(POOL, 1000), difficulty);
      one.sent(difficulty, 1000);
      assert.equal(one.advice(POOL, 2000), null);
    });
  }

  test('going back to the configured rate is going back to the place', () => {
    const one = settled();
    one.follow(withRules({ sharesPerMinute: 600 }));
    one.sent(one.next(POOL, 1000), 1000);
    assert.equal(one.follow(NO_ACCOUNT_DIFFICULTY), true);
    assert.equal(one.next(POOL, 2000), 1024);
  });

  test('one that is being measured goes on, since measuring is the same at any rate', () => {
    const one = session();
    const start = one.next(POOL, 0);
    assert.equal(one.follow(withRules({ sharesPerMinute: 60 })), false);
    assert.equal(one.next(POOL, 1000), start);
  });

  test('the same rules again change nothing', () => {
    const one = settled({ sharesPerMinute: 6 });
    assert.equal(one.follow(withRules({ sharesPerMinute: 6 })), false);
    assert.equal(one.follow(withRules({ sharesPerMinute: null })), false, 'six is the configured rate');
    assert.equal(one.next(POOL, 1000), 1024);
  });

  test('new bounds are advised without a job, and hold for the next one', () => {
    const one = settled();
    assert.equal(one.follow(withRules({ max: 100 })), false);
    assert.equal(one.advice(POOL, 1000), 64);
    assert.equal(one.next(POOL, 1000), 64);
    one.sent(64, 1000);
    one.follow(withRules({ min: 5000 }));
    assert.equal(one.advice(POOL, 2000), null, 'a change after a change has its time');
    assert.equal(one.advice(POOL, 10_000), 8192);
  });
});

const FACTS: DifficultyFacts = {
  agent: '',
  lastRateHs: null,
  divider: 1,
  sharesPerMinute: 6,
};

function measured(load: MeasuringLoad, facts: DifficultyFacts = FACTS): SessionDifficulty {
  return new SessionDifficulty({ load }, facts, NO_ACCOUNT_DIFFICULTY);
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
    const session = measured(load);
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
    measured(load, { ...FACTS, lastRateHs: 1e12 }).next(POOL, 0);
    assert.equal(load.sessions, 0);
  });

  test('is none for as long as it is silent', () => {
    const load = new MeasuringLoad();
    const session = measured(load);
    session.sent(session.next(POOL, 0), 0);
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1000) {
      const advice = session.advice(POOL, nowMs);
      if (advice !== null) session.sent(advice, nowMs);
    }
    assert.equal(load.sessions, 0);
  });

  test('leaves when it ends, once, and a share that comes late brings it not back', () => {
    const load = new MeasuringLoad();
    const session = measured(load);
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
    const early = measured(load);
    const easy = early.next(POOL, 0);
    for (let other = 0; other < 5000; other += 1) load.enter();
    const late = measured(load);
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
          difficulty: measured(load),
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
