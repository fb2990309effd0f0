import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SuggestionPace } from './suggestion-pace.ts';

test('five suggestions within half a minute go out; of the rest the newest waits', () => {
  const pace = new SuggestionPace();
  const taken = [1, 2, 3, 4, 5, 6, 7].map((difficulty) => pace.take(difficulty, difficulty));
  assert.deepEqual(taken, [true, true, true, true, true, false, false]);
  assert.equal(pace.waiting, 7);
  assert.equal(pace.take(7, 30_001), true);
  assert.equal(pace.waiting, null);
});

test('a connection that ends within two seconds of one may have ended for it', () => {
  const pace = new SuggestionPace();
  assert.equal(pace.isToBlame(0), false, 'nothing was suggested');
  pace.take(1, 1000);
  assert.deepEqual([pace.isToBlame(2999), pace.isToBlame(3000)], [true, false]);
});
