import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import type { PoolOptions } from '../../src/domain/pool-options.ts';
import { makeSelfSigned } from '../../src/net/self-signed.ts';
import { rejectedTotal } from '../../src/practice/pool-books.ts';
import type { PracticePool, PracticePoolOptions } from '../../src/practice/practice-pool.ts';
import { Farm, OUT_OF_REACH } from '../support/farm.ts';
import { mining } from '../support/settings-bed.ts';
import { until } from '../support/until.ts';

const SUGGEST = 'mining.suggest_difficulty';
const EASY = 400 / 2 ** 32;

/** A practice pool that is listed with these options. */
async function listed(
  farm: Farm,
  options: Partial<PoolOptions>,
  pool: PracticePoolOptions = {},
): Promise<PracticePool> {
  const started = await farm.pool({ difficulty: EASY, ...pool }, false);
  const { status, text } = await farm.program.post('/api/v1/pools', {
    pool: formatEndpoint(started.endpoint),
    algorithm: 'sha256d',
    options,
  });
  assert.equal(status, 201, text);
  return started;
}

async function account(
  farm: Farm,
  pool: PracticePool,
  mode: 'auto' | 'dedicated',
  some: object = {},
): Promise<string> {
  const body = { pool: formatEndpoint(pool.endpoint), user: 'wallet', password: 'hunter2', mode, ...some };
  const { status, text, json } = await farm.program.post('/api/v1/users', body);
  assert.equal(status, 201, text);
  return (json as { readonly name: string }).name;
}

async function change(farm: Farm, pool: PracticePool, body: object): Promise<void> {
  const { status, text } = await farm.program.request(
    'PATCH',
    `/api/v1/pools/${formatEndpoint(pool.endpoint)}`,
    {
      body,
    },
  );
  assert.equal(status, 200, text);
}

/** How often each connection to the pool was asked for a difficulty, and which it has. */
function asked(pool: PracticePool): readonly (readonly [times: number, difficulty: number | null])[] {
  return pool.connections.map(({ methods, difficulty }) => [
    methods.filter((method) => method === SUGGEST).length,
    difficulty,
  ]);
}

/** The first connection that fails when the clock is turned. */
async function afterTurn(farm: Farm, byMs: number) {
  await farm.program.turnClock(byMs);
  return await farm.program.waitForLine(({ msg }) => msg === 'pool connection failed');
}

describe('suggestDifficulty', { concurrency: 2 }, () => {
  test('the pool is asked for it after each login, once, and mining goes on at it', async () => {
    await using farm = await Farm.open();
    const pool = await listed(farm, { suggestDifficulty: EASY / 2 });
    const name = await account(farm, pool, 'auto');
    const miners = ['1', '2'].map((worker) => farm.miner(`${name}.${worker}`));
    await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 3)));
    assert.deepEqual(asked(pool), [[1, EASY / 2]]);

    pool.dropConnections();
    await until(
      () => asked(pool).length === 1 && asked(pool)[0]?.[1] === EASY / 2,
      () => `the difficulty asked for again: ${JSON.stringify(asked(pool))}`,
    );
    assert.deepEqual(asked(pool), [[1, EASY / 2]]);
    const before = pool.stats.accepted;
    await until(() => pool.stats.accepted > before, 'shares on the new connection');
    assert.equal(rejectedTotal(pool.stats), 0);
    for (const { stats } of miners) assert.deepEqual([stats.connections, stats.violations], [1, []]);
  });

  test('a miner with a connection of its own and a wish of its own gets its wish, another what the operator wants', async () => {
    await using farm = await Farm.open();
    const pool = await listed(farm, { suggestDifficulty: 55 }, { difficulty: OUT_OF_REACH });
    const name = await account(farm, pool, 'dedicated');
    const early = await farm.scriptedMiner({ user: `${name}.early` });
    await early.subscribe();
    await early.call({ id: 3, method: SUGGEST, params: [99] });
    early.sendAuthorize();
    await early.nextMethod('mining.notify');
    // Wishes when it is logged in, as most do: then the pool hears of both, the wish last.
    await mining(farm.miner(`${name}.late`, { sendSuggestDifficulty: 77 }));
    await mining(farm.miner(`${name}.content`));
    const sorted = (): readonly (readonly [number, number | null])[] =>
      asked(pool).toSorted(([, a], [, b]) => (a ?? 0) - (b ?? 0));
    const expected = [
      [1, 55],
      [2, 77],
      [1, 99],
    ];
    await until(
      () => JSON.stringify(sorted()) === JSON.stringify(expected),
      () => `what each asked for: ${JSON.stringify(sorted())}`,
    );
  });

  test("where miners' wishes are never passed on, the operator's is", async () => {
    await using farm = await Farm.open({ flags: ['--upstream.suggestDifficulty', 'never'] });
    const pool = await listed(farm, { suggestDifficulty: 55 }, { difficulty: OUT_OF_REACH });
    await mining(farm.miner(await account(farm, pool, 'dedicated'), { sendSuggestDifficulty: 77 }));
    await until(() => asked(pool)[0]?.[1] === 55, 'the difficulty of the operator');
    assert.deepEqual(asked(pool), [[1, 55]]);
  });

  test('a pool that closes on it is left in peace, and mined on', async () => {
    await using farm = await Farm.open();
    const pool = await listed(farm, { suggestDifficulty: 55 }, { suggestDifficulty: 'close' });
    const name = await account(farm, pool, 'auto');
    const miner = farm.miner(name);
    // The first shares may count before the pool closes.
    await until(() => pool.stats.connectionsTotal === 2, 'the second connection to the pool');
    const before = miner.stats.accepted;
    await miner.waitFor(({ accepted }) => accepted >= before + 3, 10_000);
    await until(
      () => asked(pool)[0]?.[1] === EASY,
      () => `the connection in peace: ${JSON.stringify(asked(pool))}`,
    );
    assert.deepEqual(asked(pool), [[0, EASY]]);
    assert.equal(pool.stats.connectionsTotal, 2);
    assert.equal(miner.stats.connections, 1);
  });
});

