import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort, holdPort } from '../support/free-port.ts';
import { FREE_PORTS, Launched, ROOT, runToEnd, VERSION } from '../support/program.ts';
import { until } from '../support/until.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
});
after(() => rm(directory, { recursive: true, force: true }));

/** One line for the operator, on standard error, and nothing else said. */
function assertOneLine(run: { readonly stdout: string; readonly stderr: string }, pattern: RegExp): void {
  assert.match(run.stderr, /^stratum-proxy: [^\n]+\n$/);
  assert.match(run.stderr, pattern);
  assert.equal(run.stdout.includes('"started"'), false);
}

describe('start', { concurrency: 2 }, () => {
  test('with nothing but free ports it says where it listens, its version, its data file and what to do next', async () => {
    const cwd = await mkdtemp(join(directory, 'cwd-'));
    await using launched = new Launched(FREE_PORTS, { cwd });
    await launched.waitForOutput('started');
    const line = launched.stdout.split('\n').find((text) => text.includes('"msg":"started"'));
    const { version, stratum, web, data, register, miner } = JSON.parse(line ?? '{}') as Record<
      string,
      string
    >;
    assert.equal(version, VERSION);
    assert.match(stratum ?? '', /^127\.0\.0\.1:[1-9]\d+$/);
    assert.match(web ?? '', /^http:\/\/127\.0\.0\.1:[1-9]\d+$/);
    assert.equal(data, 'proxy.db');
    assert.equal(
      (await stat(join(cwd, 'proxy.db'))).mode & 0o777,
      0o600,
      'nobody else may read the passwords',
    );
    assert.ok(miner?.includes(`-o stratum+tcp://${stratum} -u NAME`), miner);

    // The line to copy works as it is, with a pool in it.
    const [, url = '', body = ''] = /^curl -XPOST (\S+) -d '(.*)'$/.exec(register ?? '') ?? [];
    const response = await fetch(url, {
      method: 'POST',
      body: body.replace('HOST:PORT', 'stratum.braiins.com:3333'),
      // As curl sends it without being told otherwise.
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    assert.equal(response.status, 201);
    assert.match(await response.text(), /^\{"name":"[0-9a-f]{16}","error":""\}$/);

    const notice = await fetch(`http://${stratum}/`);
    assert.equal(notice.status, 400, 'a browser on the wrong port is told so');
    assert.match(await notice.text(), /Stratum.*stratum\+tcp/);
    assert.deepEqual(await launched.stop(), { code: 0, signal: null });
    assert.equal(existsSync(join(cwd, 'proxy.db-wal')), false, 'all is in the one file');
  });

  test('on a terminal it says so in plain words, in colour but for --syslog, and ends with the terminal', {
    skip: !hasScript(),
  }, async () => {
    for (const flag of ['--no-syslog', '--syslog']) {
      const data = join(directory, `tty${flag}.db`);
      const words = [process.execPath, join(ROOT, 'src/main.ts'), ...FREE_PORTS, '--db.path', data, flag];
      const executable = 'script';
      await using launched = new Launched(['-qec', words.join(' '), '/dev/null'], { executable });
      await launched.waitForOutput('-u NAME -p x');
      const { stdout } = launched;
      assert.ok(stdout.includes(`stratum-proxy ${VERSION}`));
      assert.match(stdout, /miners connect to +127\.0\.0\.1:\d+/);
      assert.ok(stdout.includes(data));
      assert.match(stdout, /curl -XPOST http:\/\/127\.0\.0\.1:\d+\/api\/v1\/users -d '\{"pool"/);
      assert.equal(stdout.includes('"msg"'), false);
      assert.equal(stdout.includes('\u001b['), flag === '--no-syslog');
      const [, web = ''] = /REST API, metrics +(http:\/\/127\.0\.0\.1:\d+)\/api\/v1/.exec(stdout) ?? [];
      const isServed = (): Promise<boolean> =>
        fetch(`${web}/api/v1/health`).then(
          ({ ok }) => ok,
          () => false,
        );
      assert.equal(await isServed(), true);
      await launched.kill();
      await until(async () => !(await isServed()), 'the end of a program whose terminal is gone');
      await until(() => !existsSync(`${data}-wal`), 'the data file in order');
    }
  });

  test('where its log cannot be written it runs all the same', {
    skip: !existsSync('/dev/full'),
  }, async () => {
    for (const flag of ['--no-syslog', '--syslog']) {
      const web = `127.0.0.1:${await freePort()}`;
      const words = [
        process.execPath,
        join(ROOT, 'src/main.ts'),
        ...FREE_PORTS,
        '--web.addr',
        web,
        '--db.path',
        join(directory, `full${flag}.db`),
        flag,
      ];
      await using launched = new Launched(['-c', `exec ${words.join(' ')} > /dev/full`], {
        executable: 'sh',
      });
      const body = JSON.stringify({ pool: '127.0.0.1:3333', algorithm: 'sha256d' });
      const add = (): Promise<number> =>
        fetch(`http://${web}/api/v1/pools`, { method: 'POST', body }).then(
          ({ status }) => status,
          () => 0,
        );
      await until(async () => (await add()) === 201 || launched.hasEnded, 'an answer', 20_000);
      assert.equal(await add(), 200, launched.tail());
      assert.deepEqual(await launched.stop(), { code: 0, signal: null });
      assert.equal(launched.stderr, '');
    }
  });

  test('a taken port, for miners or for the API: one line, exit code 4', async () => {
    const { server, port } = await holdPort();
    try {
      for (const flag of ['--stratum.addr', '--web.addr']) {
        const run = await runToEnd([
          ...FREE_PORTS,
          '--db.path',
          join(directory, 'port.db'),
          flag,
          `127.0.0.1:${port}`,
        ]);
        assert.equal(run.code, 4);
        assertOneLine(run, new RegExp(`127\\.0\\.0\\.1:${port} .*(taken|another program)`));
      }
    } finally {
      server.close();
    }
  });

  test("an address that is not this machine's: one line, exit code 4", async () => {
    const run = await runToEnd([
      ...FREE_PORTS,
      '--db.path',
      join(directory, 'foreign.db'),
      '--stratum.addr',
      '192.0.2.1:0',
    ]);
    assert.equal(run.code, 4);
    assertOneLine(run, /192\.0\.2\.1:0 is not an address of this machine/);
  });

  test('a data file that cannot be used: one line that says why, exit code 3', async () => {
    const text = join(directory, 'notes.txt');
    await writeFile(text, 'Remember the milk. '.repeat(20));
    const readOnly = join(directory, 'read-only');
    await mkdir(readOnly, { mode: 0o500 });
    // A mode means nothing to root; sysfs takes no new file from anyone.
    const unwritable = process.getuid?.() === 0 ? '/sys/proxy.db' : join(readOnly, 'proxy.db');
    const cases: readonly (readonly [string, RegExp])[] = [
      [join(directory, 'nowhere', 'proxy.db'), /directory .*nowhere does not exist/],
      [text, /not an SQLite database/],
      [directory, /not a file/],
      ...(process.platform === 'linux' ? [[unwritable, /no permission to write/] as const] : []),
    ];
    for (const [path, pattern] of cases) {
      const run = await runToEnd([...FREE_PORTS, '--db.path', path]);
      assert.equal(run.code, 3, run.stderr);
      assertOneLine(run, pattern);
    }
    assert.equal((await stat(text)).size, 19 * 20, 'a file that is not ours is left as it was');
  });

  test('a wrong flag, file or variable: each problem with a suggestion, exit code 2, nothing started', async () => {
    const file = join(directory, 'proxy.yaml');
    await writeFile(file, 'vardif:\n  target: 1\nlimits:\n  conections: 5\n  lineBytes: 10\n');
    const cases: readonly (readonly [
      readonly string[],
      Readonly<Record<string, string>>,
      readonly RegExp[],
    ])[] = [
      [['--stratm.addr', ':1'], {}, [/--stratm\.addr: unknown flag, did you mean --stratum\.addr\?/]],
      [['--metrics.maxWorkers=many'], {}, [/--metrics\.maxWorkers: .*many/]],
      [['demmo'], {}, [/unknown command "demmo", did you mean demo\?/]],
      [
        ['--config', file],
        {},
        [
          /proxy\.yaml:4:3: .*limits\.conections.*did you mean limits\.connections\?/,
          /:5:\d+: limits\.lineBytes.*10/,
        ],
      ],
      [['--config', join(directory, 'none.yaml')], {}, [/none\.yaml: there is no such file/]],
      [
        [],
        { STRATUM_PROXY_WEB_ADR: ':1' },
        [/STRATUM_PROXY_WEB_ADR: unknown variable, did you mean STRATUM_PROXY_WEB_ADDR\?/],
      ],
      [['--web.addr', ':9332'], {}, [/cannot share a port/]],
    ];
    for (const [flags, env, patterns] of cases) {
      const run = await runToEnd([...flags, '--db.path', join(directory, 'never.db')], { env });
      assert.equal(run.code, 2, `${flags.join(' ')}: ${run.stderr}`);
      for (const pattern of patterns) assert.match(run.stderr, pattern);
      assert.match(run.stderr, /Nothing was started\. "stratum-proxy --help" lists every setting\.\n$/);
      assert.equal(run.stdout, '');
    }
    assert.equal(existsSync(join(directory, 'never.db')), false);
  });
});

function hasScript(): boolean {
  return spawnSync('script', ['-V']).status === 0;
}
