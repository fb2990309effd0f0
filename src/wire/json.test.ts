import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../test/support/any-text.ts';
import { clip, jsonNumber, jsonText, parseObject, quote, rawId } from './json.ts';

// oxlint-disable-next-line no-control-regex
const ASCII = /^[\u0020-\u007e]*$/;

/** The raw id of a line, as a decoder asks for it. */
function idOf(line: string): string {
  return rawId(parseObject(line)?.['id'], line);
}

describe('reading a line', () => {
  test('only an object is a message', () => {
    assert.deepEqual(parseObject(' {"id":1}\r'), { id: 1 });
    for (const line of [
      '',
      'null',
      '[]',
      '1',
      '"x"',
      'not json',
      '{"id":1',
      '{"id":1}{"id":2}',
      "{'id':1}",
    ]) {
      assert.equal(parseObject(line), null, line);
    }
  });

  test('member names that mean something to JavaScript are plain members', () => {
    const message = parseObject('{"__proto__":{"method":"mining.submit"},"constructor":1}');
    assert.equal(message?.['method'], undefined);
  });
});

describe('the id', () => {
  for (const [line, id] of [
    ['{"id":0}', '0'],
    ['{"id":4}', '4'],
    ['{"id":-1}', '-1'],
    ['{"id":9007199254740991}', '9007199254740991'],
    ['{"id":9007199254740992}', '9007199254740992'],
    ['{"id":9007199254740993}', '9007199254740993'],
    ['{"id":18446744073709551615}', '18446744073709551615'],
    ['{"id":18446744073709551616}', '18446744073709551616'],
    ['{"id" :\t18446744073709551616 }', '18446744073709551616'],
    ['{"id":1.5}', '1.5'],
    ['{"id":1.50}', '1.50'],
    ['{"id":1e300}', '1e300'],
    ['{"id":1e400}', '1e400'],
    ['{"id":"auth"}', '"auth"'],
    ['{"id":"4"}', '"4"'],
    ['{"id":""}', '""'],
    ['{"id":"\\u00e9\\""}', '"\\u00e9\\""'],
    ['{"id":"é"}', '"\\u00e9"'],
    ['{"id":true}', 'true'],
    ['{"id":false}', 'false'],
    ['{"id":null}', 'null'],
    ['{}', 'null'],
    ['{"id":[1,"a"]}', '[1,"a"]'],
    ['{"id":{"a":1}}', '{"a":1}'],
  ] as const) {
    test(`${line} keeps its JSON type and value`, () => assert.equal(idOf(line), id));
  }

  test('digits of a nested id or of a string do not stand in for it', () => {
    assert.equal(idOf('{"params":[{"id":7}],"id":9007199254740993}'), '9007199254740993');
    assert.equal(idOf('{"x":"\\"id\\":9007199254740993","id":18446744073709551617}'), '18446744073709551617');
    assert.equal(idOf('{"id":1,"id":9007199254740995}'), '9007199254740995');
  });

  test('digits that cannot be found read as a number that is valid JSON', () => {
    assert.equal(idOf('{"\\u0069d":9007199254740993}'), '9007199254740992');
    assert.equal(idOf('{"\\u0069d":1e400}'), 'null');
  });

  test('a line of brackets exhausts no stack', () => {
    for (const depth of [3000, 30_000]) {
      for (const nested of [
        '['.repeat(depth) + ']'.repeat(depth),
        `${'{"id":'.repeat(depth)}1.5${'}'.repeat(depth)}`,
      ]) {
        assert.doesNotThrow(() => idOf(`{"id":${nested}}`));
        assert.equal(idOf(`{"params":${nested},"id":1.25}`), '1.25');
      }
    }
  });

  test('is JSON of the same value, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = idOf(JSON.stringify({ method: 'x', id: value, params: [] }));
        assert.match(text, ASCII);
        // JSON knows no negative zero that JavaScript would write.
        assert.equal(JSON.stringify(JSON.parse(text)), JSON.stringify(value));
      }),
    );
  });
});

describe('writing', () => {
  test('any text becomes ASCII that reads back as the same text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const json of [jsonText(text), quote(text)]) {
          assert.match(json, ASCII);
          assert.equal(JSON.parse(json), text);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('every single character is quoted as JSON.stringify would read it', () => {
    for (let code = 0; code <= 0xffff; code += 1) {
      const text = String.fromCharCode(code);
      assert.equal(JSON.parse(quote(text)), text, `U+${code.toString(16)}`);
    }
  });

  test('plain text is quoted without a detour', () => {
    assert.equal(quote('wallet.rig 1'), '"wallet.rig 1"');
    assert.equal(quote('a"b\\c'), '"a\\"b\\\\c"');
    assert.equal(quote('\u007f'), '"\\u007f"');
  });

  test('numbers are not rounded', () => {
    assert.equal(jsonNumber(2.3e-10), '2.3e-10');
    assert.equal(jsonNumber(0.001), '0.001');
    assert.equal(jsonNumber(1e21), '1e+21');
    assert.equal(jsonNumber(524_288), '524288');
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0, minExcluded: true }), (n) => {
        assert.equal(JSON.parse(jsonNumber(n)), n);
      }),
    );
  });
});

describe('clipping', () => {
  test('takes control characters and the overhang away', () => {
    assert.equal(clip('a\nb\0c\u007fd', 5), 'a b c');
    assert.equal(clip('short', 64), 'short');
  });

  test('what is left is never longer and never a control character', () => {
    fc.assert(
      fc.property(anyText, fc.nat(20), (text, max) => {
        const clipped = clip(text, max);
        assert.ok(clipped.length <= max);
        // oxlint-disable-next-line no-control-regex
        assert.doesNotMatch(clipped, /[\u0000-\u001f\u007f]/);
      }),
    );
  });
});
