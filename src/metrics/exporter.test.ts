import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import promClient from 'prom-client';
import { labelKey, type ParsedFamily, parseExposition } from '../../test/support/exposition-parser.ts';
import {
  manySessions,
  poolRow,
  sessionRow,
  totalRow,
  workerFacts,
  workerReport,
} from '../../test/support/report-fixtures.ts';
import { shareCounts } from '../domain/counts.ts';
import type { HistogramRow, WorkerReport } from '../domain/report.ts';
import { MetricsExporter } from './exporter.ts';
import type { ExpositionFormat } from './exposition.ts';
import { METRIC_FAMILIES } from './index.ts';

async function scrape(
  t: { after(fn: () => void): void },
  reports: readonly WorkerReport[],
  {
    maxWorkers = 1000,
    tag = '0.0.0.0:9332',
    format = 'text',
  }: { maxWorkers?: number; tag?: string; format?: ExpositionFormat } = {},
): Promise<Map<string, ParsedFamily>> {
  const exporter = new MetricsExporter(
    {
      reports: async () => reports,
      checks: async () => [
        { name: 'store', ready: true },
        { name: 'listener', ready: false },
      ],
    },
    { tag, maxWorkers, build: { version: '1.2.3', startedAtMs: 1_700_000_000_500 } },
  );
  t.after(() => exporter.stop());
  const chunks: Buffer[] = [];
  for await (const chunk of exporter.render(format)) chunks.push(chunk);
  return parseExposition(Buffer.concat(chunks).toString('utf8'), format);
}

/** What matters of a family, in an order of its own. */
function shape(family: ParsedFamily | undefined) {
  assert.ok(family !== undefined);
  const rows = family.samples.map(({ name, labels, value }) => `${name} ${labelKey(labels)} ${value}`);
  return { name: family.name, type: family.type, help: family.help, rows: rows.sort() };
}

const miner = sessionRow({
  address: '192.168.1.7:51234',
  account: '0123456789abcdef',
  pool: 'eu.pool.example:3333',
  algorithm: 'sha256d',
  difficulty: 2.3e-10,
  received: 20,
  counts: shareCounts({ accepted: 15, 'accepted-local': 2, stale: 2, lost: 1 }),
  difficultyReceived: 4.6e-9,
  difficultyAccepted: 3.9e-9,
  rate5mHs: 123.456,
});
const minerLabels = {
  proxy: '0.0.0.0:9332',
  worker: '192.168.1.7:51234',
  user: '0123456789abcdef',
};
const minerPoolLabels = { ...minerLabels, hash: 'sha256d', pool: 'eu.pool.example:3333' };

