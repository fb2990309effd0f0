import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isMissed, type ReportInput, ratio, toJson, toMarkdown, toRows, type Values } from './report.ts';
import type { Metric } from './scenario.ts';
import { TARGETS } from './targets/index.ts';
import type { TargetName } from './targets/target.ts';

const CPU: Metric = {
  id: 'cpu',
  label: 'CPU per share',
  unit: 'µs',
  decimals: 1,
  goal: { max: 60, maxToHaproxy: 1.7 },
  variantGoals: { shared: { maxToHaproxy: 0.8 } },
};

function valuesOf(haproxy: readonly number[], proxy: readonly number[], shared?: readonly number[]): Values {
  const byTarget = new Map<TargetName, readonly number[]>([
    ['haproxy', haproxy],
    ['proxy', proxy],
  ]);
  if (shared !== undefined) byTarget.set('shared', shared);
  return new Map([['cpu', byTarget]]);
}

function inputOf(values: Values): ReportInput {
  return {
    machine: {
      cpu: 'a cpu',
      cores: 2,
      memoryGb: 24,
      kernel: '6.1',
      node: 'v26',
      haproxy: '2.6',
      listenBacklogLimit: 4096,
      openFilesLimit: 20_000,
      loadBefore: 0.5,
    },
    settings: { rounds: 3 },
    metrics: [CPU],
    kinds: TARGETS,
    values,
    failures: ['relay: a share was lost'],
    warnings: [],
  };
}

describe('ratios', () => {
  test('are taken round by round, so that a disturbed round does not spoil them', () => {
    // In the last round something slowed the second one down alone; the quotient of the medians would be 41 / 40.
    assert.equal(ratio([40, 80, 41], [20, 40, 60]), 2);
  });

  test('are absent without a counterpart', () => {
    assert.equal(ratio([1], undefined), null);
    assert.equal(ratio([1], [0]), null);
  });
});

function reached(haproxy: readonly number[], proxy: readonly number[]): boolean | null | undefined {
  return judged(valuesOf(haproxy, proxy)).get('proxy');
}

function judged(values: Values): ReadonlyMap<TargetName, boolean | null> {
  return new Map(toRows([CPU], values)[0]?.goals.map((each) => [each.target, each.isReached]));
}

describe('goals', () => {
  test('hold when both the value and the ratio do', () => assert.equal(reached([35, 35], [50, 52]), true));
  test('are missed by the value alone', () => assert.equal(reached([50, 50], [61, 61]), false));
  test('are missed by the ratio alone', () => assert.equal(reached([20, 20], [50, 50]), false));

  test('say nothing about a target that was not there', () => {
    const values: Values = new Map([['cpu', new Map([['haproxy', [35]]] as const)]]);
    assert.deepEqual([...judged(values).values()], [null, null]);
  });

  test('that are a ratio alone say nothing without HAProxy', () => {
    const values: Values = new Map([['cpu', new Map([['shared', [35]]] as const)]]);
    assert.equal(judged(values).get('shared'), null);
  });

  test('of a variant are judged by its own ratio, and one that is missed makes the row missed', () => {
    const missed = valuesOf([40, 40], [50, 50], [36, 36]);
    assert.deepEqual(
      [...judged(missed)],
      [
        ['proxy', true],
        ['shared', false],
      ],
    );
    assert.equal(toRows([CPU], missed).some(isMissed), true);
    assert.equal(toRows([CPU], valuesOf([40, 40], [50, 50], [30, 30])).some(isMissed), false);
  });
});

describe('the table', () => {
  const markdown = toMarkdown(inputOf(valuesOf([30, 36, 33], [45, 51, 50], [24, 30, 20])));

  test('has medians, ratios, the goal and whether it is reached', () => {
    const row = markdown.split('\n').find((line) => line.startsWith('| CPU per share'));
    const cells = row?.split('|').map((cell) => cell.trim());
    assert.deepEqual(cells?.slice(1, -1), [
      'CPU per share',
      '–',
      '–',
      '33.0 µs',
      '50.0 µs',
      // The median of 24 / 30, 30 / 36 and 20 / 33; that of the medians would be 0.73.
      '24.0 µs (0.80 ×)',
      '–',
      '–',
      '1.50 ×',
      'dedicated ≤ 60 µs, ≤ 1.7 × HAProxy ✓; shared ≤ 0.8 × HAProxy ✓',
    ]);
  });

  test('names the machine and what failed', () => {
    assert.match(markdown, /2 × a cpu, 24 GB, Linux 6\.1, Node v26, HAProxy 2\.6/);
    assert.match(markdown, /^- FAILED: relay: a share was lost$/m);
  });

  test('leaves out what was not measured', () => {
    assert.doesNotMatch(toMarkdown(inputOf(new Map())), /CPU per share/);
  });

  test('is there as JSON too, with every round and every goal', () => {
    const json = JSON.parse(toJson(inputOf(valuesOf([30, 36, 33], [45, 51, 50], [60, 60, 60])))) as {
      rows: {
        goals: unknown;
        toHaproxy: Record<string, number>;
        targets: { proxy: { median: number; rounds: number[] } };
      }[];
    };
    assert.deepEqual(json.rows[0]?.goals, [
      { target: 'proxy', goal: { max: 60, maxToHaproxy: 1.7 }, isReached: true },
      { target: 'shared', goal: { maxToHaproxy: 0.8 }, isReached: false },
    ]);
    assert.deepEqual(Object.keys(json.rows[0]?.toHaproxy ?? {}), ['proxy', 'shared']);
    assert.deepEqual(json.rows[0]?.targets.proxy, { median: 50, deviation: 1, rounds: [45, 51, 50] });
  });
});
