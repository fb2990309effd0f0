import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { parseExposition } from '../../test/support/exposition-parser.ts';
import { Pacer } from '../kit/pacer.ts';
import {
  type ExpositionFormat,
  escapeHelp,
  formatValue,
  MAX_CHUNK_BYTES,
  type MetricFamily,
  renderFamilies,
} from './exposition.ts';

async function chunksOf(
  families: readonly MetricFamily<undefined>[],
  format: ExpositionFormat = 'text',
  pacer = new Pacer(),
): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of renderFamilies(families, undefined, format, pacer)) chunks.push(chunk);
  return chunks;
}

async function render(
  families: readonly MetricFamily<undefined>[],
  format: ExpositionFormat = 'text',
): Promise<string> {
  return Buffer.concat(await chunksOf(families, format)).toString('utf8');
}

function gauge(name: string, labels: readonly string[], rows: readonly [number, ...string[]][]) {
  const family: MetricFamily<undefined> = {
    name,
    type: 'gauge',
    help: 'A gauge.',
    labels,
    collect(_, out) {
      for (const [value, ...labelValues] of rows) out.sample(value, ...labelValues);
    },
  };
  return family;
}

describe('formatValue', () => {
  const cases: readonly [number, string][] = [
    [0, '0'],
    [-0, '0'],
    [1, '1'],
    [2.3e-10, '2.3e-10'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1e21, '1e+21'],
    [123_456_789_012, '123456789012'],
    [5e-324, '5e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ];
  for (const [value, text] of cases) {
    test(`${value} is written ${text}`, () => assert.equal(formatValue(value), text));
  }

  test('every float reads back as itself', async () => {
    await fc.assert(
      fc.asyncProperty(fc.double(), async (value) => {
        const read = parseExposition(await render([gauge('g', [], [[value]])]), 'text').get('g')?.samples[0]
          ?.value;
        assert.ok(Object.is(read, value) || read === value);
      }),
      { numRuns: 200 },
    );
  });
});

describe('text format 0.0.4', () => {
  test('is what the format asks for, byte for byte', async () => {
    const text = await render([
      gauge(
        'up',
        ['job'],
        [
          [1, 'a'],
          [0, 'b'],
        ],
      ),
      {
        name: 'x_total',
        type: 'counter',
        help: 'Line\nand \\ and "quotes".',
        labels: [],
        collect: (_, out) => out.sample(3),
      },
      {
        name: 'd_seconds',
        type: 'histogram',
        help: 'A duration.',
        labels: ['p'],
        collect: (_, out) => out.histogram({ bounds: [0.5, 1], cumulative: [1, 3], sum: 4.5, count: 4 }, 'q'),
      },
    ]);
    assert.equal(
      text,
      [
        '# HELP up A gauge.',
        '# TYPE up gauge',
        'up{job="a"} 1',
        'up{job="b"} 0',
        '# HELP x_total Line\\nand \\\\ and "quotes".',
        '# TYPE x_total counter',
        'x_total 3',
        '# HELP d_seconds A duration.',
        '# TYPE d_seconds histogram',
        'd_seconds_bucket{p="q",le="0.5"} 1',
        'd_seconds_bucket{p="q",le="1"} 3',
        'd_seconds_bucket{p="q",le="+Inf"} 4',
        'd_seconds_sum{p="q"} 4.5',
        'd_seconds_count{p="q"} 4',
        '',
      ].join('\n'),
    );
  });

  test('any label value survives the way through a parser', async () => {
    const printable = fc.string({ unit: 'grapheme' });
    const nasty = fc.string({
      unit: fc.constantFrom('"', '\\', '\n', '\r', '\t', '{', '}', ',', '=', 'n', ' '),
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(printable, nasty), fc.oneof(printable, nasty), async (a, b) => {
        const parsed = parseExposition(await render([gauge('g', ['a', 'b'], [[1, a, b]])]), 'text');
        assert.deepEqual(parsed.get('g')?.samples[0]?.labels, {
          a: a.replaceAll('\0', '\uFFFD'),
          b: b.replaceAll('\0', '\uFFFD'),
        });
      }),
      { numRuns: 300 },
    );
  });

  test('a NUL becomes the replacement character', async () => {
    assert.ok((await render([gauge('g', ['a'], [[1, 'x\0y']])])).includes('g{a="x\uFFFDy"} 1'));
  });
});

describe('OpenMetrics 1.0', () => {
  const families: readonly MetricFamily<undefined>[] = [
    {
      name: 'shares_total',
      type: 'counter',
      help: 'Shares.',
      labels: [],
      collect: (_, out) => out.sample(7),
    },
    {
      name: 'proxy_worker_sended',
      type: 'counter',
      help: 'Shares sent.',
      labels: [],
      collect: (_, out) => out.sample(7),
    },
    {
      name: 'd_seconds',
      type: 'histogram',
      help: 'A duration.',
      labels: [],
      collect: (_, out) => out.histogram({ bounds: [0.5, 1], cumulative: [1, 3], sum: 4.5, count: 4 }),
    },
  ];

  test('drops _total from family names, keeps the names of counters that never had it, ends with # EOF', async () => {
    assert.equal(
      await render(families, 'openmetrics'),
      [
        '# HELP shares Shares.',
        '# TYPE shares counter',
        'shares_total 7',
        '# HELP proxy_worker_sended Shares sent.',
        '# TYPE proxy_worker_sended unknown',
        'proxy_worker_sended 7',
        '# HELP d_seconds A duration.',
        '# TYPE d_seconds histogram',
        'd_seconds_bucket{le="0.5"} 1',
        'd_seconds_bucket{le="1.0"} 3',
        'd_seconds_bucket{le="+Inf"} 4',
        'd_seconds_sum 4.5',
        'd_seconds_count 4',
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  test('escapes quotes in help, which the text format leaves alone', () => {
    assert.equal(escapeHelp('a "b" \\', 'openmetrics'), 'a \\"b\\" \\\\');
    assert.equal(escapeHelp('a "b" \\', 'text'), 'a "b" \\\\');
  });
});

describe('renderFamilies', () => {
  const wide: MetricFamily<undefined> = {
    name: 'wide',
    type: 'gauge',
    help: 'Many samples with long names of three bytes a character.',
    labels: ['name'],
    *collect(_, out) {
      for (let at = 0; at < 20_000; at++) {
        out.sample(at, `${'鉱'.repeat(60)}${at}`);
        yield;
      }
    },
  };

  test('gives chunks of at most 64 KiB that join to the whole', async () => {
    const chunks = await chunksOf([wide]);
    assert.ok(chunks.length > 20);
    assert.ok(chunks.every((chunk) => chunk.length > 0 && chunk.length <= MAX_CHUNK_BYTES));
    const parsed = parseExposition(Buffer.concat(chunks).toString('utf8'), 'text');
    assert.equal(parsed.get('wide')?.samples.length, 20_000);
  });

  test('lets the event loop go on although its reader never waits', async () => {
    let turns = 0;
    let running = true;
    const turn = () => {
      turns++;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    await chunksOf([wide], 'text', new Pacer(0));
    running = false;
    assert.ok(turns > 100, `${turns} turns`);
  });

  test('stops making samples when its reader leaves', async () => {
    let made = 0;
    const endless: MetricFamily<undefined> = {
      ...wide,
      *collect(_, out) {
        for (;;) {
          out.sample(made++, String(made));
          yield;
        }
      },
    };
    for await (const _ of renderFamilies([endless], undefined, 'text', new Pacer())) break;
    const then = made;
    await new Promise(setImmediate);
    assert.equal(made, then);
    assert.ok(made < 10_000);
  });
});
