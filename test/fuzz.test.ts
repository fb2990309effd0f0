import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Fuzzer, shrink, targetsOf, tell } from './support/fuzz.ts';
import { fuzz } from './support/fuzz-crew.ts';
import { spansOf } from './support/fuzz-mutation.ts';

const SEED = 1;
const INPUTS = 75_000;
/** Other tests run beside this one. */
const MOST_MS = 250;

/** A parser with a fault in it. */
function refuseNumbers(input: string): string {
  if (/"id":\s*\d/.test(input)) throw new Error('an id that is a number');
  return '';
}

describe('fuzzing', () => {
  test(`detector and decoders take ${INPUTS} inputs of any kind without a crash, a hang or growth (seed ${SEED})`, async () => {
    const { failures, figures, heapBytes, warmHeapBytes } = await fuzz({
      seed: SEED,
      inputs: INPUTS,
      mostMs: MOST_MS,
    });
    assert.equal(failures.map(tell).join('\n'), '');
    assert.equal(figures.length, targetsOf(undefined).length);
    for (const { target, inputs, shapes } of figures) {
      assert.ok(
        inputs >= INPUTS / figures.length && shapes > 5,
        `${target}: ${inputs} inputs, ${shapes} shapes`,
      );
    }
    assert.ok(heapBytes - warmHeapBytes < 16 * 1024 * 1024, `${warmHeapBytes} to ${heapBytes} bytes of heap`);
  });

  test('finds what does not hold, and tells the smallest input that does the same', () => {
    const [doorway] = targetsOf('doorway');
    assert.ok(doorway !== undefined);
    const broken = (): Fuzzer => new Fuzzer({ ...doorway, own: doorway.others, run: refuseNumbers }, SEED);
    const failure = broken().run(1000, null);
    assert.deepEqual(broken().run(1000, null), failure, 'the same seed finds the same');
    assert.ok(failure !== null);
    assert.match(Buffer.from(failure.input, 'base64').toString('latin1'), /^"id":\d$/);
    assert.match(tell(failure), /npm run fuzz -- --target doorway --replay \S+ --chance \d+$/);
  });

  test('shrinks to what matters', () => {
    assert.equal(
      shrink('abcdefgXhijklYmnop', (text) => text.includes('X') && text.includes('Y'), 1000),
      'XY',
    );
    assert.equal(
      shrink('aaaa', () => true, 1000),
      '',
    );
  });

  test('finds the values in JSON text', () => {
    const text = '{"a": [1, "x\\"]"], "b":{}, "c" :null}';
    assert.deepEqual(
      spansOf(text).map(({ from, start, end }) => [text.slice(from, start), text.slice(start, end)]),
      [
        ['', '1'],
        ['', '"x\\"]"'],
        ['"a": ', '[1, "x\\"]"]'],
        ['"b":', '{}'],
        ['"c" :', 'null'],
        ['', text],
      ],
    );
    assert.deepEqual(spansOf('{"a":'), []);
  });
});
