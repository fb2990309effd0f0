import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalAddress } from './ip-address.ts';

describe('an IP address', () => {
  for (const [text, canonical] of [
    ['10.0.0.1', '10.0.0.1'],
    ['::1', '::1'],
    ['2001:DB8:0:0:0:0:0:01', '2001:db8::1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0a00:0001', '10.0.0.1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['010.0.0.1', null],
    ['10.0.0', null],
    ['pool.example', null],
    ['[::1]', null],
    ['', null],
  ] as const) {
    test(`${JSON.stringify(text)} is ${canonical}`, () => assert.equal(canonicalAddress(text), canonical));
  }
});
