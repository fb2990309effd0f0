import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createToken, hashToken } from '../../src/http/auth.ts';
import { Farm } from '../support/farm.ts';
import { freePort } from '../support/free-port.ts';
import { runToEnd } from '../support/program.ts';
import { HAS_TERMINAL, TerminalProgram } from '../support/terminal.ts';

/** A few hashes per share. */
const EASY = 2 ** -22;
const TOKEN = createToken();
const PIPED = { env: { LANG: 'C.UTF-8', LC_ALL: '' } };

let farm: Farm;
let account = '';
let directory = '';

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
  farm = await Farm.open({ flags: ['--web.tokens', `admin:${hashToken(TOKEN)}`], token: TOKEN });
  const pool = await farm.pool({ difficulty: EASY });
  account = await farm.account(pool, 'wallet');
  const miners = Array.from({ length: 4 }, (_, i) =>
    farm.miner(`${account}.rig${i + 1}`, { hashesPerSecondLimit: 5000 }),
  );
  // What a terminal would obey, or would be too wide for.
  const odd = await farm.scriptedMiner({ user: `${account}.矿机\u001b[2J` });
  await odd.subscribe();
  await odd.authorize();
  await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted > 2)));
});
after(async () => {
  await farm[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

function hasRows(lines: readonly string[]): boolean {
  return lines.some((line) => line.startsWith('rig1 '));
}

function rowsOf(lines: readonly string[]): string {
  return lines.flatMap((line) => line.match(/^rig\d/) ?? []).join();
}

function top(...flags: string[]): string[] {
  return ['top', '--url', farm.program.web, ...flags];
}

describe('top without a terminal', () => {
  test('prints the fleet, every worker and the pools once', async () => {
    const run = await runToEnd(top('--token', TOKEN, '--sort', 'worker'), PIPED);
    assert.deepEqual([run.code, run.stderr], [0, '']);
    assert.equal(run.stdout.includes('\u001b'), false);
    assert.match(run.stdout, /^sha256d \S+ k?H\/s$/m);
    assert.match(run.stdout, /^workers 5 {2}shares\/s .* accepted \d.* pools 1 up$/m);
    const rows = run.stdout.match(/^(?:rig\d|矿机).*$/gm) ?? [];
    assert.deepEqual(
      rows.map((row) => row.slice(0, 4)),
      ['rig1', 'rig2', 'rig3', 'rig4', '矿机 ['].map((name) => name.slice(0, 4)),
    );
    assert.match(rows[0] ?? '', new RegExp(`${account} +sha256d +127\\.0\\.0\\.1:\\d+ .*H/s ±`));
    assert.match(run.stdout, /account-registered/);
  });

  test('filters, and gives JSON', async () => {
    const { code, stdout } = await runToEnd(top('--token', TOKEN, '--json', '--filter', 'RIG2'));
    assert.equal(code, 0);
    const json = JSON.parse(stdout) as {
      readonly workers: readonly { readonly worker: string }[];
      readonly total: number;
    };
    assert.deepEqual([json.total, json.workers.map(({ worker }) => worker)], [1, ['rig2']]);
    for (const key of ['server', 'fleet', 'pools', 'events']) assert.ok(key in json, key);
  });

  test('keeps to ASCII in another locale, or when told so', async () => {
    for (const options of [{ env: { LC_ALL: 'C' } }, PIPED]) {
      const run = await runToEnd(top('--token', TOKEN, '--ascii'), options);
      assert.match(run.stdout, /^[\x20-\x7e\n]*$/);
      assert.match(run.stdout, /^\?{4}/m);
    }
  });

  test('takes the token from the environment or a file', async () => {
    const file = join(directory, 'token');
    await writeFile(file, `${TOKEN}\n`);
    const runs = await Promise.all([
      runToEnd(top(), { env: { STRATUM_PROXY_TOKEN: TOKEN } }),
      runToEnd(top('--token-file', file)),
    ]);
    for (const run of runs) assert.deepEqual([run.code, run.stderr], [0, '']);
  });

  test('says how to make a token where it has none or a wrong one, without showing it', async () => {
    const [none, wrong] = await Promise.all([runToEnd(top()), runToEnd(top('--token', 'sp_wrong'))]);
    assert.deepEqual([none.code, wrong.code, none.stdout], [1, 1, '']);
    assert.match(none.stderr, /asks for a token\. Make one with "stratum-proxy token add read top"/);
    assert.match(wrong.stderr, /does not know this token\. Make one/);
    assert.equal(wrong.stderr.includes('sp_wrong'), false);
  });

  test('says what is not reachable', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const run = await runToEnd(['top', '--url', url]);
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      new RegExp(`no answer from ${url}: connect ECONNREFUSED .*--url http://HOST:PORT`),
    );
    const local = await runToEnd(['top', '--web.addr', `0.0.0.0:${new URL(url).port}`]);
    assert.match(local.stderr, new RegExp(`no answer from ${url}`));
  });

  test('refuses what it cannot read', async () => {
    const run = await runToEnd(['top', '--every', 'often', '--sort', 'colour']);
    assert.equal(run.code, 2);
    assert.match(run.stderr, /--every: .*\n--sort: must be one of hashrate, worker/);
  });
});

describe('top on a terminal', { skip: HAS_TERMINAL ? false : 'needs script and stty of util-linux' }, () => {
  const env = { STRATUM_PROXY_TOKEN: TOKEN };

  function open(...flags: string[]): TerminalProgram {
    return new TerminalProgram({ args: top('--every', '0.5', ...flags), env });
  }

  test('shows the table at 80 by 24, follows keys, and puts the terminal back at q', async () => {
    await using terminal = open('--sort', 'worker');
    const first = await terminal.waitForScreen(
      (lines) => hasRows(lines) && lines.some((line) => line.startsWith('workers 5')),
      'the table',
    );
    assert.equal(first.length, 24);
    assert.match(first.at(-1) ?? '', /^1-5 of 5 {2}q quit/);
    terminal.press('r');
    await terminal.waitForScreen((lines) => rowsOf(lines) === 'rig4,rig3,rig2,rig1', 'the reverse order');
    terminal.press('/rig3');
    await terminal.waitForScreen((lines) => lines.at(-1) === 'filter: rig3_', 'what is typed');
    terminal.press('\r');
    await terminal.waitForScreen((lines) => rowsOf(lines) === 'rig3', 'the one that is left');
    terminal.press('p');
    await terminal.waitForScreen(
      (lines) => lines.some((line) => line.includes('no pools with this filter')),
      'the pools',
    );
    terminal.press('e');
    terminal.press('w');
    terminal.press('q');
    await terminal.end();
    assert.ok(terminal.isRestored);
    assert.match(terminal.afterwards, /exit=0/);
    assert.match(terminal.afterwards, / icanon[\s\S]* echo /);
    assert.ok(terminal.output.includes('\u001b[1m'), 'in colour');
  });

  test('follows the size of the terminal', async () => {
    await using terminal = open();
    await terminal.waitForScreen(hasRows, 'the table');
    terminal.resize(60, 8);
    const lines = await terminal.waitForScreen(
      (shown) => shown.length === 8 && (shown[0]?.length ?? 0) <= 60,
      'eight lines of sixty',
    );
    assert.ok(
      lines.every((line) => line.length <= 60),
      lines.join('\n'),
    );
    terminal.press('\u001b[B');
    await terminal.waitForScreen((shown) => /^2-\d of 5/.test(shown.at(-1) ?? ''), 'the second row on top');
  });

  test('puts the terminal back on Ctrl-C, on signals and on a crash', async () => {
    const ends: readonly (readonly [string, (terminal: TerminalProgram) => void, string])[] = [
      ['Ctrl-C', (terminal) => terminal.press('\u0003'), 'exit=0'],
      ['SIGTERM', (terminal) => terminal.signal('SIGTERM'), 'exit=0'],
      ['SIGINT', (terminal) => terminal.signal('SIGINT'), 'exit=0'],
    ];
    for (const [name, end, code] of ends) {
      await using terminal = open();
      await terminal.waitForScreen(hasRows, 'the table');
      end(terminal);
      await terminal.end();
      assert.ok(terminal.isRestored, name);
      assert.ok(terminal.afterwards.includes(code), `${name}: ${terminal.afterwards}`);
      assert.match(terminal.afterwards, / icanon/, name);
    }
    const crash = 'data:text/javascript,process.on("SIGTERM",()=>{throw new Error("boom")})';
    await using terminal = new TerminalProgram({ args: top(), env, nodeFlags: ['--import', crash] });
    await terminal.waitForScreen(hasRows, 'the table');
    terminal.signal('SIGTERM');
    await terminal.end();
    assert.ok(terminal.isRestored);
    assert.match(terminal.afterwards, /boom[\s\S]*exit=[17]\b/, 'the stack is on the usual screen');
    assert.match(terminal.afterwards, / icanon/);
  });

  test('without colour draws the same', async () => {
    await using terminal = new TerminalProgram({ args: top(), env: { ...env, NO_COLOR: '1' } });
    await terminal.waitForScreen(hasRows, 'the table');
    assert.doesNotMatch(terminal.output, /\u001b\[\d*m/);
  });

  test('goes on where the proxy does not answer for a while, and says so', async () => {
    await using own = await Farm.open();
    await using terminal = new TerminalProgram({ args: ['top', '--url', own.program.web, '--every', '0.3'] });
    await terminal.waitForScreen(
      (lines) => lines.some((line) => line === 'no miner is connected'),
      'an empty fleet',
    );
    await own.program.kill();
    await terminal.waitForScreen(
      (lines) => lines.some((line) => line.includes('no answer from')),
      'what is wrong',
    );
    assert.equal(terminal.isRestored, false);
  });
});
