import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { ShareCounts } from '../../domain/report.ts';
import { SHARE_RESULTS } from '../../domain/result.ts';
import { BLOCK_SERIES, type BlockEntry, decodeBlock, encodeBlock } from './history-block.ts';

function decoded(data: Uint8Array): BlockEntry[] {
  const entries: BlockEntry[] = [];
  decodeBlock(data, (place, work, counts) => entries.push({ place, work, counts }));
  return entries;
}

const count = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 53 - 1 }));
const counts: fc.Arbitrary<Partial<ShareCounts>> = fc.dictionary(fc.constantFrom(...SHARE_RESULTS), count, {
  noNullPrototype: true,
});
const block = fc
  .uniqueArray(
    fc.record({
      place: fc.nat({ max: BLOCK_SERIES - 1 }),
      work: fc.double({ min: 0, max: 1e30, noNaN: true }),
      counts,
    }),
    { selector: ({ place }) => place },
  )
  .map((entries) => entries.toSorted((a, b) => a.place - b.place));

describe('a block', () => {
  test('gives back what was put in, the work to nine digits', () => {
    fc.assert(
      fc.property(block, (entries) => {
        const back = decoded(encodeBlock(entries));
        assert.deepEqual(
          back.map(({ place, counts: own }) => ({ place, counts: own })),
          entries.map(({ place, counts: own }) => ({ place, counts: own })),
        );
        for (const [at, { work }] of entries.entries()) {
          const read = back[at]?.work ?? Number.NaN;
          assert.ok(Math.abs(read - work) <= Math.max(work * 4e-9, 1e-300), `${read}, not ${work}`);
        }
      }),
    );
  });

  test('takes every place at its fullest', () => {
    const full = Object.fromEntries(SHARE_RESULTS.map((result) => [result, 2 ** 53 - 1]));
    const entries = Array.from({ length: BLOCK_SERIES }, (_, place) => ({
      place,
      work: 2 ** 70,
      counts: full,
    }));
    assert.deepEqual(decoded(encodeBlock(entries)), entries);
  });

  test('is eight bytes for a miner whose shares are all accepted', () => {
    const entries = Array.from({ length: 100 }, (_, place) => ({
      place,
      work: 1e15,
      counts: { accepted: 20 },
    }));
    assert.equal(encodeBlock(entries).length, 1 + 8 * 100);
  });

  test('of another form, or cut short, is refused', () => {
    const data = encodeBlock([{ place: 3, work: 5, counts: { accepted: 1 } }]);
    assert.throws(() => decoded(Buffer.from([2, ...data.subarray(1)])), /form 2/);
    for (let length = 2; length < data.length; length += 1)
      assert.throws(() => decoded(data.subarray(0, length)), /too soon/);
  });
});