describe('the series of the original program', () => {
  const expected: readonly [string, string, Record<string, string>, number][] = [
    ['proxy_worker_up', 'gauge', minerLabels, 1],
    ['proxy_worker_sended', 'counter', minerPoolLabels, 20],
    ['proxy_worker_one_sended', 'counter', minerPoolLabels, 4.6e-9],
    ['proxy_worker_accepted', 'counter', minerPoolLabels, 17],
    ['proxy_worker_one_accepted', 'counter', minerPoolLabels, 3.9e-9],
    ['proxy_worker_speed', 'gauge', minerPoolLabels, 123.456],
    ['proxy_worker_difficulty', 'gauge', minerPoolLabels, 2.3e-10],
    ['proxy_pool_up', 'gauge', { proxy: '0.0.0.0:9332', hash: 'scrypt', pool: 'p:1' }, 1],
    ['proxy_pool_divider', 'gauge', { proxy: '0.0.0.0:9332', hash: 'scrypt', pool: 'p:1' }, 65_536],
  ];
  for (const [name, type, labels, value] of expected) {
    test(name, async (t) => {
      const families = await scrape(t, [
        workerReport({
          sessions: [miner],
          pools: [poolRow({ pool: 'p:1', algorithm: 'scrypt', divider: 65_536 })],
        }),
      ]);
      const family = families.get(name);
      assert.equal(family?.type, type);
      assert.deepEqual(family.samples, [{ name, labels, value }]);
    });
  }

  test('keep their sample names in OpenMetrics', async (t) => {
    const families = await scrape(t, [workerReport({ sessions: [miner] })], { format: 'openmetrics' });
    assert.equal(families.get('proxy_worker_sended')?.type, 'unknown');
    assert.deepEqual(families.get('proxy_worker_sended')?.samples, [
      { name: 'proxy_worker_sended', labels: minerPoolLabels, value: 20 },
    ]);
  });

  test('a miner that has gone is 0; one without an account is not there', async (t) => {
    const families = await scrape(t, [
      workerReport({
        sessions: [{ ...miner, up: false }, sessionRow({ address: '1.2.3.4:5', account: '' })],
      }),
    ]);
    assert.deepEqual(families.get('proxy_worker_up')?.samples, [
      { name: 'proxy_worker_up', labels: minerLabels, value: 0 },
    ]);
  });

  test('speeds add up to what is hashed now: a miner that has gone, or was moved, and has come back is counted once', async (t) => {
    const gone = { ...miner, up: false };
    const back = { ...miner, id: 's2', address: '10.0.0.1:50002', rate5mHs: 100 };
    const moved = { ...miner, id: 's3', address: '10.0.0.2:1', pool: 'q:1', up: false };
    const families = await scrape(t, [
      workerReport({ sessions: [gone, back, moved, { ...moved, pool: 'p:1', up: true, rate5mHs: 23 }] }),
    ]);
    const samples = families.get('proxy_worker_speed')?.samples ?? [];
    assert.deepEqual(
      samples.map(({ value }) => value),
      [0, 100, 0, 23],
    );
    assert.equal(
      families.get('proxy_worker_accepted')?.samples.length,
      4,
      'the counters stay for the minute',
    );
  });

  test('stop above maxWorkers sessions, and a gauge says so', async (t) => {
    const some = workerReport({ sessions: manySessions(10), totals: [totalRow({ received: 4 })] });
    const within = await scrape(t, [some], { maxWorkers: 10 });
    assert.equal(within.get('proxy_worker_up')?.samples.length, 10);
    assert.equal(within.get('stratum_proxy_miner_series_suppressed')?.samples[0]?.value, 0);
    const above = await scrape(t, [some], { maxWorkers: 9 });
    for (const { name } of METRIC_FAMILIES.filter((family) => family.name.startsWith('proxy_worker_'))) {
      assert.deepEqual(above.get(name)?.samples, [], name);
    }
    assert.equal(above.get('stratum_proxy_miner_series_suppressed')?.samples[0]?.value, 1);
    assert.equal(above.get('stratum_proxy_miner_series_limit')?.samples[0]?.value, 9);
    const unlimited = await scrape(t, [some], { maxWorkers: 0 });
    assert.equal(unlimited.get('proxy_worker_up')?.samples.length, 10);
    assert.equal(
      unlimited.get('stratum_proxy_miner_series_limit')?.samples[0]?.value,
      Number.POSITIVE_INFINITY,
    );
    assert.equal(above.get('stratum_proxy_sessions')?.samples[0]?.value, 10);
    assert.equal(above.get('stratum_proxy_shares_received_total')?.samples[0]?.value, 4);
  });
});

