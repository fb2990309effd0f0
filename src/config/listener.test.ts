import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatListener, parseListener } from './listener.ts';

describe('a listener', () => {
  for (const [text, canonical] of [
    [':3333', ':3333'],
    ['127.0.0.1:3443?tls=only', '127.0.0.1:3443?tls=only'],
    [':8888?account=0123456789abcdef&dialect=kawpow', ':8888?dialect=kawpow&account=0123456789abcdef'],
    ['[::1]:1?tls=auto', '[::1]:1'],
    [':3333?', ':3333'],
    [
      ':3334?sharesPerMinute=12&minDifficulty=1024&maxDifficulty=1e6',
      ':3334?minDifficulty=1024&maxDifficulty=1000000&sharesPerMinute=12',
    ],
    [':3335?minDifficulty=0.0001', ':3335?minDifficulty=0.0001'],
  ] as const) {
    test(`${text} reads as ${canonical}`, () => {
      const listener = parseListener(text);
      assert.ok(listener !== null);
      assert.equal(formatListener(listener), canonical);
      assert.deepEqual(parseListener(canonical), listener);
    });
  }

  for (const text of [
    '',
    '3333',
    ':3333?tls',
    ':3333?tls=yes',
    ':3333?tls=off&tls=only',
    ':3333?dialect=',
    ':3333?account=me',
    ':3333?colour=red',
    ':3333?dialect=a=b',
    ':3333?minDifficulty=0',
    ':3333?minDifficulty=-1',
    ':3333?sharesPerMinute=x',
    ':3333?minDifficulty=8&maxDifficulty=4',
    ':3333?toString=4',
    ':3333?tls=off?dialect=x',
  ]) {
    test(`${JSON.stringify(text)} is none`, () => assert.equal(parseListener(text), null));
  }
});
