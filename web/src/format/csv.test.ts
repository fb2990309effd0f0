import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { csvOf } from './csv.ts';
import { visible } from './visible.ts';

describe('a table for others', () => {
  test('quotes what needs it', () => {
    assert.equal(
      csvOf(
        ['a', 'b'],
        [
          ['x,y', 'say "hi"'],
          [1.5, null],
        ],
      ),
      'a,b\r\n"x,y","say ""hi"""\r\n1.5,\r\n',
    );
  });

  test('holds no formula, whatever a miner calls itself', () => {
    for (const name of ['=1+1', '+1', '-1', '@x', '\tx'])
      assert.match(csvOf(['a'], [[name]]), /\r\n"?'/, JSON.stringify(name));
    assert.equal(csvOf(['a'], [[-1]]), 'a\r\n-1\r\n');
  });
});

test('what cannot be seen in a text is written out', () => {
  assert.equal(visible('rig\u202Egpj.1\u2066'), 'rig\\u{202e}gpj.1\\u{2066}');
  assert.equal(visible('зал 3 · 日本'), 'зал 3 · 日本');
});
