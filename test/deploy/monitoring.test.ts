import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { dashboard } from '../../scripts/write-dashboard.ts';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { METRIC_FAMILIES } from '../../src/metrics/index.ts';
import { Farm } from '../support/farm.ts';
import { ROOT } from '../support/program.ts';
import { PrometheusServer } from '../support/prometheus-server.ts';
import { until } from '../support/until.ts';

const RULES = join(ROOT, 'deploy/prometheus');
const DASHBOARD = join(ROOT, 'deploy/grafana/stratum-proxy.json');
const NEEDS = 'needs Prometheus: install the package prometheus (apt-get install prometheus)';

interface RuleFile {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert?: string; readonly record?: string; readonly expr: string }[];
  }[];
}

function rulesOf(name: string): RuleFile['groups'][number]['rules'] {
  const file = parse(readFileSync(join(RULES, name), 'utf8')) as RuleFile;
  return file.groups.flatMap(({ rules }) => rules);
}

/** Every query of the dashboard with its variables filled in. */
function dashboardQueries(): string[] {
  const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
    panels: { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return queries.map((expr) =>
    expr.replaceAll('$job', 'stratum-proxy').replaceAll(/\$(?:account|pool)/g, '.*'),
  );
}

/** Every name of a series that there is, of the recording rules too. */
function knownSeries(): Set<string> {
  const known = new Set(['up', 'ALERTS']);
  for (const { name, type } of METRIC_FAMILIES)
    for (const ending of type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''])
      known.add(name + ending);
  for (const { record } of rulesOf('recording.yml')) known.add(record ?? '');
  return known;
}

