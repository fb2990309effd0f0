import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect } from 'node:tls';
import { hashToken } from '../../src/http/auth.ts';
import { makeSelfSigned } from '../../src/net/self-signed.ts';
import { eventually } from '../support/eventually.ts';
import { Farm } from '../support/farm.ts';
import { FREE_PORTS, Launched, type Program, type ProgramOptions } from '../support/program.ts';
import { refused } from '../support/settings-bed.ts';

type Json = Readonly<Record<string, unknown>>;

/** A farm with a file of settings that can be written anew. */
async function withFile(
  text: string,
  check: (farm: Farm, write: (text: string) => Promise<void>, directory: string) => Promise<void>,
  options: ProgramOptions = {},
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-reload-'));
  try {
    const file = join(directory, 'proxy.yaml');
    await writeFile(file, text);
    await using farm = await Farm.open({
      ...options,
      flags: ['--config', file, ...(options.flags ?? [])],
    });
    await check(farm, (changed) => writeFile(file, changed), directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function reload(program: Program): Promise<Json> {
  const { status, text, json } = await program.request('POST', '/api/v1/reload');
  assert.equal(status, 200, text);
  return json as Json;
}

/** The fingerprint that a miner sees that connects by TLS. */
function fingerprintAt(program: Program): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...program.stratum, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('settings are read again', { concurrency: 2 }, () => {
  test('what can be applied is, the rest is named, and named again until the restart', async () => {
    await withFile('log: {level: info}\n', async ({ program }, write) => {
      assert.deepEqual(await reload(program), { changed: [], needsRestart: [] });
      await write(
        'log: {level: debug}\nmetrics: {maxWorkers: 7}\nlimits: {connectionsPerAddress: 1}\nextranonce: {prefixBytes: 2}\ndb: {path: x.db}\n',
      );
      assert.deepEqual(await reload(program), {
        // The flag of the start goes before the file's db.path.
        changed: ['metrics.maxWorkers', 'log.level', 'limits.connectionsPerAddress'],
        needsRestart: ['extranonce.prefixBytes'],
      });
      assert.deepEqual(await reload(program), { changed: [], needsRestart: ['extranonce.prefixBytes'] });
      await program.get('/api/v1/version');
      await program.waitForLine(({ msg, path }) => msg === 'http request' && path === '/api/v1/version');
      await write('');
      assert.deepEqual(await reload(program), {
        changed: ['metrics.maxWorkers', 'log.level', 'limits.connectionsPerAddress'],
        needsRestart: [],
      });
    });
  });

  test('limits count for connections from then on, with SIGHUP as well', async () => {
    await withFile('', async (farm, write) => {
      const { program } = farm;
      const pool = await farm.scriptedPool();
      const first = await farm.scriptedMiner({ user: await farm.account(pool, 'wallet') });
      await first.subscribe();
      await write('limits: {connectionsPerAddress: 1}\n');
      program.signal('SIGHUP');
      const line = await program.waitForLine(({ msg }) => msg === 'configuration read again');
      assert.equal(line['changed'], 'limits.connectionsPerAddress');
      const second = await farm.scriptedMiner();
      await second.closed();
      await refused(program, { 'address-cap': 1 });
      await first.subscribe();
      const { entries } = (await program.get('/api/v1/audit?limit=1')).json as {
        readonly entries: readonly Json[];
      };
      assert.deepEqual(
        [entries[0]?.['action'], entries[0]?.['from'], entries[0]?.['change']],
        ['settings-reloaded', 'signal', { changed: ['limits.connectionsPerAddress'], needsRestart: [] }],
      );
    });
  });

  test('a SIGHUP while it starts ends nothing, and is followed', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'reload-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const dataFile = join(folder, 'proxy.db');
    await using program = new Launched([...FREE_PORTS, '--db.path', dataFile]);
    await eventually(
      () => existsSync(dataFile),
      () => 'its data file',
      20_000,
    );
    program.signal('SIGHUP');
    await program.waitForOutput('configuration read again');
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test('bans: the threshold of now counts', async () => {
    await withFile('limits: {refusalDelayMs: 0}\n', async (farm, write) => {
      const { program } = farm;
      await write('limits: {refusalDelayMs: 0}\nbans: {threshold: 1}\n');
      assert.deepEqual(await reload(program), { changed: ['bans.threshold'], needsRestart: [] });
      const stranger = await farm.scriptedMiner({ user: 'ffffffffffffffff' });
      await stranger.subscribe();
      stranger.sendAuthorize();
      await program.metricsWhere(
        (figures) => figures.sum('stratum_proxy_banned_addresses') === 1,
        'one failed login is enough now',
      );
    });
  });

  test('web: tokens, names and the rate of requests', async () => {
    await withFile('', async ({ program }, write) => {
      await write('web: {rateLimitPerMinute: 3}\n');
      await reload(program);
      const statuses = [];
      for (let i = 0; i < 5; i += 1) statuses.push((await program.get('/api/v1/version')).status);
      assert.ok(statuses.includes(429), String(statuses));
    });
    const token = 'sp_a-token-of-the-test';
    await withFile('', async ({ program }, write) => {
      await write(`web: {tokens: ['admin:${hashToken(token)}']}\n`);
      assert.deepEqual(await reload(program), { changed: ['web.tokens'], needsRestart: [] });
      assert.equal((await program.get('/api/v1/users')).status, 401);
      const admin = { authorization: `Bearer ${token}` };
      assert.equal((await program.get('/api/v1/users', admin)).status, 200);
      const other = 'sp_another-token-of-the-test';
      await write(`web: {tokens: ['admin:${hashToken(other)}']}\n`);
      const replaced = await program.request('POST', '/api/v1/reload', { headers: admin });
      assert.deepEqual(replaced.json, { changed: ['web.tokens'], needsRestart: [] });
      assert.equal((await program.get('/api/v1/users', admin)).status, 401);
      assert.equal((await program.get('/api/v1/users', { authorization: `Bearer ${other}` })).status, 200);
    });
  });

  test('a file with faults is refused with all of them, and what was in force stays', async () => {
    await withFile('metrics: {maxWorkers: 7}\n', async ({ program }, write) => {
      await write('metrics: {maxWorkers: 8, tga: x}\nbans:\n  threshold: many\n');
      const { status, json } = await program.request('POST', '/api/v1/reload');
      const { code, problems } = (json as { readonly error: { code: string; problems: readonly string[] } })
        .error;
      assert.deepEqual([status, code, problems.length], [422, 'invalid-settings', 2]);
      assert.match(problems[0] ?? '', /proxy\.yaml:1:\d+: metrics\.tga: unknown key/);
      assert.match(problems[1] ?? '', /proxy\.yaml:3:\d+: bans\.threshold: must be/);
      assert.equal((await program.metrics()).sum('stratum_proxy_miner_series_limit'), 7);
      await write('metrics: {maxWorkers: 9}\n');
      await reload(program);
      assert.equal((await program.metrics()).sum('stratum_proxy_miner_series_limit'), 9);
    });
  });

  test('the last token of an API that others reach is not taken away', async () => {
    const token = 'sp_a-token-of-the-test';
    const tokens = `web: {tokens: ['admin:${hashToken(token)}']}\n`;
    await withFile(
      tokens,
      async ({ program }, write) => {
        await write('');
        const { status, text } = await program.request('POST', '/api/v1/reload');
        assert.equal(status, 422, text);
        assert.match(text, /lets other machines call the API/);
        assert.equal((await program.get('/api/v1/users')).status, 200);
      },
      { token, flags: ['--web.addr', '0.0.0.0:0'] },
    );
  });

  test('the last token that administers the API is not taken away either where only this machine reaches it', async () => {
    const token = 'sp_a-token-of-the-test';
    const tokens = `web: {tokens: ['admin:${hashToken(token)}']}\n`;
    await withFile(tokens, async ({ program }, write) => {
      const headers = { authorization: `Bearer ${token}` };
      for (const text of ['', `web: {tokens: ['read:${hashToken(token)}']}\n`]) {
        await write(text);
        const refusedReload = await program.request('POST', '/api/v1/reload', { headers });
        assert.equal(refusedReload.status, 422, refusedReload.text);
        assert.match(refusedReload.text, /keep one, run/);
      }
      program.signal('SIGHUP');
      await program.waitForLine(({ msg }) =>
        msg.startsWith('the configuration that was read again has a fault'),
      );
      assert.equal((await program.get('/api/v1/users')).status, 401);
      // With another one in the data file the one of the configuration may go.
      const added = await program.request('POST', '/api/v1/tokens', { headers, body: { scope: 'admin' } });
      assert.equal(added.status, 201, added.text);
      await write('');
      assert.equal((await program.request('POST', '/api/v1/reload', { headers })).status, 200);
      assert.equal((await program.get('/api/v1/users', headers)).status, 401);
    });
  });

  test('the last token of all is not taken away by a reload, whatever it may do', async () => {
    const token = 'sp_a-token-of-the-test';
    await withFile(`web: {tokens: ['read:${hashToken(token)}']}\n`, async ({ program }, write) => {
      await write('');
      program.signal('SIGHUP');
      await program.waitForLine(({ msg }) =>
        msg.startsWith('the configuration that was read again has a fault'),
      );
      assert.equal((await program.get('/api/v1/version')).status, 401);
    });
  });

  test('another certificate: miners that connect from then on get it; one that cannot be used is refused', async () => {
    await withFile('', async ({ program }, write, directory) => {
      const before = await fingerprintAt(program);
      const { key, certificate } = makeSelfSigned({
        names: ['other.example'],
        notBefore: new Date(Date.now() - 86_400_000),
        notAfter: new Date(Date.now() + 30 * 86_400_000),
      });
      const cert = join(directory, 'cert.pem');
      await writeFile(cert, key + certificate);
      await write(`tls: {cert: ${cert}}\n`);
      assert.deepEqual(await reload(program), { changed: ['tls.cert'], needsRestart: [] });
      const after = await fingerprintAt(program);
      assert.notEqual(after, before);
      await write('tls: {cert: /nowhere/cert.pem}\nmetrics: {maxWorkers: 7}\n');
      const bad = await program.request('POST', '/api/v1/reload');
      assert.deepEqual([bad.status, bad.text.includes('/nowhere/cert.pem')], [422, true]);
      assert.equal(await fingerprintAt(program), after);
      await write('tls: {mode: off}\n');
      await reload(program);
      await assert.rejects(fingerprintAt(program));
    });
  });

  test('vardiff and rental: miners that come from then on, and those of an account that is mined otherwise now', async () => {
    await withFile('rental: {mode: account}\n', async (farm, write) => {
      const { program } = farm;
      const pool = await farm.scriptedPool();
      const { json } = await program.post('/api/v1/users', { pool: `127.0.0.1:${pool.port}`, user: 'w' });
      const name = String((json as Json)['name']);
      const market = await farm.scriptedMiner({ user: name, agent: 'NiceHash/1.0.0' });
      await market.subscribe();
      market.sendAuthorize();
      await pool.login();
      await write('rental: {mode: dedicated}\nvardiff: {sharesPerMinute: 30}\n');
      assert.deepEqual(await reload(program), {
        changed: ['vardiff.sharesPerMinute', 'rental.mode'],
        needsRestart: [],
      });
      // A connection to the pool of its own: the market moves there.
      await pool.login();
    });
  });
});
