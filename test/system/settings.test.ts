import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type KeyName, keys } from '../../src/config/schema.ts';
import { createToken, hashToken } from '../../src/http/auth.ts';
import { Farm, OUT_OF_REACH, sharesOf } from '../support/farm.ts';
import { Program } from '../support/program.ts';
import {
  effect,
  loggedIn,
  mining,
  onScriptedPool,
  refusals,
  refused,
  seenKeys,
} from '../support/settings-bed.ts';
import { until } from '../support/until.ts';

/** Keys whose effect on the running program is seen in another file. */
const ELSEWHERE: Readonly<Record<string, readonly KeyName[]>> = {
  './shared.test.ts': [
    'upstream.maxSessions',
    'vardiff.sharesPerMinute',
    'failover.standby',
    'failover.returnAfterSeconds',
    'failover.refuseAfterSeconds',
    'rental.mode',
    'rental.minDifficulty',
  ],
  'management.test.ts': ['users.expireAfter', 'audit.keepDays'],
  'events.test.ts': ['events.keep', 'events.keepDays'],
  'reverse-proxy.test.ts': ['web.trustedProxies'],
  'program.test.ts': ['stratum.addr', 'web.addr', 'db.path'],
  'commands.test.ts': ['log.level', 'log.format', 'syslog'],
  'translations.test.ts': ['ethashCaches'],
  'fleet-api.test.ts': ['web.streams'],
  'verify.test.ts': ['verify', 'verifyPerSecond'],
  'one-port.test.ts': ['stratum.listeners', 'stratum.trustedProxies', 'tls.mode', 'tls.cert', 'tls.key'],
  'failing-pools.test.ts': ['upstream.submitTimeoutMs', 'upstream.silenceMs'],
  'shutdown.test.ts': ['shutdown.drainMs'],
  'history.test.ts': [
    'history.writeSeconds',
    'history.keepMinutesDays',
    'history.keepTenMinutesDays',
    'history.keepHoursDays',
  ],
  'settings-pools.test.ts': [
    'upstream.agent',
    'upstream.versionMask',
    'upstream.suggestDifficulty',
    'upstream.dialTimeoutMs',
    'upstream.callTimeoutMs',
    'upstream.configureTimeoutMs',
    'upstream.retryMinMs',
    'upstream.retryMaxMs',
    'upstream.authorizeWaitMs',
    'upstream.holdSeconds',
    'upstream.lingerMs',
    'upstream.refreshMs',
    'extranonce.prefixBytes',
    'extranonce.sizeBytes',
    'session.resumeSeconds',
    'session.hintSeconds',
  ],
};

test('every key of the configuration is wired: its effect is seen here or in the file that is named for it', async () => {
  const seen = [...seenKeys, ...Object.values(ELSEWHERE).flat()];
  assert.deepEqual(seen.sort(), [...keys().keys()].sort());
  for (const [file, elsewhere] of Object.entries(ELSEWHERE)) {
    const text = await readFile(new URL(file, import.meta.url), 'utf8');
    for (const key of elsewhere) assert.ok(text.includes(key), `${key} in ${file}`);
  }
});