describe('passwordTemplate', { concurrency: 2 }, () => {
  test('makes the password of the login and of every further name, and is read by the pool', async () => {
    await using farm = await Farm.open();
    const options = { suggestDifficulty: EASY / 2, passwordTemplate: '{password},d={difficulty}' };
    const pool = await listed(farm, options, {
      credentials: new Map([['wallet', `hunter2,d=${EASY / 2}`]]),
      difficultyTiming: 'after-authorize-again',
      suggestDifficulty: 'ignore',
    });
    const name = await account(farm, pool, 'auto', { workerTemplate: '{user}.{worker}' });
    const miner = farm.miner(`${name}.rig`);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    await until(
      () => [...(pool.connections[0]?.users ?? [])].includes('wallet.rig'),
      "the miner's own name at the pool",
    );
    assert.equal(pool.stats.authorizeFailures, 0);
    pool.newJob();
    await until(() => pool.connections[0]?.difficulty === EASY / 2, "the password's difficulty");
    assert.deepEqual(miner.stats.violations, []);
  });

  test('a fixed text is sent as it is, and without a template the password', async () => {
    await using farm = await Farm.open();
    for (const [options, password] of [
      [{ passwordTemplate: 'anything' }, 'anything'],
      [{}, 'hunter2'],
    ] as const) {
      const pool = await listed(farm, options, { credentials: new Map([['wallet', password]]) });
      await mining(farm.miner(await account(farm, pool, 'dedicated')));
    }
  });
});

describe('jobTimeoutSeconds', { concurrency: 2 }, () => {
  // No share is on its way to a pool when the clock is turned: one that is not answered in time counts against the pool too.
  const quiet = { difficulty: OUT_OF_REACH };

  test('a connection without a job for longer is dialled again, another pool’s is not', async () => {
    await using farm = await Farm.open({ hasTurnableClock: true });
    const strict = await listed(farm, { jobTimeoutSeconds: 10 }, quiet);
    const usual = await listed(farm, {}, quiet);
    for (const pool of [strict, usual]) await mining(farm.miner(await account(farm, pool, 'auto')));
    await farm.program.turnClock(8000);
    const { reason } = await afterTurn(farm, 3000);
    assert.match(String(reason), /^silence: no job for 1[01] s$/);
    await until(() => strict.stats.connectionsTotal === 2, 'the strict one dialled again');
    assert.equal(usual.stats.connectionsTotal, 1);
  });

  test('a pool may be given more time than its usual interval says', async () => {
    await using farm = await Farm.open({
      hasTurnableClock: true,
      flags: ['--upstream.silenceMs', '86400000', '--upstream.holdSeconds', '3600'],
    });
    const patient = await listed(farm, { jobTimeoutSeconds: 3600 }, quiet);
    const usual = await listed(farm, {}, quiet);
    for (const pool of [patient, usual]) await mining(farm.miner(await account(farm, pool, 'auto')));
    const { pool, reason } = await afterTurn(farm, 400_000);
    assert.deepEqual([pool, reason], [formatEndpoint(usual.endpoint), 'silence: no job for 400 s']);
    await until(() => usual.stats.connectionsTotal === 2, 'the usual one dialled again');
    assert.equal(patient.stats.connectionsTotal, 1);
  });
});

