import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { LabelMap, type WorkLabels } from './label-map.ts';

const text = fc.constantFrom('', 'a', 'b', 'a b');
const labels = fc.record({ account: text, worker: text, pool: text, algorithm: text });

test('a label map has what was last set for exactly these labels', () => {
  fc.assert(
    fc.property(fc.array(labels), (all) => {
      const map = new LabelMap<number>();
      const plain = new Map<string, { readonly labels: WorkLabels; readonly value: number }>();
      for (const [value, one] of all.entries()) {
        assert.equal(map.get(one), plain.get(JSON.stringify(one))?.value);
        map.set(one, value);
        plain.set(JSON.stringify(one), { labels: one, value });
      }
      for (const one of plain.values()) assert.equal(map.get(one.labels), one.value);
      assert.equal(map.size, plain.size);
      assert.deepEqual(
        [...map.values()].sort((a, b) => a - b),
        Array.from(plain.values(), ({ value }) => value).sort((a, b) => a - b),
      );
      map.clear();
      assert.deepEqual([map.size, [...map.values()]], [0, []]);
    }),
  );
});
