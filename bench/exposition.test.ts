import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sumOf } from './exposition.ts';

const TEXT = `# HELP shares_total shares by result
# TYPE shares_total counter
shares_total{account="a",result="accepted"} 10
shares_total{account="b } c",result="lost"} 2 1700000000000
shares_total_more{account="a"} 500
shares 7
`;

test('a sum is over all series of the name and no others', () => {
  assert.equal(sumOf(TEXT, 'shares_total'), 12);
  assert.equal(sumOf(TEXT, 'shares'), 7);
  assert.equal(sumOf(TEXT, 'share'), 0);
});