describe('the exposition', () => {
  const full = workerReport({
    sessions: [
      miner,
      { ...miner, up: false },
      sessionRow({ account: 'no"quotes\\or\nlines', pool: '[::1]:3333' }),
    ],
    totals: [
      totalRow({ received: 9, inFlight: 1, work: 2 ** 70, counts: shareCounts({ accepted: 6, stale: 2 }) }),
    ],
    pools: [poolRow({ roundTrip: { bounds: [0.01, 0.1, 1], cumulative: [1, 2, 4], sum: 3.2, count: 5 } })],
    facts: workerFacts({ connectionsRefused: { banned: 2, 'address-cap': 1 }, sessions: 3 }),
  });

  for (const format of ['text', 'openmetrics'] as const) {
    test(`${format}: is valid and holds every family of the list, once`, async (t) => {
      const families = await scrape(t, [full], { format });
      const names = METRIC_FAMILIES.map(({ name, type }) =>
        format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name,
      );
      assert.deepEqual([...families.keys()], names);
      for (const family of METRIC_FAMILIES) {
        const shown = families.get(family.name) ?? families.get(family.name.replace(/_total$/, ''));
        for (const sample of shown?.samples ?? []) {
          const { le: _, ...labels } = sample.labels;
          assert.deepEqual(Object.keys(labels), [...family.labels], family.name);
        }
      }
    });
  }

  test('accounts whose miners were turned away are in use: that is how their alert is raised', async (t) => {
    const facts = workerFacts({ accountsInUse: 3, accountsTurnedAway: 2, accountsWithJob: 1 });
    const families = await scrape(t, [workerReport({ facts })]);
    assert.equal(families.get('stratum_proxy_accounts_in_use')?.samples[0]?.value, 5);
    assert.equal(families.get('stratum_proxy_accounts_with_job')?.samples[0]?.value, 1);
  });

  test('an empty proxy has a valid one too', async (t) => {
    const families = await scrape(t, []);
    assert.equal(families.get('stratum_proxy_sessions')?.samples[0]?.value, 0);
    assert.deepEqual(families.get('proxy_worker_up')?.samples, []);
  });

  test('names follow the conventions: counters of ours end in _total, durations in _seconds', () => {
    for (const { name, type } of METRIC_FAMILIES) {
      assert.match(name, /^[a-z][a-z0-9_]*$/);
      if (name.startsWith('stratum_proxy_')) assert.equal(name.endsWith('_total'), type === 'counter', name);
      if (type === 'histogram') assert.ok(name.endsWith('_seconds'), name);
    }
  });

  test('readiness, build and refusals', async (t) => {
    const families = await scrape(t, [full]);
    const samples = (name: string) =>
      families.get(name)?.samples.map(({ labels, value }) => ({ labels, value }));
    assert.deepEqual(samples('stratum_proxy_ready'), [
      { labels: { check: 'store' }, value: 1 },
      { labels: { check: 'listener' }, value: 0 },
    ]);
    assert.deepEqual(samples('stratum_proxy_build_info'), [{ labels: { version: '1.2.3' }, value: 1 }]);
    assert.deepEqual(samples('stratum_proxy_start_time_seconds'), [{ labels: {}, value: 1_700_000_000.5 }]);
    assert.deepEqual(samples('stratum_proxy_connections_refused_total'), [
      { labels: { reason: 'banned' }, value: 2 },
      { labels: { reason: 'address-cap' }, value: 1 },
    ]);
  });

  test('the buckets of a total and what is in flight add up to what was received', async (t) => {
    const families = await scrape(t, [full]);
    const sum = (name: string) =>
      families.get(name)?.samples.reduce((total, sample) => total + sample.value, 0) ?? Number.NaN;
    assert.equal(families.get('stratum_proxy_shares_total')?.samples.length, 11);
    assert.equal(
      sum('stratum_proxy_shares_total') + sum('stratum_proxy_shares_in_flight'),
      sum('stratum_proxy_shares_received_total'),
    );
  });

  test('two workers are one proxy: what they share is added, never written twice', async (t) => {
    const other: WorkerReport = {
      ...full,
      sessions: manySessions(2),
      pools: [
        poolRow({
          up: false,
          jobs: 5,
          roundTrip: { bounds: [0.01, 0.1, 1], cumulative: [1, 1, 1], sum: 0.001, count: 1 },
        }),
      ],
    };
    const families = await scrape(t, [full, other]);
    const value = (name: string, at = 0) => families.get(name)?.samples[at]?.value;
    assert.equal(value('stratum_proxy_shares_received_total'), 18);
    assert.equal(value('stratum_proxy_work_total'), 2 ** 71);
    assert.equal(value('proxy_pool_up'), 1);
    assert.equal(value('stratum_proxy_pool_jobs_total'), 5);
    assert.equal(value('stratum_proxy_connections_refused_total'), 4);
    assert.deepEqual(
      families.get('stratum_proxy_pool_round_trip_seconds')?.samples.map((sample) => sample.value),
      [2, 3, 5, 6, 3.201, 6],
    );
  });

  test('a source that fails fails the scrape before its first chunk', async (t) => {
    const exporter = new MetricsExporter(
      { reports: () => Promise.reject(new Error('worker is gone')), checks: async () => [] },
      { tag: 't', maxWorkers: 1, build: { version: '1', startedAtMs: 0 } },
    );
    t.after(() => exporter.stop());
    await assert.rejects(() => exporter.render('text').next(), /worker is gone/);
  });
});

/** Counts observations as a worker does. */
function histogramRow(bounds: readonly number[], observations: readonly number[]): HistogramRow {
  return {
    bounds,
    cumulative: bounds.map((bound) => observations.filter((value) => value <= bound).length),
    sum: observations.reduce((sum, value) => sum + value, 0),
    count: observations.length,
  };
}

/** It puts blank lines between families and misspells NaN. */
function strictly(text: string): string {
  return text.replaceAll('\n\n', '\n').replaceAll(/ Nan$/gm, ' NaN');
}

function helpOf(name: string): string {
  return METRIC_FAMILIES.find((family) => family.name === name)?.help ?? '';
}

function labelNames(family: ParsedFamily): ReadonlySet<string> {
  return new Set(family.samples.flatMap((sample) => Object.keys(sample.labels)));
}