/** All pages, by path. */
function pages(): ReadonlyMap<string, string> {
  const paths = [
    ...readdirSync(ROOT),
    ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) =>
      join('docs', name),
    ),
    ...readdirSync(join(ROOT, 'deploy'), { recursive: true, encoding: 'utf8' }).map((name) =>
      join('deploy', name),
    ),
  ];
  const written = paths.filter((path) => path.endsWith('.md'));
  return new Map(written.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

describe('the pages', () => {
  test('speak only of metrics that there are', () => {
    const families = METRIC_FAMILIES.map(({ name }) => name);
    const known = new Set([...knownSeries(), ...families]);
    // A name, of a recording rule too; the beginning of some where it stands after ^ or ends with * or ….
    const spoken = /(\^?)\b((?:[a-z_]+:)?(?:stratum_proxy_|proxy_(?:worker|pool|miner))\w*(?::\w+)?)([*…]?)/g;
    let names = 0;
    for (const [path, text] of pages()) {
      for (const [, before, name = '', after] of text.matchAll(spoken)) {
        names += 1;
        const isBeginning = before !== '' || after !== '';
        const isThere = isBeginning ? families.some((one) => one.startsWith(name)) : known.has(name);
        assert.ok(isThere, `${path} speaks of ${name}`);
      }
    }
    assert.ok(names > 80, `${names} names`);
  });

  test('speak only of alerts that there are, and of each of them', () => {
    const alerts = new Set(rulesOf('alerts.yml').flatMap(({ alert = '' }) => (alert === '' ? [] : [alert])));
    const spoken = new Set<string>();
    for (const [path, text] of pages()) {
      for (const [name] of text.matchAll(/\bStratumProxy[A-Z]\w+/g)) {
        assert.ok(alerts.has(name), `${path} speaks of ${name}`);
        spoken.add(name);
      }
    }
    assert.deepEqual(
      [...alerts].filter((name) => !spoken.has(name)),
      [],
    );
  });
});

describe('what watches the proxy', () => {
  test('asks only for metrics that there are', () => {
    const known = knownSeries();
    const asked = [
      ...rulesOf('recording.yml').map(({ expr }) => expr),
      ...rulesOf('alerts.yml').map(({ expr }) => expr),
      ...dashboardQueries(),
    ].flatMap(
      (expr) => expr.match(/\b(?:[a-z_]+:)?(?:stratum_proxy|proxy|process|nodejs)_\w+(?::\w+)?/g) ?? [],
    );
    assert.ok(asked.length > 70, `${asked.length} names`);
    for (const name of asked) assert.ok(known.has(name), name);
  });

  test('has a dashboard as it is written in its script', () => {
    assert.deepEqual(JSON.parse(readFileSync(DASHBOARD, 'utf8')), dashboard(), 'run "npm run dashboard"');
  });

  const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
  test('has rules that are valid, and alerts that are raised when they should be', {
    skip: !hasPromtool && NEEDS,
  }, () => {
    const cases = join(ROOT, 'test/deploy/alerts.test.yml');
    for (const words of [
      ['check', 'rules', join(RULES, 'alerts.yml'), join(RULES, 'recording.yml')],
      ['test', 'rules', cases],
    ]) {
      const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' });
      assert.equal(status, 0, stdout + stderr);
    }
    const text = readFileSync(cases, 'utf8');
    for (const { alert } of rulesOf('alerts.yml'))
      if (alert !== undefined) assert.ok(text.includes(`alertname="${alert}"`), alert);
  });
});

describe('a real Prometheus', { skip: !PrometheusServer.isInstalled() && NEEDS }, () => {
  test('gets data for every query of rules and dashboard, and raises the alert of a pool that dies', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'prometheus-'));
    await using farm = await Farm.open();
    const { program } = farm;
    const pool = await farm.pool({ difficulty: 400 / 2 ** 32, jobIntervalMs: 1000 });
    const account = await farm.account(pool, 'wallet');
    const miner = farm.miner(`${account}.rig1`);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    // Somebody who is refused, so that there is a reason to be counted.
    const browser = await fetch(`http://${formatEndpoint(program.stratum)}/`);
    assert.equal(browser.status, 400);

    const rules = join(directory, 'rules');
    await mkdir(rules);
    for (const name of ['alerts.yml', 'recording.yml']) {
      await cp(join(RULES, name), join(rules, name));
      // What takes minutes in the field may not take them here.
      const text = await readFile(join(rules, name), 'utf8');
      await writeFile(join(rules, name), text.replaceAll(/for: \d+[mh]/g, 'for: 1s'));
    }
    await using prometheus = await PrometheusServer.start({ directory, target: program.web, rules });

    const waiting = new Map(
      [...rulesOf('recording.yml').map(({ record = '' }) => record), ...dashboardQueries()].map((query) => [
        query,
        'no data',
      ]),
    );
    await until(
      async () => {
        for (const query of waiting.keys()) {
          const samples = await prometheus.query(query);
          if (samples.length > 0 && samples.every(({ value }) => !Number.isNaN(value))) waiting.delete(query);
        }
        return waiting.size === 0 ? true : undefined;
      },
      () => `data for ${[...waiting.keys()].join('\n')}`,
      60_000,
    );
    const [hashrate] = await prometheus.query(`account:stratum_proxy_hashrate:rate5m{account="${account}"}`);
    assert.ok(hashrate !== undefined && hashrate.value > 0);
    for (const rule of await prometheus.rules())
      assert.deepEqual([rule.name, rule.health, rule.lastError], [rule.name, 'ok', '']);
    const firing = async (): Promise<string[]> =>
      (await prometheus.rules()).filter(({ state }) => state === 'firing').map(({ name }) => name);
    // What this machine is short of is not the program's fault.
    const ofMachine = new Set([
      'StratumProxyDiskLow',
      'StratumProxyEventLoopSlow',
      'StratumProxyFileDescriptorsLow',
    ]);
    assert.deepEqual(
      (await firing()).filter((name) => !ofMachine.has(name)),
      [],
    );

    await pool.stop();
    await until(
      async () => {
        const names = await firing();
        return names.includes('StratumProxyPoolDown') && names.includes('StratumProxyNoJobs')
          ? true
          : undefined;
      },
      () => 'the alerts of a pool that is down',
      30_000,
    );
    const [alert] = await prometheus.query('ALERTS{alertname="StratumProxyPoolDown",alertstate="firing"}');
    assert.equal(alert?.metric['pool'], `127.0.0.1:${pool.endpoint.port}`);
    await rm(directory, { recursive: true, force: true });
  });
});
