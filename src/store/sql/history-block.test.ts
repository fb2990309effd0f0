import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { ShareCounts } from '../../domain/report.ts';
import { SHARE_RESULTS } from '../../domain/result.ts';
import { BLOCK_SERIES, BlockSum, decodeBlock, SeriesSum } from './history-block.ts';

interface Entry {
  readonly place: number;
  readonly work: number;
  readonly counts: Partial<ShareCounts>;
}

function encodeBlock(entries: readonly Entry[]): Buffer {
  const sum = new BlockSum();
  for (const { place, work, counts } of entries) sum.add(place, work, counts);
  return sum.encode();
}

function decoded(data: Uint8Array): Entry[] {
  const entries: Entry[] = [];
  decodeBlock(data, (place, entry) => {
    const sum = new SeriesSum();
    sum.add(entry);
    entries.push({ place, work: sum.work, counts: sum.counts() });
  });
  return entries;
}

const count = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 ** 53 - 1 }));
const someCounts: fc.Arbitrary<Partial<ShareCounts>> = fc.dictionary(
  fc.constantFrom(...SHARE_RESULTS),
  count,
  {
    noNullPrototype: true,
  },
);
const block = fc
  .uniqueArray(
    fc.record({
      place: fc.nat({ max: BLOCK_SERIES - 1 }),
      work: fc.double({ min: 0, max: 1e30, noNaN: true }),
      counts: someCounts,
    }),
    { selector: ({ place }) => place },
  )
  .map((entries) =>
    entries
      // What did nothing has no entry.
      .filter(({ work, counts }) => work > 0 || Object.keys(counts).length > 0)
      .toSorted((a, b) => a.place - b.place),
  );

describe('a block', () => {
  test('gives back what was put in, the work to eight digits', () => {
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

  test('is the sum of what is added to it, blocks included', () => {
    const one = { place: 1, work: 4, counts: { accepted: 1, stale: 2 } };
    const sum = new BlockSum();
    sum.addBlock(encodeBlock([one, { place: 9, work: 1, counts: { lost: 1 } }]));
    const other = new BlockSum();
    other.add(1, 8, { accepted: 1 });
    sum.addSum(other);
    assert.deepEqual(decoded(sum.encode()), [
      { place: 1, work: 12, counts: { accepted: 2, stale: 2 } },
      { place: 9, work: 1, counts: { lost: 1 } },
    ]);
    sum.clear();
    assert.deepEqual(decoded(sum.encode()), []);
  });

  test('of another form, or cut short, is refused', () => {
    const data = encodeBlock([{ place: 3, work: 5, counts: { accepted: 1 } }]);
    assert.throws(() => decoded(Buffer.from([2, ...data.subarray(1)])), /form 2/);
    for (let length = 2; length < data.length; length += 1)
      assert.throws(() => decoded(data.subarray(0, length)), /too soon/);
  });
});
