import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { hashesOfDifficulty } from '../domain/difficulty.ts';
import { parseEndpoint } from '../domain/endpoint.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { formatRate, startDemo } from './demo.ts';
import { PracticePool } from './practice-pool.ts';

test('miners mine where they are told under the names they were given, and the table says so', async (t) => {
  // In the place of the proxy: a pool that takes sha256d shares, so half of the miners get theirs accepted.
  const stratum = new PracticePool({ log: silentLog, clock: systemClock }, { difficulty: 1e-7 });
  await stratum.start();
  t.after(() => stratum.stop());
  const pools: string[] = [];
  const accounts: string[] = [];
  const demo = await startDemo(
    {
      addPool(endpoint, algorithm) {
        assert.notEqual(parseEndpoint(endpoint), null);
        pools.push(algorithm);
        return Promise.resolve();
      },
      registerAccount(_endpoint, user, password) {
        assert.equal(password, 'x');
        accounts.push(user);
        return Promise.resolve(`name-of-${user}`);
      },
    },
    { stratum: stratum.endpoint },
  );
  t.after(() => demo.stop());
  assert.deepEqual(pools, ['sha256d', 'scrypt', 'randomx']);
  assert.deepEqual(accounts, ['demo-sha256d', 'demo-scrypt', 'demo-randomx']);
  await stratum.waitFor(
    ({ users, accepted }) =>
      accepted > 10 && users.has('name-of-demo-sha256d.rig1') && users.has('name-of-demo-sha256d.rig2'),
  );
  const stats = demo.stats();
  assert.deepEqual(
    stats.map(({ name, algorithm }) => [name, algorithm]),
    [
      ['name-of-demo-sha256d.rig1', 'sha256d'],
      ['name-of-demo-sha256d.rig2', 'sha256d'],
      ['name-of-demo-scrypt.rig1', 'scrypt'],
      ['name-of-demo-scrypt.rig2', 'scrypt'],
      ['name-of-demo-randomx.rig1', 'randomx'],
      ['name-of-demo-randomx.rig2', 'randomx'],
    ],
  );
  const lines = demo.renderStatus().split('\n');
  assert.equal(lines.length, 7);
  assert.match(lines[0] ?? '', /^miner +algorithm +pool +hashrate +accepted +rejected$/);
  assert.match(
    lines[1] ?? '',
    /^name-of-demo-sha256d\.rig1 +sha256d +127\.0\.0\.1:\d+ +[\d.]+ k?H\/s +\d+ +0$/,
  );
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
});

/** The first difficulty that a pool tells a newcomer. */
async function difficultyOf(t: TestContext, endpoint: string): Promise<number> {
  const address = parseEndpoint(endpoint);
  assert.ok(address !== null);
  const socket = connect(address);
  t.after(() => socket.destroy());
  socket.write('{"id":1,"method":"mining.subscribe","params":[]}\n');
  for await (const line of createInterface(socket)) {
    const message = JSON.parse(line) as { method?: string; params?: [number] };
    if (message.method === 'mining.set_difficulty') return message.params?.[0] ?? 0;
  }
  throw new Error('no difficulty came');
}

test('the difficulties fit the pace that was asked for', async (t) => {
  const endpoints: string[] = [];
  const demo = await startDemo(
    {
      addPool(endpoint) {
        endpoints.push(endpoint);
        return Promise.resolve();
      },
      registerAccount: () => Promise.resolve('name'),
    },
    { stratum: { host: '127.0.0.1', port: 9 }, sharesPerMinute: 60 },
  );
  t.after(() => demo.stop());
  const [sha256d = 0, scrypt = 0] = await Promise.all(
    endpoints.slice(0, 2).map((endpoint) => difficultyOf(t, endpoint)),
  );
  // One share per second and miner: as many hashes as the miner does in that time.
  assert.ok(Math.abs(hashesOfDifficulty(sha256d, 1) / 80_000 - 1) < 0.05);
  assert.ok(Math.abs(hashesOfDifficulty(scrypt, 65536) / 200 - 1) < 0.05);
  assert.match(demo.renderStatus(), /not mining/);
});

test('a registration that fails ends everything and says why', async () => {
  await assert.rejects(
    startDemo(
      {
        addPool: () => Promise.reject(new Error('the store is read-only')),
        registerAccount: () => Promise.resolve('name'),
      },
      { stratum: { host: '127.0.0.1', port: 9 } },
    ),
    /read-only/,
  );
});

test('rates are short', () => {
  assert.deepEqual([0, 5, 99.96, 200, 999.6, 61_234, 999_499, 1e15].map(formatRate), [
    '0 H/s',
    '5.00 H/s',
    '100 H/s',
    '200 H/s',
    '1.00 kH/s',
    '61.2 kH/s',
    '999 kH/s',
    '1.00 PH/s',
  ]);
});
