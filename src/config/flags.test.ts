import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CommandLine } from './flags.ts';
import { readCommandLine } from './flags.ts';

function values(...argv: string[]): Record<string, unknown> {
  const line = readCommandLine(argv);
  assert.deepEqual(line.problems, []);
  return Object.fromEntries([...line.byKey].map(([name, { raw }]) => [name, raw]));
}

function problems(...argv: string[]): readonly string[] {
  return readCommandLine(argv).problems;
}

function words(...argv: string[]): Pick<CommandLine, 'command' | 'rest' | 'file'> {
  const { command, rest, file } = readCommandLine(argv);
  return { command, rest, file };
}

describe('flags', () => {
  test('take one dash or two, the value behind = or as the next word', () => {
    const expected = { 'stratum.addr': ':1', 'limits.handshakeMs': '5000' };
    assert.deepEqual(values('--stratum.addr', ':1', '--limits.handshakeMs=5000'), expected);
    assert.deepEqual(values('-stratum.addr=:1', '-limits.handshakeMs', '5000'), expected);
    assert.deepEqual(values('--metrics.tag=a=b'), { 'metrics.tag': 'a=b' });
    assert.deepEqual(values('--metrics.tag='), { 'metrics.tag': '' });
    assert.deepEqual(values('--limits.idleMs', '-5'), { 'limits.idleMs': '-5' });
  });

  test('set a boolean by their name, by a value or with --no-', () => {
    assert.deepEqual(values('--syslog'), { syslog: 'true' });
    assert.deepEqual(values('-syslog=false'), { syslog: 'false' });
    assert.deepEqual(values('--no-syslog'), { syslog: 'false' });
    assert.deepEqual(values('--syslog', 'false', '--verify', 'never'), { syslog: 'false', verify: 'never' });
    assert.deepEqual(words('--syslog', 'check').command, 'check');
    assert.deepEqual(problems('--no-syslog=true'), ['--no-syslog: takes no value']);
  });

  test('count last when repeated, and lists grow', () => {
    assert.deepEqual(values('--verify', 'never', '--verify', 'always'), { verify: 'always' });
    assert.deepEqual(values('--web.allowedHosts', 'a,b', '--web.allowedHosts=c'), {
      'web.allowedHosts': 'a,b,c',
    });
  });

  test('are refused without a value', () => {
    const missing = '--db.path: needs a value, as in --db.path <value> or --db.path=<value>';
    assert.deepEqual(problems('--db.path'), [missing]);
    assert.deepEqual(problems('--db.path', '--syslog'), [missing]);
    assert.deepEqual(problems('--config'), [
      '--config: needs a value, as in --config <value> or --config=<value>',
    ]);
  });

  test('are refused by name with the likeliest one, once', () => {
    assert.deepEqual(problems('--web.adr', ':1'), ['--web.adr: unknown flag, did you mean --web.addr?']);
    assert.deepEqual(problems('-syslg', 'check'), ['--syslg: unknown flag, did you mean --syslog?']);
    assert.deepEqual(problems('--no-verify'), ['--no-verify: unknown flag, did you mean --verify?']);
    assert.deepEqual(problems('--confg', 'x'), ['--confg: unknown flag, did you mean --config?']);
    assert.deepEqual(problems('--qqqqqqqq'), ['--qqqqqqqq: unknown flag, --help lists them all']);
    assert.deepEqual(problems('--web.qqqqqqqq=1'), [
      '--web.qqqqqqqq: unknown flag, that section has addr, tokens, allowedHosts, trustedProxies, bodyBytes, rateLimitPerMinute, streams',
    ]);
    assert.equal(problems('--', '--syslog').length, 1);
    assert.deepEqual(problems('--a\u001b[2J'), ['"--a\\u001b[2J": unknown flag, --help lists them all']);
  });
});

describe('commands', () => {
  test('are the first bare word, run without one', () => {
    assert.deepEqual(words(), { command: 'run', rest: [], file: null });
    assert.deepEqual(words('--syslog', 'run', '--verify=never'), { command: 'run', rest: [], file: null });
    assert.deepEqual(words('demo').command, 'demo');
    assert.deepEqual(words('token', 'admin'), { command: 'token', rest: ['admin'], file: null });
  });

  test('check and config take the file as a word too', () => {
    assert.deepEqual(words('check', 'a.yaml').file, 'a.yaml');
    assert.deepEqual(words('config', 'a.yaml').file, 'a.yaml');
    assert.deepEqual(words('config', '--config=b.yaml').file, 'b.yaml');
    assert.deepEqual(problems('check', 'a.yaml', '--config', 'b.yaml'), [
      '"a.yaml": the file is already named by --config',
    ]);
  });

  test('help and version are flags too and win over all else', () => {
    for (const flag of ['--help', '-h', '-help', '--help=x'])
      assert.equal(words('demo', flag).command, 'help');
    assert.equal(words('--version', 'check').command, 'version');
    assert.equal(words('--version', '--help').command, 'help');
    assert.equal(words('help').command, 'help');
    assert.equal(words('version').command, 'version');
  });

  test('may have flags of their own, which stand behind them', () => {
    const { command, options } = readCommandLine([
      'top',
      '--once',
      '-sort=worker',
      '--filter',
      'rig',
      '--web.addr',
      ':1',
    ]);
    assert.deepEqual(
      [command, Object.fromEntries(options)],
      ['top', { once: '', sort: 'worker', filter: 'rig' }],
    );
    assert.deepEqual(problems('top', '--once=yes'), ['--once: takes no value']);
    assert.deepEqual(problems('top', '--sort'), [
      '--sort: needs a value, as in --sort <value> or --sort=<value>',
    ]);
    assert.deepEqual(problems('top', '--fliter', 'x'), ['--fliter: unknown flag, did you mean --filter?']);
    for (const line of [['--once', 'top'], ['--once'], ['run', '--once']])
      assert.equal(problems(...line).length, 1);
  });

  test('are refused when unknown, and so are words that no command takes', () => {
    assert.deepEqual(problems('chek'), ['unknown command "chek", did you mean check?']);
    assert.deepEqual(problems('qqqqqqq'), [
      'unknown command "qqqqqqq", the commands are run, demo, check, config, token, export, import, backup, move, top, import-seed, health, help, version',
    ]);
    assert.deepEqual(problems('run', 'now'), ['"now": unexpected word after run']);
    assert.deepEqual(problems('token', 'admin', 'x', 'y'), [
      '"x": unexpected word after token',
      '"y": unexpected word after token',
    ]);
  });

  test('token takes further words behind a verb that works on the data file', () => {
    assert.deepEqual(words('token', 'add', 'admin', 'a label', '2099-01-01').rest.length, 4);
    assert.deepEqual(problems('token', 'list', 'x'), ['"x": unexpected word after token']);
    assert.deepEqual(problems('token', 'remove', '1', 'x'), ['"x": unexpected word after token']);
  });

  test('have flags of their own, which no other takes', () => {
    assert.deepEqual([...readCommandLine(['export', '--with-passwords']).options], [['with-passwords', '']]);
    assert.deepEqual(problems('--with-passwords'), [
      '--with-passwords: no flag of run but of export, behind it',
    ]);
    assert.match(problems('export', '--with-passwords=1').join(), /--with-passwords: takes no value/);
  });
});