test('a change reaches the miners at once, on the connections they have', async () => {
  await using farm = await Farm.open({ flags: ['--upstream.lingerMs', '300'] });
  const pool = await listed(
    farm,
    {},
    { credentials: new Map([['wallet', 'hunter2']]), difficultyTiming: 'after-authorize-again' },
  );
  const shared = farm.miner(`${await account(farm, pool, 'auto')}.a`);
  const dedicated = farm.miner(`${await account(farm, pool, 'dedicated', { user: 'wallet.d' })}.b`);
  const miners = [shared, dedicated];
  await Promise.all(miners.map((miner) => miner.waitFor(({ accepted }) => accepted >= 3)));
  const before = new Set(pool.connections.map(({ number }) => number));
  assert.equal(before.size, 2);
  const clean = miners.map(({ stats }) => stats.cleanJobs);

  await change(farm, pool, { options: { suggestDifficulty: EASY / 4 } });
  await Promise.all(
    miners.map((miner, at) => miner.waitFor(({ cleanJobs }) => cleanJobs > (clean[at] ?? 0))),
  );
  await until(
    () => pool.connections.length === 2 && pool.connections.every(({ number }) => !before.has(number)),
    () => `the old connections left: ${pool.connections.map(({ number }) => number).join()}`,
  );
  await until(
    () => asked(pool).every(([times, difficulty]) => times === 1 && difficulty === EASY / 4),
    () => JSON.stringify(asked(pool)),
  );

  // One that the pool does not take: the miners stay where they are.
  const { connectionsTotal } = pool.stats;
  await change(farm, pool, { options: { passwordTemplate: 'wrong' } });
  await until(() => pool.stats.authorizeFailures > 0, 'a login with the wrong password');
  const accepted = miners.map(({ stats }) => stats.accepted);
  await Promise.all(
    miners.map((miner, at) => miner.waitFor((books) => books.accepted > (accepted[at] ?? 0) + 3)),
  );
  assert.ok(pool.stats.connectionsTotal > connectionsTotal);

  await change(farm, pool, { options: null });
  for (const { stats } of miners) {
    // What a miner had on its way when it was moved is of a job of before.
    const reasons = [...stats.reasons.keys()].filter((reason) => reason !== 'Stale share');
    assert.deepEqual([stats.connections, reasons, stats.violations], [1, [], []]);
  }
  assert.equal(rejectedTotal(pool.stats), 0);
  const { json } = await farm.program.get('/api/v1/pools?search=127.0.0.1');
  assert.deepEqual((json as { readonly pools: readonly { readonly options: object }[] }).pools[0]?.options, {
    suggestDifficulty: null,
    passwordTemplate: null,
    jobTimeoutSeconds: null,
    tlsVerify: null,
    tlsFingerprint: null,
    via: null,
  });
});

async function behindTls(farm: Farm, options: Partial<PoolOptions>): Promise<PracticePool> {
  const now = Date.now();
  const { key, certificate } = makeSelfSigned({
    names: ['pool.example'],
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 86_400_000),
  });
  const pool = await farm.pool({ difficulty: EASY, tls: { key, cert: certificate } }, false);
  const body = { pool: formatEndpoint(pool.endpoint), algorithm: 'sha256d', tls: true, options };
  const { status, text } = await farm.program.post('/api/v1/pools', body);
  assert.equal(status, 201, text);
  return pool;
}

describe('a pool behind TLS whose certificate nobody has signed', { concurrency: 2 }, () => {
  test('is refused by a message with the fingerprint, and mined on by the same miner once that is pinned', async () => {
    await using farm = await Farm.open();
    const pool = await behindTls(farm, {});
    const miner = farm.miner(await account(farm, pool, 'auto'));
    const { reason } = await farm.program.waitForLine(({ msg }) => msg === 'pool connection failed');
    const fingerprint = /self-signed; pin its fingerprint sha256:([0-9a-f]{64}) /.exec(String(reason))?.[1];
    assert.ok(fingerprint !== undefined, String(reason));
    assert.equal(pool.stats.connectionsTotal, 0);
    await change(farm, pool, { options: { tlsFingerprint: fingerprint.toUpperCase() } });
    await miner.waitFor(({ accepted }) => accepted >= 3, 15_000);
    assert.equal(rejectedTotal(pool.stats), 0);
  });

  test('is mined on where nothing is to be verified', async () => {
    await using farm = await Farm.open();
    const pool = await behindTls(farm, { tlsVerify: false });
    await farm.miner(await account(farm, pool, 'dedicated')).waitFor(({ accepted }) => accepted >= 3);
  });
});
