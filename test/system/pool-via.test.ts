import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import { Farm } from '../support/farm.ts';
import { httpProxy, socksServer } from '../support/proxy-servers.ts';

/** Pools that are reached through a proxy, which may want a user and a password: those of no account, and shown to nobody. */

const EASY = 400 / 2 ** 32;
const LOGIN = { user: 'way.user-1', password: 'hunter2@WAY:/pass wörd' };
const IN_URL = `${LOGIN.user}:${encodeURIComponent(LOGIN.password)}`;
const BASIC = `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`;
/** Every form in which the password could come out. */
const SECRETS = [LOGIN.password, encodeURIComponent(LOGIN.password), 'hunter2', BASIC.slice('Basic '.length)];

async function open(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function assertWithout(text: string, secret: string): void {
  const at = text.indexOf(secret);
  assert.equal(at, -1, `…${text.slice(Math.max(0, at - 200), at + 100)}…`);
}

/** The two kinds of proxy, each noting where it was asked to go. */
const KINDS = [
  {
    kind: 'socks5',
    make: (isLocked: boolean, seen: string[]) => socksServer({ login: isLocked ? LOGIN : null }, seen),
  },
  {
    kind: 'http',
    make: (isLocked: boolean, seen: string[]) => httpProxy({ authorization: isLocked ? BASIC : null }, seen),
  },
] as const;

for (const { kind, make } of KINDS) {
  describe(`a pool behind a proxy that speaks ${kind}`, { concurrency: 2 }, () => {
    test('is mined on, without a login', async (t) => {
      const seen: string[] = [];
      const proxy = await open(t, make(false, seen));
      await using farm = await Farm.open();
      const pool = await farm.pool({ difficulty: EASY }, false);
      const address = formatEndpoint(pool.endpoint);
      const options = { via: `${kind}://${proxy}` };
      const added = await farm.program.post('/api/v1/pools', {
        pool: address,
        algorithm: 'sha256d',
        options,
      });
      assert.equal(added.status, 201, added.text);
      await farm.miner(await farm.account(pool, 'wallet')).waitFor(({ accepted }) => accepted >= 3);
      assert.deepEqual(seen, [address.replace(':', ' ')]);
    });

    test('is mined on with user and password, after a restart too, and neither log, answer nor metrics tell them', async (t) => {
      const seen: string[] = [];
      const proxy = await open(t, make(true, seen));
      const directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
      t.after(() => rm(directory, { recursive: true }));
      const dataFile = join(directory, 'proxy.db');
      await using farm = await Farm.open({ dataFile, flags: ['--log.level=trace'] });
      const { program } = farm;
      const heard: string[] = [];
      const ask = async (method: string, path: string, body?: object): Promise<number> => {
        const { status, text, headers } = await program.request(
          method,
          path,
          body === undefined ? {} : { body },
        );
        heard.push(text, JSON.stringify([...headers]));
        return status;
      };
      const pool = await farm.pool({ difficulty: EASY }, false);
      const address = formatEndpoint(pool.endpoint);
      const path = `/api/v1/pools/${address}`;
      const via = `${kind}://${IN_URL}@${proxy}`;
      const wrong = `${kind}://${LOGIN.user}:hunter2wrong@${proxy}`;
      const addition = { pool: address, algorithm: 'sha256d' };

      // First with a wrong password, which is told as what it is.
      assert.equal(await ask('POST', '/api/v1/pools', { ...addition, options: { via: wrong } }), 201);
      const name = await farm.account(pool, 'wallet');
      const miner = farm.miner(name);
      const { reason } = await program.waitForLine(({ msg }) => msg === 'pool connection failed');
      assert.equal(reason, `proxy-failed: proxy ${proxy}: does not take the user and password`);
      assert.equal(pool.stats.connectionsTotal, 0);

      // The right one reaches the miner where it stands.
      assert.equal(await ask('PATCH', path, { options: { via } }), 200);
      await miner.waitFor(({ accepted }) => accepted >= 3, 15_000);
      assert.ok(seen.includes(address.replace(':', ' ')), seen.join());
      assert.equal(rejectedTotal(pool.stats), 0);

      // What is shown is of no use as an input, and says so; all else is kept as it is.
      assert.equal(await ask('GET', '/api/v1/pools?search=127.0.0.1'), 200);
      const shown = `${kind}://${LOGIN.user}:***@${proxy}`;
      assert.ok(
        heard.some((text) => text.includes(`"via":"${shown}"`)),
        heard.join('\n'),
      );
      assert.equal(await ask('PATCH', path, { options: { via: shown } }), 422);
      assert.match(heard.at(-2) ?? '', /give the password, or leave \\"via\\" out/);
      assert.equal(
        await ask('PATCH', path, { label: 'far away', options: { suggestDifficulty: null } }),
        200,
      );
      assert.equal(await ask('POST', '/api/v1/pools', { ...addition, options: { via } }), 200);
      assert.equal(await ask('POST', '/api/v1/pools', { ...addition, options: { via: wrong } }), 409);
      for (const bad of [`${via}/`, via.replace(kind, 'socks4'), `${via}${'x'.repeat(3000)}`, [via]])
        assert.ok((await ask('PATCH', path, { options: { via: bad } })) >= 400);
      for (const test of [
        { pool: address, user: 'wallet', options: { via } },
        { pool: address, user: 'wallet', options: { via: wrong } },
      ])
        assert.equal(await ask('POST', '/api/v1/pools/test', test), 200);
      for (const one of [
        '/metrics',
        `/api/v1/users/${name}`,
        '/api/v1/users',
        '/api/v1/openapi.json',
        '/ready',
      ])
        await ask('GET', one);

      await program.stop();
      await using again = await Farm.open({ dataFile, flags: ['--log.level=trace'] });
      await again.miner(name).waitFor(({ accepted }) => accepted >= 3, 15_000);
      heard.push((await again.program.get('/metrics')).text);
      await again.program.stop();
      for (const one of [program, again.program]) heard.push(one.stdout, one.stderr);
      for (const text of heard) for (const secret of SECRETS) assertWithout(text, secret);
    });
  });
}

test('a CONNECT proxy that repeats the password in its refusal does not make us tell it', async (t) => {
  const status = `403 no ${LOGIN.user} hunter2 here`;
  const proxy = await open(t, httpProxy({ authorization: 'Basic other', status }, []));
  await using farm = await Farm.open({ flags: ['--log.level=trace'] });
  const pool = await farm.pool({ difficulty: EASY }, false);
  const options = { via: `http://${LOGIN.user}:hunter2@${proxy}` };
  const body = { pool: formatEndpoint(pool.endpoint), algorithm: 'sha256d', options };
  assert.equal((await farm.program.post('/api/v1/pools', body)).status, 201);
  farm.miner(await farm.account(pool, 'wallet'));
  const { reason } = await farm.program.waitForLine(({ msg }) => msg === 'pool connection failed');
  assert.match(String(reason), /answers 403 no way\.user-1 \*\*\* here/);
  const metrics = await farm.program.get('/metrics');
  assert.doesNotMatch(farm.program.stdout + farm.program.stderr + metrics.text, /hunter2/);
});
