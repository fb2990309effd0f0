import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Environment } from './environment.ts';
import type { Loaded, LoadRefused } from './load.ts';
import { loadConfig } from './load.ts';
import { keys } from './schema.ts';

interface Given {
  readonly argv?: readonly string[];
  readonly env?: Environment;
  readonly files?: Readonly<Record<string, string>>;
}

function load({ argv = [], env = {}, files = {} }: Given): Loaded | LoadRefused {
  return loadConfig({
    argv,
    env,
    readTextFile(path) {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
      return text;
    },
  });
}

function loaded(given: Given): Loaded {
  const outcome = load(given);
  assert.ok(outcome.kind === 'ok', JSON.stringify(outcome));
  return outcome;
}

function problems(given: Given): readonly string[] {
  const outcome = load(given);
  assert.ok(outcome.kind === 'invalid', 'should be refused');
  return outcome.problems;
}

/** As the program does it, with files on the disk. */
function read(argv: readonly string[], env: Environment = {}): Loaded | LoadRefused {
  return loadConfig({ argv, env, readTextFile: (path) => readFileSync(path, 'utf8') });
}

describe('loadConfig', () => {
  test('needs nothing: defaults, command run', () => {
    const { command, config, sources, file, rest } = loaded({});
    assert.deepEqual({ command, file, rest }, { command: 'run', file: null, rest: [] });
    assert.equal(config.stratum.addr, ':9332');
    assert.equal(config.web.addr, '127.0.0.1:12743');
    assert.equal(sources.size, keys().size);
    assert.ok([...sources.values()].every((source) => source === 'default'));
  });

  test('takes flag before environment before file before default', () => {
    const files = { 'p.yaml': 'limits: {idleMs: 1001, lineBytes: 1101, jobsKept: 11}\n' };
    const env = { STRATUM_PROXY_LIMITS_IDLE_MS: '1002', STRATUM_PROXY_LIMITS_LINE_BYTES: '1102' };
    const { config, sources, file } = loaded({
      argv: ['--config', 'p.yaml', '--limits.idleMs=1003'],
      env,
      files,
    });
    const { idleMs, lineBytes, jobsKept, pendingSubmits } = config.limits;
    assert.deepEqual([idleMs, lineBytes, jobsKept, pendingSubmits], [1003, 1102, 11, 256]);
    const names = ['limits.idleMs', 'limits.lineBytes', 'limits.jobsKept', 'limits.pendingSubmits'] as const;
    assert.deepEqual(
      names.map((name) => sources.get(name)),
      ['flag', 'environment', 'file', 'default'],
    );
    assert.equal(file, 'p.yaml');
  });

  test('finds the file by flag before variable', () => {
    const files = { 'a.yaml': 'verify: never', 'b.yaml': 'verify: always' };
    const env = { STRATUM_PROXY_CONFIG: 'a.yaml' };
    assert.equal(loaded({ env, files }).config.verify, 'never');
    assert.equal(loaded({ env, files, argv: ['--config=b.yaml'] }).config.verify, 'always');
    assert.equal(loaded({ env, files, argv: ['--config='] }).config.verify, 'auto');
    assert.equal(loaded({ env, files, argv: ['check', 'b.yaml'] }).config.verify, 'always');
  });

  test('names everything that is wrong at once, a line each, with its place', () => {
    const text = [
      'limits:',
      '  handshakems: 5000',
      '  lineBytes: many',
      'bans:',
      '  threshold: -1',
      'extranonce: {prefixBytes: 4, sizeBytes: 8}',
      'verify: sometimes',
    ].join('\n');
    const found = problems({
      argv: ['--config', 'p.yaml', '--web.adr', ':1', '--limits.jobsKept=1'],
      env: { STRATUM_PROXY_LOG_LEVEL: 'loud', STRATUM_PROXY_LOG_LEVL: 'info' },
      files: { 'p.yaml': text },
    });
    assert.deepEqual(found, [
      'p.yaml:2:3: limits.handshakems: unknown key, did you mean limits.handshakeMs?',
      'p.yaml:3:14: limits.lineBytes: must be a whole number from 1024 to 16777216, not "many"',
      'p.yaml:5:14: bans.threshold: must be 0 (off) or a whole number from 1 to 1000000, not "-1"',
      'p.yaml:7:9: verify: must be never, auto or always, not "sometimes"',
      'STRATUM_PROXY_LOG_LEVL: unknown variable, did you mean STRATUM_PROXY_LOG_LEVEL?',
      'STRATUM_PROXY_LOG_LEVEL: must be trace, debug, info, warn, error or silent, not "loud"',
      '--web.adr: unknown flag, did you mean --web.addr?',
      '--limits.jobsKept: must be a whole number from 2 to 1024, not "1"',
      'p.yaml:6:41: extranonce.prefixBytes 4 and extranonce.sizeBytes 8 together are 12 bytes; ' +
        'pools hand out at most 8, many only 4',
    ]);
  });

  test('names the problems of a file in the order of its lines', () => {
    const lines = Array.from({ length: 30 }, (_, index) =>
      index % 2 === 0 ? `q${index}: 1` : `"r${index}": 2`,
    );
    const found = problems({
      argv: ['--config=p.yaml'],
      files: { 'p.yaml': `${lines.join('\n')}\nverify: x` },
    });
    assert.deepEqual(
      found.map((line) => Number(line.split(':')[1])),
      Array.from({ length: 31 }, (_, index) => index + 1),
    );
  });

  test('refuses a wrong value that a stronger source overrides', () => {
    const files = { 'p.yaml': 'verify: x' };
    assert.equal(problems({ argv: ['--config=p.yaml', '--verify=auto'], files }).length, 1);
  });

  test('names the place of a rule across keys', () => {
    const [line, ...more] = problems({
      argv: ['--config=p.yaml'],
      files: { 'p.yaml': 'upstream:\n  retryMinMs: 30001\n' },
    });
    assert.match(line ?? '', /^p\.yaml:2:15: upstream\.retryMinMs 30001 must not be above/);
    assert.equal(more.length, 0);
    assert.match(
      problems({ argv: ['--upstream.retryMinMs=30001'] })[0] ?? '',
      /^--upstream\.retryMinMs: upstream\.retryMinMs 30001/,
    );
  });

  test('does not judge rules by keys that could not be read', () => {
    const files = {
      'p.yaml': 'web: {addr: :80, tokns: [a]}',
      'q.yaml': 'web: {addr: :80, tokens: [a]}',
      'r.yaml': '[',
    };
    for (const file of ['p.yaml', 'q.yaml'])
      assert.equal(problems({ argv: ['--config', file], files }).length, 1);
    for (const file of ['none.yaml', 'r.yaml']) {
      const found = problems({ argv: ['--config', file, '--web.addr', ':80'], files });
      assert.ok(
        found.every((line) => line.startsWith(file)),
        found.join('\n'),
      );
    }
  });

  test('never repeats what was written as a token', () => {
    const secret = 'hunter2hunter2';
    const given = [
      { argv: ['--web.tokens', `read:${secret}`] },
      { env: { STRATUM_PROXY_WEB_TOKENS: secret } },
      { argv: ['--config=p.yaml'], files: { 'p.yaml': `web:\n  tokens:\n    - admin:${secret}\n` } },
    ];
    for (const each of given) assert.ok(!problems(each).join('\n').includes(secret));
  });

  test('works from real files and says why one cannot be read', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'proxy.yaml');
    writeFileSync(path, 'db: {path: /var/lib/x.db}\n');
    const outcome = read(['--config', path]);
    assert.equal(outcome.kind === 'ok' && outcome.config.db.path, '/var/lib/x.db');
    const missing = join(folder, 'none.yaml');
    assert.deepEqual(read(['--config', missing]), {
      kind: 'invalid',
      problems: [`${missing}: there is no such file (named by the command line)`],
    });
    assert.deepEqual(read([], { STRATUM_PROXY_CONFIG: folder }), {
      kind: 'invalid',
      problems: [`${folder}: is a directory, not a file (named by STRATUM_PROXY_CONFIG)`],
    });
  });

  test('gives help, version and token whatever the configuration is', () => {
    const env = { STRATUM_PROXY_CONFIG: 'none.yaml', STRATUM_PROXY_QQQ: '1', STRATUM_PROXY_WEB_ADDR: ':80' };
    for (const argv of [['help'], ['--help', '--qqq'], ['--version'], ['version'], ['token', 'read']]) {
      const { config } = loaded({ argv, env });
      assert.equal(config.web.addr, '127.0.0.1:12743');
    }
    assert.deepEqual(loaded({ argv: ['token', 'read'], env }).rest, ['read']);
    assert.equal(problems({ argv: ['token', '--scop=read'], env }).length, 1);
  });
});
