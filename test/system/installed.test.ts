import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildProgram } from '../../scripts/build-program.ts';
import { Farm } from '../support/farm.ts';
import { Launched, Program, ROOT, runToEnd, VERSION } from '../support/program.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
});
after(() => rm(directory, { recursive: true, force: true }));

const OLD_SPACE_MB = 256;

describe('the installed program', () => {
  const launcher = join(ROOT, 'bin/stratum-proxy.cjs');

  test('on a Node.js that is too old says which one it needs, on one line', async () => {
    const fake = join(directory, 'fake-version.cjs');
    for (const [version, isTooOld] of [
      ['18.20.1', true],
      ['23.11.0', true],
      ['24.14.1', true],
    ] as const) {
      await writeFile(
        fake,
        `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
      );
      const run = await runToEnd(['version'], { nodeFlags: ['--require', fake], file: launcher });
      assert.equal(run.code === 1, isTooOld);
      assert.equal(run.stdout, '');
      assert.match(run.stderr, /^stratum-proxy needs Node\.js 24\.15 or newer, this is [\d.]+; [^\n]+\n$/);
      assert.ok(run.stderr.includes(version));
    }
  });

  const old = oldNode();
  test('on an old Node.js of this machine says the same', { skip: old === null }, async () => {
    const run = await runToEnd([launcher, 'version'], { executable: old ?? '' });
    assert.equal(run.code, 1);
    assert.match(run.stderr, /^stratum-proxy needs Node\.js 24\.15 or newer, this is [\d.]+; [^\n]+\n$/);
  });

  test('built, does what the source does: commands, pools of the catalogue, exit codes', async () => {
    const root = join(directory, 'installed');
    await mkdir(root);
    await buildProgram(join(root, 'dist'));
    for (const name of ['bin', 'catalogue', 'package.json'])
      await cp(join(ROOT, name), join(root, name), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    const installed = { file: join(root, 'bin/stratum-proxy.cjs'), nodeFlags: [], cwd: root };
    assert.equal((await runToEnd(['version'], installed)).stdout, `stratum-proxy ${VERSION}\n`);
    assert.equal((await runToEnd(['--nonsense'], installed)).code, 2);
    await using program = await Program.start({ ...installed, command: 'demo' });
    await program.metricsWhere(
      (figures) => figures.sum('proxy_worker_accepted') > 3,
      'shares of the demo',
      20_000,
    );
    assert.equal((await program.get('/api/v1/pools?limit=5')).status, 200);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test('packed and installed by npm into an empty folder: npx finds it, and it mines', async () => {
    const app = join(directory, 'fresh');
    await mkdir(app);
    // What npm starts is this Node.js, whatever the machine has.
    const env = { PATH: [dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter) };
    const npm = async (words: readonly string[], cwd: string): Promise<string> => {
      await using launched = new Launched(words, { executable: 'npm', cwd, env });
      const { code } = await launched.exit(240_000);
      assert.equal(code, 0, `npm ${words.join(' ')}: ${launched.stdout}${launched.stderr}`);
      return launched.stdout;
    };
    const packed = await npm(['pack', '--json', '--pack-destination', directory], ROOT);
    const [{ filename, files }] = JSON.parse(packed.slice(packed.indexOf('['))) as [
      { filename: string; files: { path: string }[] },
    ];
    const paths = files.map(({ path }) => path);
    for (const path of ['dist/main.js', 'deploy/systemd/stratum-proxy.service', 'docs/install.md', 'LICENSE'])
      assert.ok(paths.includes(path), path);
    assert.deepEqual(
      paths.filter((path) => /\.ts$|\.test\.js$|\.db$|^(?:src|test|bench|node_modules)\//.test(path)),
      [],
    );
    await npm(['install', '--prefer-offline', '--no-audit', join(directory, filename)], app);
    const npx = await npm(['exec', '--no', '--', 'stratum-proxy', '--version'], app);
    assert.equal(npx, `stratum-proxy ${VERSION}\n`);
    const executable = join(app, 'node_modules/.bin/stratum-proxy');
    await using farm = await Farm.open({ executable, cwd: app, env });
    const pool = await farm.pool({ difficulty: 400 / 2 ** 32 });
    const name = await farm.account(pool, 'wallet');
    await farm.miner(`${name}.rig1`).waitFor(({ accepted }) => accepted >= 3);
    assert.deepEqual(await farm.program.stop(), { code: 0, signal: null });
  });

  for (const [whose, nodeOptions, nodeFlags, semiSpaceMb] of [
    ['ours', '', [], 8],
    ["NODE_OPTIONS'", '--max-semi-space-size=4', [], 4],
    ["the command line's", '--max_semi_space_size=2', ['--max-semi-space-size=4'], 4],
    ["NODE_OPTIONS', a larger one too", '--max-semi-space-size=32', [], 32],
  ] as const) {
    test(`keeps the young generation small: ${whose} size`, async () => {
      const root = join(directory, `young-${semiSpaceMb}-${nodeFlags.length}`);
      await mkdir(join(root, 'dist'), { recursive: true });
      await cp(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true });
      await writeFile(join(root, 'package.json'), '{"type":"module"}');
      await writeFile(
        join(root, 'dist/main.js'),
        "import { getHeapStatistics } from 'node:v8';\nprocess.stdout.write(String(getHeapStatistics().heap_size_limit / 2 ** 20));\n",
      );
      const file = join(root, 'bin/stratum-proxy.cjs');
      const flags = [`--max-old-space-size=${OLD_SPACE_MB}`, ...nodeFlags];
      const run = await runToEnd([], { file, nodeFlags: flags, env: { NODE_OPTIONS: nodeOptions } });
      // V8 counts two halves, and as much again as one of them for large objects.
      assert.equal((Number(run.stdout) - OLD_SPACE_MB) / 3, semiSpaceMb, run.stderr);
    });
  }

  test('that was never compiled says how to do it', async () => {
    const root = join(directory, 'uncompiled');
    await cp(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true });
    const run = await runToEnd([], { file: join(root, 'bin/stratum-proxy.cjs'), nodeFlags: [] });
    assert.equal(run.code, 1);
    assert.match(run.stderr, /^stratum-proxy is not built; run "npm run build"[^\n]+\n$/);
  });
});

function oldNode(): string | null {
  for (const path of ['/usr/local/bin/node', '/usr/bin/node']) {
    const { stdout, status } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    const [major = 0] = (stdout ?? '').slice(1).split('.').map(Number);
    if (status === 0 && major < 24) return path;
  }
  return null;
}
