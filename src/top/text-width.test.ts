import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assert as check, integer, property, string } from 'fast-check';
import { asciiOnly, cutTo, fit, printable, textWidth } from './text-width.ts';

describe('textWidth', () => {
  test('counts columns, not characters', () => {
    const widths = [
      ['rig1', 4],
      ['矿机', 4],
      ['e\u0301', 1],
      ['한글', 4],
      ['⛏️', 2],
      ['👩‍🔧', 2],
      ['Ω±…', 3],
      ['', 0],
    ] as const;
    for (const [text, width] of widths) assert.equal(textWidth(text), width, text);
  });
});

describe('fit and cutTo', () => {
  test('cut between characters and say so', () => {
    assert.equal(fit('rig-number-12', 8, '…'), 'rig-num…');
    assert.equal(fit('rig1', 6, '…'), 'rig1  ');
    assert.equal(fit('12', 6, '…', 'right'), '    12');
    // The second character would end beyond the column before the mark.
    assert.equal(fit('矿机机', 4, '…'), '矿… ');
    assert.equal(cutTo('abc', 0, '~'), '');
    assert.equal(cutTo('abc', 1, '~'), '~');
  });

  test('give exactly the width that was asked for, whatever the text', () => {
    const text = string({ unit: 'grapheme' });
    check(
      property(text, integer({ min: 1, max: 30 }), (written, width) => {
        assert.equal(textWidth(fit(printable(written), width, '…')), width);
      }),
    );
  });
});

describe('printable', () => {
  test('leaves nothing that a terminal obeys, nor what turns the writing round', () => {
    assert.equal(printable('rig\u001b[2J\r\n\u0007\u202e'), 'rig\ufffd[2J\ufffd\ufffd\ufffd\ufffd');
    assert.equal(printable('\u009b2J'), '\ufffd2J');
    check(
      property(string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(printable(text), /[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });
});

test('asciiOnly keeps the width', () => {
  assert.equal(asciiOnly('矿1é'), '??1?');
  check(
    property(string({ unit: 'grapheme' }), (written) => {
      const text = printable(written);
      assert.match(asciiOnly(text), /^[\x20-\x7e]*$/);
      assert.equal(asciiOnly(text).length, textWidth(text));
    }),
  );
});
