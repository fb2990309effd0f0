import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { nearest } from './nearest.ts';

const KEYS = ['pool', 'user', 'password', 'backups', 'mode', 'label', 'difficulty'];

describe('nearest', () => {
  const cases: readonly [string, string | null][] = [
    ['pasword', 'password'],
    ['passwrod', 'password'],
    ['Password', 'password'],
    ['pol', 'pool'],
    ['pools', 'pool'],
    ['usr', 'user'],
    ['backup', 'backups'],
    ['dificulty', 'difficulty'],
    ['x', null],
    ['algorithm', null],
    ['', null],
    ['p'.repeat(5000), null],
  ];
  for (const [word, wanted] of cases) {
    test(`${word.slice(0, 20)} → ${wanted}`, () => assert.equal(nearest(word, KEYS), wanted));
  }

  test('a word of the list is itself', () => {
    fc.assert(fc.property(fc.constantFrom(...KEYS), (word) => assert.equal(nearest(word, KEYS), word)));
  });
});
