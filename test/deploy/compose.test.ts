import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { ROOT, runToEnd } from '../support/program.ts';

const FOLDER = join(ROOT, 'deploy/compose');
/** Matters of taste. A port without an address is meant: miners are elsewhere. */
const NOT_ASKED = [
  'service-keys-order',
  'services-alphabetical-order',
  'no-build-and-image',
  'no-unbound-port-interfaces',
];

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly volumes?: readonly string[];
        readonly read_only?: boolean;
        readonly ports?: readonly string[];
        readonly environment?: Readonly<Record<string, string>>;
      }
    >
  >;
}

/** By the schema of the compose specification, and what its linter knows beyond that. */
function lint(file: string) {
  const rules = NOT_ASKED.flatMap((rule) => ['--disable-rule', rule]);
  return runToEnd([file, '--max-warnings', '0', ...rules], {
    file: join(ROOT, 'node_modules/dclint/bin/dclint.cjs'),
    nodeFlags: [],
  });
}

describe('the compose file', () => {
  test('fits the specification', async () => {
    const run = await lint(join(FOLDER, 'compose.yaml'));
    assert.equal(run.code, 0, run.stdout + run.stderr);
  });

  test('would be found out if it did not', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'compose-'));
    const text = await readFile(join(FOLDER, 'compose.yaml'), 'utf8');
    const wrong = join(directory, 'compose.yaml');
    await writeFile(wrong, text.replace('read_only: true', 'readonly: true'));
    const run = await lint(wrong);
    assert.notEqual(run.code, 0);
    assert.match(run.stdout + run.stderr, /additionalProperties/);
    await rm(directory, { recursive: true });
  });

  test('mounts what there is, and shows the web ports to this machine alone', async () => {
    const { services } = parse(await readFile(join(FOLDER, 'compose.yaml'), 'utf8')) as Compose;
    assert.deepEqual(Object.keys(services), ['proxy', 'prometheus', 'grafana']);
    assert.equal(services['proxy']?.read_only, true);
    for (const [name, { volumes = [], ports = [] }] of Object.entries(services)) {
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.')) assert.ok(existsSync(resolve(FOLDER, source)), `${name}: ${source}`);
      }
      for (const port of ports)
        assert.ok(port.startsWith('127.0.0.1:') || port.endsWith(':9332'), `${name}: ${port}`);
    }
    const home = services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
    assert.ok(existsSync(join(ROOT, 'deploy/grafana', home.split('/').at(-1) ?? '')), home);
  });

  test('gives the proxy settings that it takes, once there is a token', async () => {
    const { services } = parse(await readFile(join(FOLDER, 'compose.yaml'), 'utf8')) as Compose;
    const given = services['proxy']?.environment ?? {};
    const settings = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, value.replace(/\$\{\w+-([^}]*)\}/, '$1')]),
    );
    const without = await runToEnd(['check'], { env: settings });
    // It may be in the data file, which a check does not open.
    assert.equal(without.code, 0, without.stderr);
    assert.match(without.stdout + without.stderr, /token/);
    const token = `read:${'1'.repeat(64)}`;
    const run = await runToEnd(['check'], { env: { ...settings, STRATUM_PROXY_WEB_TOKENS: token } });
    assert.equal(run.code, 0, run.stderr);
  });
});
