import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { editDistance } from '../kit/edit-distance.ts';
import { nearest } from './spelling.ts';

const NAMES = [
  'vardiff.target',
  'limits.handshakeMs',
  'limits.idleMs',
  'bans.durationSeconds',
  'web.tokens',
  'syslog',
];

describe('nearest', () => {
  const meant: readonly [string, string | null][] = [
    ['vardif.target', 'vardiff.target'],
    ['vardiff.traget', 'vardiff.target'],
    ['limits.handshake_ms', 'limits.handshakeMs'],
    ['LIMITS.HANDSHAKEMS', 'limits.handshakeMs'],
    ['limits.handshakeTimeout', 'limits.handshakeMs'],
    ['handshakeMs', 'limits.handshakeMs'],
    ['limitsIdleMs', 'limits.idleMs'],
    ['bans.duration', 'bans.durationSeconds'],
    ['limits.tokens', 'web.tokens'],
    ['sysloq', 'syslog'],
    ['web.colour', null],
    ['x', null],
    ['', null],
    ['q'.repeat(100_000), null],
  ];
  for (const [written, expected] of meant) {
    test(`${written.slice(0, 30)}: ${expected ?? 'nothing'}`, () =>
      assert.equal(nearest(written, NAMES), expected));
  }

  test('compares names with another separator', () => {
    const variables = ['LIMITS_HANDSHAKE_MS', 'WEB_ADDR'];
    assert.equal(nearest('HANDSHAKE_MS', variables, '_'), 'LIMITS_HANDSHAKE_MS');
    assert.equal(nearest('WEB_ADRR', variables, '_'), 'WEB_ADDR');
  });
});

describe('editDistance', () => {
  test('counts a swap of neighbours once', () => {
    assert.equal(editDistance('addr', 'adrd'), 1);
    assert.equal(editDistance('verify', 'viefy'), 2);
    assert.equal(editDistance('tag', 'abtg'), 2);
    assert.equal(editDistance('kitten', 'sitting'), 3);
    assert.equal(editDistance('', 'abc'), 3);
    assert.equal(editDistance('abc', ''), 3);
  });

  test('has no way round that is shorter', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        assert.ok(editDistance(a, c) <= editDistance(a, b) + editDistance(b, c));
      }),
    );
  });

  test('is 0 for equal words only, symmetric, and never above the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance === 0, a === b);
        assert.equal(distance, editDistance(b, a));
        assert.ok(distance <= Math.max(a.length, b.length));
        assert.ok(distance >= Math.abs(a.length - b.length));
      }),
    );
  });
});
