import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { createToken, hashToken } from '../../src/http/auth.ts';
import { Farm } from '../support/farm.ts';
import { notify, setDifficulty } from '../support/scripted-pool.ts';

/** Told apart from anything else by sight. */
const PASSWORDS = {
  good: 'hunter2-GOOD-password',
  wrong: 'hunter2-WRONG-password',
  quoted: 'hunter2-"quoted"\\-pässword',
  refusedByApi: 'hunter2-REFUSED-password',
  ofMiner: 'hunter2-MINER-password',
  asNumber: 48_151_623_421_337,
} as const;

const LEVELS = ['trace', 'debug'] as const;

/** Does not end by itself. */
const STREAM = '/api/v1/stream';

/** What a stream says in so many milliseconds. */
async function heardWithin(ms: number, url: string, token: string): Promise<string> {
  const signal = AbortSignal.timeout(ms);
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal });
  let text = '';
  try {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  assert.match(text, /event: fleet/);
  return text;
}

/** Everything that anyone could read of the program: what it wrote, and every answer of the API. */
class Leak {
  readonly #texts: { readonly where: string; readonly text: string }[] = [];

  add(where: string, text: string): void {
    this.#texts.push({ where, text });
  }

  assertNone(secrets: readonly string[]): void {
    for (const { where, text } of this.#texts) {
      for (const secret of secrets) {
        // As it is, and as it looks within JSON, within JSON within JSON, in a URL and in base64.
        const json = JSON.stringify(secret).slice(1, -1);
        const forms = [
          secret,
          json,
          JSON.stringify(json).slice(1, -1),
          encodeURIComponent(secret),
          base64(secret),
        ];
        for (const form of forms) {
          const at = text.indexOf(form);
          assert.equal(at, -1, `${where}: …${text.slice(Math.max(0, at - 200), at + 100)}…`);
        }
      }
    }
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64').replace(/=+$/, '');
}

describe('no secret comes out', { concurrency: 2 }, () => {
  for (const level of LEVELS) {
    test(`at log.level ${level}: passwords and tokens are in no log line, metric, answer or error`, async () => {
      const tokens = {
        admin: createToken(),
        register: createToken(),
        read: createToken(),
        unknown: createToken(),
      };
      const configured = (['admin', 'register', 'read'] as const).map(
        (scope) => `${scope}:${hashToken(tokens[scope])}`,
      );
      const leak = new Leak();
      await using farm = await Farm.open({
        token: tokens.admin,
        flags: [
          `--log.level=${level}`,
          `--web.tokens=${configured.join(',')}`,
          '--web.bodyBytes=2048',
          '--limits.refusalDelayMs=0',
          '--upstream.submitTimeoutMs=200',
          '--upstream.retryMaxMs=600',
        ],
      });
      const { program } = farm;
      const pool = await farm.pool({
        difficulty: 400 / 2 ** 32,
        credentials: new Map([['wallet', PASSWORDS.good]]),
      });
      const address = formatEndpoint(pool.endpoint);

      // Mining, with a refused login and a pool that fails beside it.
      const good = await farm.account(pool, 'wallet', PASSWORDS.good);
      const wrong = await farm.account(pool, 'wallet', PASSWORDS.wrong);
      const quoted = await farm.account(pool, 'other', PASSWORDS.quoted);
      const miner = farm.miner(`${good}.rig1`, { password: PASSWORDS.ofMiner });
      for (const account of [wrong, quoted]) {
        const refused = await farm.scriptedMiner({ user: account });
        await refused.subscribe();
        refused.send({ id: 2, method: 'mining.authorize', params: [account, PASSWORDS.ofMiner] });
        assert.notEqual((await refused.next())['result'], true);
        leak.add('answer to the miner', refused.lines.join('\n'));
      }
      const stranger = await farm.scriptedMiner();
      stranger.send(
        { id: 1, method: 'mining.authorize', params: ['ffffffffffffffff', PASSWORDS.ofMiner] },
        {
          id: 2,
          method: 'mining.authorize',
          params: [PASSWORDS.ofMiner.length, PASSWORDS.ofMiner, PASSWORDS.ofMiner],
        },
        { id: 3, method: 'mining.dance', params: [PASSWORDS.ofMiner] },
        `{"id":4,"method":"mining.authorize","params":["ffffffffffffffff","${PASSWORDS.ofMiner}"`,
      );
      await stranger.closed();
      leak.add('answer to the stranger', stranger.lines.join('\n'));
      await miner.waitFor(({ accepted }) => accepted >= 5);
      pool.hang();
      await miner.waitFor(({ rejected }) => rejected >= 1);
      pool.dropConnections();
      pool.unhang();

      await askEverything();
      leak.add('/metrics', (await program.get('/metrics')).text);
      await program.stop();
      leak.add('standard output', program.stdout);
      leak.add('standard error', program.stderr);
      assert.ok(
        program.lines().some(({ msg }) => msg === 'http request'),
        'the log is as detailed as it gets',
      );
      leak.assertNone([...Object.values(PASSWORDS).map(String), ...Object.values(tokens)]);
      const hashes = configured.map((entry) => entry.split(':')[1] ?? '');
      leak.assertNone(hashes);
      await assertOnDisk(dirname(program.dataFile), tokens);

      /** Every way to hand a secret in and every place to read one from. */
      async function askEverything(): Promise<void> {
        const password = PASSWORDS.refusedByApi;
        const registration = { pool: address, user: 'wallet', password };
        const bodies: readonly unknown[] = [
          { ...registration, pool: 'unknown.example:1' },
          { ...registration, pool: 'no address' },
          { ...registration, user: '' },
          { ...registration, pasword: password },
          { ...registration, password: PASSWORDS.asNumber },
          { ...registration, mode: 'shared' },
          { ...registration, label: password.repeat(20) },
          { ...registration, backups: [registration] },
          { ...registration, password: `${password}\u0000` },
          { password },
          { ...registration, password: password.repeat(100) },
          `{"pool":"${address}","user":"wallet","password":"${password}"`,
          [registration],
          registration,
        ];
        for (const body of bodies) {
          const { status, text } = await program.post('/api/v1/users', body);
          leak.add(`answer ${status}`, text);
        }
        leak.add(
          'pool',
          (await program.post('/api/v1/pools', { pool: password, algorithm: 'sha256d' })).text,
        );
        for (const authorization of [
          `Bearer ${tokens.unknown}`,
          `Bearer ${tokens.read}`,
          `Basic ${base64(`admin:${tokens.unknown}`)}`,
          tokens.unknown,
        ]) {
          const { text } = await program.post('/api/v1/users', registration, { authorization });
          leak.add('answer to another token', text);
        }
        const document = (await program.get('/api/v1/openapi.json')).json as {
          readonly paths: Record<string, unknown>;
        };
        const paths = new Set([
          ...Object.keys(document.paths),
          '/',
          '/api/v1',
          '/api/v1/openapi.json',
          '/api/v1/nowhere',
        ]);
        assert.ok(paths.size >= 9);
        assert.ok(paths.delete(STREAM));
        leak.add(STREAM, await heardWithin(2500, `${program.web}${STREAM}`, tokens.admin));
        for (const path of paths) {
          for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE']) {
            const { text, headers } = await program.request(method, path);
            leak.add(`${method} ${path}`, `${text}\n${JSON.stringify([...headers])}`);
          }
          leak.add(path, (await program.get(`${path}?token=${tokens.unknown}&password=${password}`)).text);
        }
      }
    });
  }

  for (const [how, template, sent] of [
    ['', null, PASSWORDS.good],
    [', made by a template,', 'd=8;{password}', `d=8;${PASSWORDS.good}`],
  ] as const) {
    test(`a pool that repeats the password${how} in its refusal does not make us tell it`, async () => {
      await using farm = await Farm.open({ flags: ['--limits.refusalDelayMs', '0', '--log.level', 'debug'] });
      const leak = new Leak();
      const pool = await farm.scriptedPool();
      const options = { passwordTemplate: template };
      const changed = await farm.program.request('PATCH', `/api/v1/pools/127.0.0.1:${pool.port}`, {
        body: { options },
      });
      assert.equal(changed.status, 200);
      const account = await farm.account(pool, 'wallet', PASSWORDS.good);
      const miner = await farm.scriptedMiner({ user: account });
      await miner.subscribe();
      miner.sendAuthorize();
      const peer = await pool.connection();
      for (;;) {
        const { id, method, params } = await peer.next();
        if (method === 'mining.authorize') {
          assert.deepEqual(params, ['wallet', sent]);
          peer.send({ id: null, method: 'client.show_message', params: [`wallet with ${sent}?`] });
          peer.send({ id, result: false, error: [24, `no user wallet with password ${sent}`, null] });
          break;
        }
        if (method === 'mining.configure') peer.send({ id, result: {}, error: null });
        else
          peer.send(
            { id, result: [[['mining.notify', '1']], '00000001', 4], error: null },
            setDifficulty(1),
            notify(),
          );
      }
      const { result } = await miner.nextWhere(({ id }) => id === 2);
      assert.notEqual(result, true);
      leak.add('answer', miner.lines.join('\n'));
      leak.add('metrics', (await farm.program.get('/metrics')).text);
      await farm.program.stop();
      leak.add('log', farm.program.stdout);
      leak.assertNone([PASSWORDS.good]);
    });
  }
});

/** Pool passwords have to be on the disk, in a file of the owner's alone; tokens have not. */
async function assertOnDisk(directory: string, tokens: Readonly<Record<string, string>>): Promise<void> {
  const names = await readdir(directory);
  let withPassword = 0;
  for (const name of names) {
    const path = join(directory, name);
    const content = await readFile(path, 'latin1');
    for (const token of Object.values(tokens)) assert.equal(content.includes(token), false, name);
    if (content.includes(PASSWORDS.refusedByApi)) withPassword += 1;
    assert.equal((await stat(path)).mode & 0o077, 0, `${name} is the owner's alone`);
  }
  assert.equal(withPassword, 1, `the password of an account is in the data file: ${names.join(' ')}`);
}