describe('beside prom-client', () => {
  test('the same values give the same exposition', async (t) => {
    const registers = [new promClient.Registry()];
    const odd = 'quo"te\\back\nline';
    const bounds = [0.005, 0.1, 1, 10];
    const observations = [0.001, 0.05, 0.1, 0.3, 42];

    const sended = new promClient.Counter({
      name: 'proxy_worker_sended',
      help: helpOf('proxy_worker_sended'),
      labelNames: ['proxy', 'worker', 'user', 'hash', 'pool'],
      registers,
    });
    sended.inc(
      { proxy: odd, worker: miner.address, user: miner.account, hash: 'sha256d', pool: miner.pool },
      20,
    );
    sended.inc({ proxy: odd, worker: '[::1]:9', user: odd, hash: 'sha256d', pool: miner.pool }, 3);
    const difficulty = new promClient.Gauge({
      name: 'proxy_worker_difficulty',
      help: helpOf('proxy_worker_difficulty'),
      labelNames: ['proxy', 'worker', 'user', 'hash', 'pool'],
      registers,
    });
    difficulty.set(
      { proxy: odd, worker: miner.address, user: miner.account, hash: 'sha256d', pool: miner.pool },
      2.3e-10,
    );
    difficulty.set({ proxy: odd, worker: '[::1]:9', user: odd, hash: 'sha256d', pool: miner.pool }, 1e21);
    const work = new promClient.Counter({
      name: 'stratum_proxy_work_total',
      help: helpOf('stratum_proxy_work_total'),
      labelNames: ['account', 'pool', 'algorithm'],
      registers,
    });
    work.inc({ account: odd, pool: 'p:1', algorithm: 'x11' }, 2 ** 80);
    const trip = new promClient.Histogram({
      name: 'stratum_proxy_pool_round_trip_seconds',
      help: helpOf('stratum_proxy_pool_round_trip_seconds'),
      labelNames: ['pool', 'algorithm'],
      buckets: bounds,
      registers,
    });
    for (const value of observations) trip.observe({ pool: 'p:1', algorithm: 'x11' }, value);

    const theirs = parseExposition(strictly((await registers[0]?.metrics()) ?? ''), 'text');
    const ours = await scrape(
      t,
      [
        workerReport({
          sessions: [
            miner,
            sessionRow({
              address: '[::1]:9',
              account: odd,
              algorithm: 'sha256d',
              pool: miner.pool,
              received: 3,
              difficulty: 1e21,
            }),
          ],
          totals: [totalRow({ account: odd, pool: 'p:1', algorithm: 'x11', work: 2 ** 80 })],
          pools: [poolRow({ pool: 'p:1', algorithm: 'x11', roundTrip: histogramRow(bounds, observations) })],
        }),
      ],
      { tag: odd },
    );
    for (const name of theirs.keys()) assert.deepEqual(shape(ours.get(name)), shape(theirs.get(name)));
  });

  test('process metrics have the names, types and labels of its default ones', async (t) => {
    const register = new promClient.Registry();
    promClient.collectDefaultMetrics({ register });
    const theirs = parseExposition(strictly(await register.metrics()), 'text');
    const ours = await scrape(t, []);
    const leftOut = /^nodejs_active_(?:handles|requests|resources)(?:_total)?$/;
    let compared = 0;
    for (const [name, family] of theirs) {
      if (leftOut.test(name)) continue;
      compared++;
      const own = ours.get(name);
      assert.ok(own !== undefined, name);
      assert.equal(own.type, family.type, name);
      if (family.samples.length > 0) assert.deepEqual(labelNames(own), labelNames(family), name);
    }
    assert.ok(compared >= 24, `${compared} families compared`);
    for (const name of ours.keys()) {
      if (/^(?:process|nodejs)_/.test(name))
        assert.ok(theirs.has(name), `${name} is not one of prom-client's`);
    }
    assert.deepEqual(shape(ours.get('nodejs_version_info')), shape(theirs.get('nodejs_version_info')));
  });
});

describe('docs/metrics.md', () => {
  const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
  const documented = new Map(
    [...page.matchAll(/^\| `([a-z0-9_]+)` \| (counter|gauge|histogram) \| ([^|]*) \|/gm)].map((row) => [
      row[1],
      `${row[2]} ${[...(row[3] ?? '').matchAll(/`([a-z]+)`/g)].map((label) => label[1]).join(',')}`,
    ]),
  );
  const exported = new Map(
    METRIC_FAMILIES.map((family) => [family.name, `${family.type} ${family.labels.join(',')}`]),
  );

  test('lists what the program exports, with type and labels', () => {
    for (const [name, facts] of exported) assert.equal(documented.get(name), facts, name);
  });

  test('lists nothing else', () => {
    for (const name of documented.keys()) assert.ok(exported.has(name ?? ''), name);
  });
});
