import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Course,
  type Destination,
  nextOf,
  STAYING,
  type StrandedFacts,
  setOut,
  settle,
  stepOf,
  stop,
  stray,
} from './course.ts';

// Where it leads makes no difference to a course.
const THERE = {} as Destination;
const moving: Course = { kind: 'moving', next: THERE };
const strayed: Course = { kind: 'strayed', sinceMs: 1000 };
const straying: Course = { kind: 'straying', sinceMs: 1000, next: THERE };

describe('the course of a session', () => {
  test('a session that is sent to another pool is as astray as it was before', () => {
    assert.deepEqual(
      [STAYING, moving, strayed, straying].map((course) => setOut(course, THERE)),
      [moving, moving, straying, straying],
    );
    assert.deepEqual([STAYING, moving, strayed, straying].map(stop), [STAYING, STAYING, strayed, strayed]);
    assert.deepEqual([STAYING, moving, strayed, straying].map(settle), [STAYING, moving, STAYING, moving]);
    assert.deepEqual([STAYING, moving, strayed, straying].map(nextOf), [null, THERE, null, THERE]);
    assert.deepEqual(stray(1000), strayed);
  });
});

describe('a session whose own connection does not come up', () => {
  const facts: StrandedFacts = {
    withoutPoolSinceMs: 10_000,
    isPoolLive: true,
    isAtHome: true,
    returnAfterMs: 60_000,
    holdMs: 60_000,
  };
  const after = (ms: number, others: Partial<StrandedFacts> = {}, course: Course = STAYING) =>
    stepOf(course, { ...facts, ...others }, 10_000 + ms);

  test('looks for room on another connection after a second, and at another pool after five', () => {
    assert.deepEqual(
      [0, 999, 1000, 4999, 5000].map((ms) => after(ms)),
      ['stay', 'stay', 'sibling', 'sibling', 'stray'],
    );
  });

  test('has left for another pool before it would be closed for having none', () => {
    assert.deepEqual(
      [1000, 1999, 2000].map((ms) => after(ms, { holdMs: 4000 })),
      ['sibling', 'sibling', 'stray'],
    );
    assert.equal(after(5000, { holdMs: Infinity }), 'stray');
  });

  test('waits with the others where the pool serves nobody, and where it is on its way already', () => {
    assert.equal(after(5000, { isPoolLive: false }), 'stay');
    assert.equal(after(5000, {}, moving), 'stay');
    assert.equal(after(5000, {}, straying), 'stay');
  });

  test('tries again from another pool that it cannot reach', () => {
    assert.equal(after(5000, {}, strayed), 'stray');
  });
});

describe('a session that has gone to another pool by itself', () => {
  const facts: StrandedFacts = {
    withoutPoolSinceMs: null,
    isPoolLive: true,
    isAtHome: false,
    returnAfterMs: 60_000,
    holdMs: 60_000,
  };

  test('tries its own once in a while', () => {
    assert.equal(stepOf(strayed, facts, 60_999), 'stay');
    assert.equal(stepOf(strayed, facts, 61_000), 'return');
    assert.equal(stepOf(straying, facts, 61_000), 'stay');
  });

  test('is back when it is at home', () => {
    assert.equal(stepOf(strayed, { ...facts, isAtHome: true }, 2000), 'settle');
    assert.equal(stepOf(straying, { ...facts, isAtHome: true }, 2000), 'settle');
  });

  test('is not one that its route has sent there', () => {
    assert.equal(stepOf(STAYING, facts, 100_000), 'stay');
    assert.equal(stepOf(moving, facts, 100_000), 'stay');
  });
});
