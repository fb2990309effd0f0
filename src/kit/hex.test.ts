import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { hex32, hexOf, isHex, isHexOf, parseHex32 } from './hex.ts';

describe('hex', () => {
  test('is digits of either case, and nothing at all', () => {
    for (const text of ['', '0', '0123456789abcdefABCDEF']) assert.equal(isHex(text), true, text);
    for (const text of ['g', '0x0', ' 0', '0\n', '-1', '０']) assert.equal(isHex(text), false, text);
  });

  test('of so many bytes has twice as many digits', () => {
    assert.equal(isHexOf('00ff', 2), true);
    assert.equal(isHexOf('', 0), true);
    assert.equal(isHexOf('00f', 2), false);
    assert.equal(isHexOf('00ffff', 2), false);
    assert.equal(isHexOf('00fg', 2), false);
  });
});

describe('32 bits', () => {
  test('are written with eight digits, whatever the sign that bit operations left', () => {
    assert.equal(hex32(0), '00000000');
    assert.equal(hex32(0x2000), '00002000');
    assert.equal(hex32(0xffffffff), 'ffffffff');
    assert.equal(hex32(-1), 'ffffffff');
    assert.equal(hex32(0x80000000 | 0), '80000000');
  });

  test('are read from one to eight digits', () => {
    assert.equal(parseHex32('0'), 0);
    assert.equal(parseHex32('1fffe000'), 0x1fffe000);
    assert.equal(parseHex32('FFFFFFFF'), 0xffffffff);
    for (const text of ['', '000000000', '0x1', 'x', ' 1', '1 ', '-1', '1.5'])
      assert.equal(parseHex32(text), null, text);
  });

  test('read back as they were written', () => {
    fc.assert(fc.property(fc.nat(0xffffffff), (n) => assert.equal(parseHex32(hex32(n)), n)));
  });
});

test('a number of bytes is padded to its length', () => {
  assert.equal(hexOf(0, 1), '00');
  assert.equal(hexOf(255, 1), 'ff');
  assert.equal(hexOf(256, 4), '00000100');
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (bytes, part) => {
        const value = Math.floor(part * 256 ** bytes);
        const text = hexOf(value, bytes);
        assert.equal(isHexOf(text, bytes), true);
        assert.equal(Number.parseInt(text, 16), value);
      },
    ),
  );
});
