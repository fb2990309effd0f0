import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AccountDifficulty, NO_ACCOUNT_DIFFICULTY } from '../domain/account.ts';
import { SessionDifficulty } from './session-difficulty.ts';

const POOL = 1e6;

function session(
  rules: Partial<AccountDifficulty> = {},
  lastRateHs: number | null = null,
): SessionDifficulty {
  const facts = { agent: '', lastRateHs, divider: 1, sharesPerMinute: 6 };
  return new SessionDifficulty(facts, { ...NO_ACCOUNT_DIFFICULTY, ...rules });
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
