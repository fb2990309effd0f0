import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DifficultySuggestions } from './difficulty-suggestions.ts';
import { PoolStats } from './pool-stats.ts';

function open(stats = new PoolStats('pool', 'sha256d', 1)) {
  const sent: string[] = [];
  let id = 0;
  const suggestions = new DifficultySuggestions({
    dialect: { suggestDifficulty: (call, difficulty) => `${call} ${difficulty}` },
    ids: {
      next: () => {
        id += 1;
        return id;
      },
    },
    link: { send: (line) => sent.push(line) },
    stats,
  });
  return { suggestions, sent, stats };
}

test('the newest of too many wishes waits for its turn', () => {
  const { suggestions, sent } = open();
  for (let difficulty = 1; difficulty <= 7; difficulty += 1) suggestions.suggest(difficulty, 0);
  assert.deepEqual(sent, ['1 1', '2 2', '3 3', '4 4', '5 5']);
  suggestions.sweep(29_999);
  assert.equal(sent.length, 5);
  suggestions.sweep(30_000);
  suggestions.sweep(30_001);
  assert.deepEqual(sent.slice(5), ['6 7']);
});

test('a pool that closes right after a wish is sent none for ten minutes, by any of its connections', () => {
  const { suggestions, stats } = open();
  const other = open(stats);
  suggestions.suggest(8, 0);
  suggestions.closed(2000);
  other.suggestions.suggest(8, 2000);
  assert.equal(other.sent.length, 1, 'it stayed open for a while');
  suggestions.suggest(8, 10_000);
  suggestions.closed(11_999);
  other.suggestions.suggest(8, 611_998);
  assert.equal(other.sent.length, 1);
  other.suggestions.suggest(8, 611_999);
  assert.equal(other.sent.length, 2);
});
