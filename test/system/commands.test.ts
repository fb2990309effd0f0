import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hashToken } from '../../src/http/auth.ts';
import { freePort } from '../support/free-port.ts';
import { FREE_PORTS, Launched, Program, runToEnd, VERSION } from '../support/program.ts';
import { until } from '../support/until.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
});
after(() => rm(directory, { recursive: true, force: true }));

describe('commands', { concurrency: 2 }, () => {
  test('help lists every command and setting; so does --help beside a slip', async () => {
    const [word, flag] = await Promise.all([runToEnd(['help']), runToEnd(['--help', '--nonsense'])]);
    assert.deepEqual([word.code, word.stderr, flag.code, flag.stderr], [0, '', 0, '']);
    for (const text of ['demo', 'check', 'token', '--stratum.addr', '--upstream.silenceMs', '--syslog']) {
      assert.ok(word.stdout.includes(text), text);
    }
    assert.equal(flag.stdout, word.stdout);
  });

  test('version prints the version', async () => {
    for (const words of [['version'], ['--version']]) {
      const run = await runToEnd(words);
      assert.deepEqual([run.code, run.stdout, run.stderr], [0, `stratum-proxy ${VERSION}\n`, '']);
    }
  });

  test('check says whether a file is valid, and touches nothing', async () => {
    const good = join(directory, 'good.yaml');
    const bad = join(directory, 'bad.yaml');
    const data = join(directory, 'checked.db');
    await writeFile(good, `db:\n  path: ${data}\nlimits:\n  handshakeMs: 5000\n`);
    await writeFile(bad, 'limits:\n  handshakeMs: fast\n');
    const [valid, invalid] = await Promise.all([runToEnd(['check', good]), runToEnd(['check', bad])]);
    assert.deepEqual([valid.code, valid.stdout], [0, 'The configuration is valid.\n']);
    assert.equal(invalid.code, 2);
    assert.match(invalid.stderr, /bad\.yaml:2:\d+: limits\.handshakeMs/);
    assert.equal(existsSync(data), false);
  });

  test('config prints what is in force, where each value comes from, and no token', async () => {
    const file = join(directory, 'printed.yaml');
    const hash = hashToken('sp_secret');
    await writeFile(file, `web:\n  tokens: ["admin:${hash}"]\nlimits:\n  lineBytes: 4096\n`);
    const run = await runToEnd(['config', file, '--syslog'], { env: { STRATUM_PROXY_METRICS_TAG: 'farm' } });
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /^ {2}lineBytes: 4096 # file$/m);
    assert.match(run.stdout, /^ {2}tag: "?farm"? # environment$/m);
    assert.match(run.stdout, /^syslog: true # flag$/m);
    assert.match(run.stdout, /^ {2}handshakeMs: 10000 # default$/m);
    assert.equal(run.stdout.includes(hash), false);
    assert.match(run.stdout, /admin:<redacted>/);
  });

  test('token prints a new token with its line for web.tokens, and only for a scope that there is', async () => {
    const runs = await Promise.all([
      runToEnd(['token', 'read']),
      runToEnd(['token']),
      runToEnd(['token', 'root']),
    ]);
    const [read, admin, unknown] = runs;
    for (const [run, scope] of [
      [read, 'read'],
      [admin, 'admin'],
    ] as const) {
      assert.equal(run.code, 0);
      const [, token = '', shownScope, hash] =
        /^ {2}(sp_\S{43})\n.*\n {2}(\w+):([0-9a-f]{64})\n$/m.exec(run.stdout) ?? [];
      assert.deepEqual([shownScope, hash], [scope, hashToken(token)]);
    }
    assert.notEqual(read.stdout, admin.stdout);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /unknown scope "root"; use read, register, admin/);
  });
});

async function logOf(...flags: string[]): Promise<string> {
  await using program = await Program.start({ flags });
  await program.addPool('127.0.0.1:3333', 'sha256d');
  await program.stop();
  assert.equal(program.stderr, '');
  return program.stdout;
}

describe('log', { concurrency: 2 }, () => {
  const ESCAPE = '\u001b';

  test('is JSON with a time where it is no terminal, one object per line', async () => {
    for (const line of (await logOf()).trimEnd().split('\n')) {
      const { level, time, msg } = JSON.parse(line) as Record<string, unknown>;
      assert.equal(typeof level, 'number');
      assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.notEqual(msg, '');
    }
  });

  test('for people (log.format pretty) has the time and the level in words', async () => {
    const text = await logOf('--log.format', 'pretty');
    for (const line of text.trimEnd().split('\n')) {
      assert.match(line, /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] INFO: /);
    }
    assert.equal(text.includes(ESCAPE), false, 'colour is for terminals');
  });

  test('for syslog has neither time nor colour', async () => {
    for (const flags of [['--syslog'], ['--syslog', '--log.format', 'json']]) {
      const text = await logOf(...flags);
      assert.match(text, /pool added/);
      assert.equal(/\d\d:\d\d:\d\d/.test(text), false, text);
      assert.equal(text.includes('"time"'), false);
      assert.equal(text.includes(ESCAPE), false);
    }
  });

  test('at level warn is silent while all is well, the word of the start included', async () => {
    const web = `127.0.0.1:${await freePort()}`;
    const flags = ['--web.addr', web, '--db.path', join(directory, 'quiet.db'), '--log.level', 'warn'];
    await using launched = new Launched([...FREE_PORTS, ...flags]);
    await until(
      () =>
        fetch(`http://${web}/api/v1/health`).then(
          ({ ok }) => ok,
          () => false,
        ),
      'an answer',
      20_000,
    );
    assert.deepEqual(await launched.stop(), { code: 0, signal: null });
    assert.deepEqual([launched.stdout, launched.stderr], ['', '']);
  });
});