describe('web and metrics', { concurrency: 2 }, () => {
  const tokens = { read: createToken(), register: createToken(), admin: createToken() };
  const scopes = ['read', 'register', 'admin'] as const;
  effect(
    'each token may do what its scope says, and nobody without one anything but ask for health',
    { 'web.tokens': scopes.map((scope) => `${scope}:${hashToken(tokens[scope])}`).join(',') },
    async ({ program }) => {
      const pool = { pool: '127.0.0.1:3333', algorithm: 'sha256d' };
      const user = { pool: '127.0.0.1:3333', user: 'wallet', password: 'x' };
      const calls: readonly (readonly [string, string, unknown, Readonly<Record<string, number>>])[] = [
        ['GET', '/api/v1/health', undefined, { none: 200, wrong: 200, read: 200, register: 200, admin: 200 }],
        ['POST', '/api/v1/pools', pool, { none: 401, wrong: 401, read: 403, register: 403, admin: 201 }],
        ['POST', '/api/v1/users', user, { none: 401, wrong: 401, read: 403, admin: 201, register: 200 }],
        ['GET', '/api/v1/pools', undefined, { none: 401, wrong: 401, read: 200, register: 200, admin: 200 }],
        ['GET', '/api/v1/ready', undefined, { none: 401, wrong: 401, read: 200, register: 403, admin: 200 }],
        ['GET', '/metrics', undefined, { none: 401, wrong: 401, read: 200, register: 403, admin: 200 }],
      ];
      const held: Readonly<Record<string, string>> = { ...tokens, wrong: createToken() };
      for (const [method, path, body, expected] of calls) {
        for (const [who, status] of Object.entries(expected)) {
          const token = held[who];
          const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
          const answer = await program.request(method, path, { body, headers });
          assert.equal(answer.status, status, `${who}: ${method} ${path}: ${answer.text}`);
        }
      }
    },
  );

  effect(
    'further names, larger bodies refused, requests per minute counted',
    { 'web.allowedHosts': 'farm.example', 'web.bodyBytes': 1024, 'web.rateLimitPerMinute': 12 },
    async ({ program }) => {
      const statusFor = async (host: string): Promise<number> => await statusOf(program, host);
      assert.equal(await statusFor('farm.example'), 200);
      assert.equal(await statusFor('other.example'), 421);
      const registration = { pool: '127.0.0.1:3333', user: 'wallet' };
      const size = JSON.stringify({ ...registration, label: '' }).length;
      for (const [bytes, status] of [
        [1024, 404],
        [1025, 413],
      ] as const) {
        const answer = await program.post('/api/v1/users', {
          ...registration,
          label: 'l'.repeat(bytes - size),
        });
        // At most a label too long; not the body.
        assert.equal(answer.status === 413, status === 413, `${bytes}: ${answer.status} ${answer.text}`);
      }
      const statuses: number[] = [];
      for (let call = 0; call < 12; call += 1) statuses.push((await program.get('/api/v1/version')).status);
      const counted = statuses.indexOf(429);
      // Some have been made above.
      assert.ok(counted >= 7 && counted < 12, statuses.join(' '));
      assert.equal((await program.get('/api/v1/health')).status, 200, 'supervisors are not counted');
    },
  );

  effect(
    'the label of the metrics; above the number no series of single miners',
    { 'metrics.tag': 'hall 3', 'metrics.maxWorkers': 1 },
    async (farm) => {
      const pool = await farm.pool({ difficulty: OUT_OF_REACH });
      const account = await farm.account(pool, 'wallet');
      await mining(farm.miner(`${account}.1`));
      const one = await farm.program.metrics();
      assert.equal(one.sum('proxy_worker_up', { proxy: 'hall 3' }), 1);
      assert.equal(one.value('stratum_proxy_miner_series_suppressed'), 0);
      assert.equal(one.value('stratum_proxy_miner_series_limit'), 1);
      await mining(farm.miner(`${account}.2`));
      const two = await farm.program.metrics();
      assert.equal(two.value('stratum_proxy_miner_series_suppressed'), 1);
      assert.equal(two.series('proxy_worker_up').length + two.series('proxy_worker_sended').length, 0);
      assert.equal(two.sum('stratum_proxy_pool_sessions'), 2, 'the rest stays');
      assert.equal(two.sum('proxy_pool_up', { proxy: 'hall 3' }), 1);
    },
  );

  test('a file, the environment and flags set the same keys, each stronger than the one before', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
    try {
      const file = join(directory, 'proxy.yaml');
      await writeFile(file, 'metrics:\n  tag: of the file\n  maxWorkers: 11\nlimits:\n  lineBytes: 1024\n');
      await using farm = await Farm.open({
        env: {
          STRATUM_PROXY_CONFIG: file,
          STRATUM_PROXY_METRICS_TAG: 'of the environment',
          STRATUM_PROXY_METRICS_MAX_WORKERS: '12',
        },
        flags: ['-metrics.maxWorkers=13'],
      });
      await mining(farm.miner(await farm.account(await farm.pool(), 'wallet')));
      const figures = await farm.program.metrics();
      assert.equal(figures.sum('proxy_worker_up', { proxy: 'of the environment' }), 1);
      assert.equal(figures.value('stratum_proxy_miner_series_limit'), 13);
      const miner = await farm.scriptedMiner();
      miner.send('x'.repeat(1100));
      await miner.closed();
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('without metrics.tag the label is the stratum address', async () => {
    await using farm = await Farm.open();
    await mining(farm.miner(await farm.account(await farm.pool(), 'wallet')));
    assert.equal((await farm.program.metrics()).sum('proxy_worker_up', { proxy: '127.0.0.1:0' }), 1);
  });
});

describe('limits and bans', { concurrency: 2 }, () => {
  test('without limits.connections there are as many as the limit of open files allows: two for a miner that may need its own pool connection', {
    skip: process.platform !== 'linux',
  }, async () => {
    // 128 are the program's own.
    const openFiles = 128 + 2 * 20;
    await using farm = await Farm.open({ openFiles });
    for (let count = 0; count < 20; count += 1) await (await farm.scriptedMiner()).subscribe();
    await (await farm.scriptedMiner()).closed();
    await refused(farm.program, { 'global-cap': 1 });
    await farm.program.stop();

    await using sharing = await Farm.open({ openFiles });
    const user = await sharing.account(await sharing.pool(), 'wallet');
    const { status } = await sharing.program.request('PATCH', `/api/v1/users/${user}`, {
      body: { mode: 'shared' },
    });
    assert.equal(status, 200);
    for (let count = 0; count < 36; count += 1) {
      const miner = await sharing.scriptedMiner({ user });
      await miner.subscribe();
      assert.equal((await miner.authorize())['result'], true, `miner ${count} of a shared group`);
    }
    await sharing.program.stop();

    await using greedy = await Program.start({ openFiles, flags: ['--limits.connections', '50'] });
    const { mend } = await greedy.waitForLine(({ msg }) => msg.includes('limits.connections'));
    assert.match(String(mend), /raise it to 228/);
  });

  effect(
    'further connections are closed at once',
    { 'limits.connections': 4, 'limits.connectionsPerAddress': 2 },
    async (farm) => {
      for (const from of ['127.0.0.2', '127.0.0.2', '127.0.0.3']) {
        const miner = await farm.scriptedMiner({ from });
        await miner.subscribe();
      }
      await (await farm.scriptedMiner({ from: '127.0.0.2' })).closed();
      const last = await farm.scriptedMiner({ from: '127.0.0.4' });
      await last.subscribe();
      await (await farm.scriptedMiner({ from: '127.0.0.5' })).closed();
      await refused(farm.program, { 'address-cap': 1, 'global-cap': 1 });
      last.end();
      await until(async () => {
        const miner = await farm.scriptedMiner({ from: '127.0.0.5' });
        return await miner.subscribe().then(
          () => true,
          () => false,
        );
      }, 'a place that has become free');
    },
  );

  effect(
    'who says nothing, too much at once, or nothing any more is closed',
    { 'limits.handshakeMs': 5000, 'limits.lineBytes': 1024, 'limits.idleMs': 100_000 },
    async (farm) => {
      const long = await farm.scriptedMiner();
      long.send({ id: 1, method: 'mining.subscribe', params: ['x'.repeat(900)] });
      assert.equal((await long.next())['error'], null);
      long.send({ id: 1, method: 'mining.subscribe', params: ['x'.repeat(1100)] });
      assert.match(String((await long.next())['error']), /too long/);
      await long.closed();

      const pool = await farm.pool({ difficulty: OUT_OF_REACH });
      const account = await farm.account(pool, 'wallet');
      const silent = await farm.scriptedMiner();
      const miner = await loggedIn(farm, account);
      await farm.program.turnClock(4000);
      await miner.settled();
      await silent.subscribe();
      await farm.program.turnClock(1100);
      await silent.closed();
      assert.equal(miner.isClosed, false);
      await farm.program.turnClock(90_000);
      await miner.settled();
      await farm.program.turnClock(101_000);
      await miner.closed();
      await refused(farm.program, { 'line-too-long': 1, 'handshake-timeout': 1, 'idle-timeout': 1 });
    },
  );

  effect(
    "a pool's line longer than that counts as nonsense, and a miner that does not read is dropped",
    { 'limits.poolLineBytes': 20_000, 'limits.sendBufferBytes': 20_000 },
    async (farm) => {
      const long = await farm.pool({ coinbaseBytes: 12_000 });
      const waiting = farm.miner(await farm.account(long, 'wallet'));
      const line = await farm.program.waitForLine(({ msg }) => msg === 'pool connection failed');
      assert.match(String(line['reason']), /nonsense: line-too-long/);
      assert.equal(waiting.stats.jobs, 0);

      const pool = await farm.pool({ difficulty: OUT_OF_REACH, coinbaseBytes: 8000 });
      const miner = await loggedIn(farm, await farm.account(pool, 'wallet'));
      miner.socket.pause();
      await until(
        async () => {
          for (let job = 0; job < 50; job += 1) pool.newJob();
          return (await refusals(farm.program))['slow-reader'] === 1;
        },
        'the end of a miner that does not read',
        10_000,
      );
    },
  );

  effect(
    'a refused login is answered late, and shares beyond the number that may wait are refused',
    { 'limits.refusalDelayMs': 400, 'limits.pendingSubmits': 2 },
    async (farm) => {
      const stranger = await farm.scriptedMiner({ user: 'ffffffffffffffff' });
      await stranger.subscribe();
      const sinceMs = performance.now();
      await stranger.authorize();
      assert.ok(performance.now() - sinceMs >= 390, `${performance.now() - sinceMs} ms`);

      const { pool, miner, job } = await onScriptedPool(farm);
      for (const nonce of ['00000001', '00000002', '00000003']) miner.submit(job, { nonce });
      const peer = pool.peers[0];
      assert.ok(peer !== undefined);
      const first = await peer.nextMethod('mining.submit');
      const second = await peer.nextMethod('mining.submit');
      assert.deepEqual(sharesOf(await farm.program.metrics()), {
        received: 3,
        byResult: { rejected: 1 },
        inFlight: 2,
      });
      for (const { id } of [first, second]) peer.send({ id, result: true, error: null });
      const replies = [await miner.next(), await miner.next(), await miner.next()];
      assert.deepEqual(
        replies.map(({ result }) => result === true),
        [true, true, false],
        'in the order they came',
      );
    },
  );

  effect('a share for a job older than that many is refused here', { 'limits.jobsKept': 3 }, async (farm) => {
    const pool = await farm.pool({ difficulty: OUT_OF_REACH });
    const miner = await loggedIn(farm, await farm.account(pool, 'wallet'));
    const jobs = [await miner.nextMethod('mining.notify')];
    for (let more = 0; more < 3; more += 1) {
      pool.newJob();
      jobs.push(await miner.nextMethod('mining.notify'));
    }
    const codes: unknown[] = [];
    for (const job of jobs) {
      const id = miner.submit(job);
      const { error } = await miner.nextWhere((message) => message['id'] === id);
      codes.push((error as unknown[])[0]);
    }
    assert.deepEqual(codes, [21, 23, 23, 23]);
    assert.equal(pool.stats.submitted, 3);
  });

  effect(
    'so many failed logins in the window, and the address is refused for the duration',
    { 'bans.threshold': 3, 'bans.windowSeconds': 100, 'bans.durationSeconds': 1000 },
    async (farm) => {
      const fail = async (from: string): Promise<void> => {
        const miner = await farm.scriptedMiner({ user: 'ffffffffffffffff', from });
        await miner.subscribe();
        const failures = (): number =>
          farm.program.lines().filter(({ msg }) => msg === 'unknown user name').length;
        const before = failures();
        miner.sendAuthorize();
        // Its refusal is held back for a while.
        await until(() => failures() > before, 'a failed login');
        miner.end();
      };
      const isServed = async (from: string): Promise<boolean> => {
        const miner = await farm.scriptedMiner({ from });
        return await miner.subscribe().then(
          () => true,
          () => false,
        );
      };
      await fail('127.0.0.8');
      await fail('127.0.0.8');
      await farm.program.turnClock(101_000);
      await fail('127.0.0.8');
      assert.equal(await isServed('127.0.0.8'), true, 'what is past the window does not count');
      for (let failure = 0; failure < 3; failure += 1) await fail('127.0.0.9');
      assert.equal(await isServed('127.0.0.9'), false);
      assert.equal(await isServed('127.0.0.7'), true, 'nobody else is refused');
      assert.equal((await farm.program.metrics()).value('stratum_proxy_banned_addresses'), 1);
      await farm.program.turnClock(900_000);
      assert.equal(await isServed('127.0.0.9'), false);
      await farm.program.turnClock(101_000);
      assert.equal(await isServed('127.0.0.9'), true);
      await refused(farm.program, { banned: 2 });
    },
  );
});

/** The answer to a request that calls the program by another name. */
async function statusOf(program: Program, host: string): Promise<number> {
  const { hostname, port } = new URL(program.web);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = httpRequest({ hostname, port, path: '/api/v1/version', headers: { host } }, (response) => {
    response.resume();
    resolve(response.statusCode ?? 0);
  });
  request.on('error', reject);
  request.end();
  return await promise;
}
