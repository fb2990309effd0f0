import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { BoundedMap } from './bounded-map.ts';

function recorded(
  capacity = 3,
  ttlMs = 100,
): { map: BoundedMap<string, number>; dropped: [string, number][] } {
  const dropped: [string, number][] = [];
  const map = new BoundedMap<string, number>({ capacity, ttlMs }, (value, key) => dropped.push([key, value]));
  return { map, dropped };
}

describe('a bounded map', () => {
  test('gives back what was set until its time is over', () => {
    const { map, dropped } = recorded();
    map.set('a', 1, 1000);
    assert.equal(map.get('a', 1099), 1);
    assert.equal(map.get('a', 1100), undefined);
    assert.equal(map.size, 0);
    assert.deepEqual(dropped, [['a', 1]]);
    assert.equal(map.get('b', 0), undefined);
  });

  test('drops the entry that was set longest ago when there is no room', () => {
    const { map, dropped } = recorded();
    for (const [i, key] of ['a', 'b', 'c'].entries()) map.set(key, i, i);
    map.set('a', 9, 3);
    map.set('d', 3, 4);
    assert.deepEqual(dropped, [['b', 1]]);
    assert.deepEqual([...map.values()], [2, 9, 3]);
  });

  test('reading an entry does not make it younger', () => {
    const { map } = recorded();
    map.set('a', 1, 0);
    map.get('a', 50);
    assert.equal(map.get('a', 100), undefined);
  });

  test('setting it again does', () => {
    const { map } = recorded();
    map.set('a', 1, 0);
    map.set('a', 2, 60);
    assert.equal(map.get('a', 150), 2);
  });

  test('tells nobody of what is deleted, replaced or cleared', () => {
    const { map, dropped } = recorded();
    map.set('a', 1, 0);
    map.set('a', 2, 0);
    assert.equal(map.delete('a'), true);
    assert.equal(map.delete('a'), false);
    map.set('b', 1, 0);
    map.clear();
    assert.equal(map.size, 0);
    assert.deepEqual(dropped, []);
  });

  test('expires what is old, in order, and leaves the rest', () => {
    const { map, dropped } = recorded(10);
    map.set('a', 1, 0);
    map.set('b', 2, 10);
    map.set('c', 3, 50);
    map.expire(110);
    assert.deepEqual(dropped, [
      ['a', 1],
      ['b', 2],
    ]);
    assert.equal(map.size, 1);
    map.expire(149);
    assert.equal(map.size, 1);
  });

  test('with no room keeps nothing', () => {
    const { map, dropped } = recorded(0);
    map.set('a', 1, 0);
    assert.equal(map.size, 0);
    assert.deepEqual(dropped, [['a', 1]]);
  });

  test('holds a value of undefined apart from nothing', () => {
    const map = new BoundedMap<string, undefined>({ capacity: 1, ttlMs: 1 });
    map.set('a', undefined, 0);
    assert.equal(map.size, 1);
    assert.equal(map.delete('a'), true);
  });

  test('behaves as a list of entries with ages would, and tells of each drop once', () => {
    type Step = {
      readonly kind: 'set' | 'get' | 'delete' | 'expire';
      readonly key: number;
      readonly laterMs: number;
    };
    const steps: fc.Arbitrary<Step[]> = fc.array(
      fc.record({
        kind: fc.constantFrom(
          'set' as const,
          'set' as const,
          'get' as const,
          'delete' as const,
          'expire' as const,
        ),
        key: fc.nat(6),
        laterMs: fc.nat(40),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), (sequence, capacity) => {
        const { map, dropped } = recorded(capacity, 100);
        let plain: { readonly key: string; readonly value: number; readonly untilMs: number }[] = [];
        let entered = 0;
        let left = 0;
        let nowMs = 0;
        for (const [value, { kind, key: number, laterMs }] of sequence.entries()) {
          nowMs += laterMs;
          const key = String(number);
          const found = plain.find((entry) => entry.key === key);
          switch (kind) {
            case 'set':
              map.set(key, value, nowMs);
              entered += 1;
              if (found !== undefined) left += 1;
              plain = [
                ...plain.filter((entry) => entry !== found),
                { key, value, untilMs: nowMs + 100 },
              ].slice(-capacity);
              break;
            case 'get': {
              const isLive = found !== undefined && found.untilMs > nowMs;
              assert.equal(map.get(key, nowMs), isLive ? found.value : undefined);
              if (!isLive) plain = plain.filter((entry) => entry !== found);
              break;
            }
            case 'delete':
              assert.equal(map.delete(key), found !== undefined);
              if (found !== undefined) left += 1;
              plain = plain.filter((entry) => entry !== found);
              break;
            case 'expire':
              map.expire(nowMs);
              plain = plain.filter((entry) => entry.untilMs > nowMs);
              break;
          }
          assert.deepEqual(
            [...map.values()],
            plain.map((entry) => entry.value),
          );
          assert.ok(map.size <= capacity);
        }
        assert.equal(dropped.length, entered - left - map.size);
      }),
    );
  });
});
