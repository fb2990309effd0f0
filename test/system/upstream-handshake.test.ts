import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { LinePeer, Message } from '../support/line-peer.ts';
import { testAccount } from '../support/proxy-bed.ts';
import { ACCOUNT, openRoom, type ProxyRoom } from '../support/proxy-room.ts';
import { jobId, kindOf, paramsOf } from '../support/scripted-miner.ts';
import { notify, quietPort, ScriptedPool, setDifficulty } from '../support/scripted-pool.ts';
import {
  coinb1,
  configured,
  isClean,
  JOB,
  nextWork,
  subscribed,
  waitingMiner,
  yes,
} from '../support/transcript.ts';

const SUITE = { concurrency: true, timeout: 15_000 };

/** The pool's next connection up to the point where authorize has been asked. */
async function askedToAuthorize(room: ProxyRoom): Promise<{ peer: LinePeer; authorize: Message }> {
  const peer = await room.pool.connection();
  peer.send(configured((await peer.nextMethod('mining.configure'))['id']));
  peer.send(subscribed((await peer.nextMethod('mining.subscribe'))['id']));
  return { peer, authorize: await peer.nextMethod('mining.authorize') };
}

describe('logging in at a pool', SUITE, () => {
  test('asks one thing at a time, with the credentials as registered', async () => {
    const other = 'aaaaaaaaaaaaaaaa';
    const user = 'wället."x"\\.rig';
    const password = 'p@ss "wörd"';
    await using room = await openRoom(
      {},
      { accounts: (port) => [testAccount(other, { host: '127.0.0.1', port }, { user, password })] },
    );
    const miner = await room.miner({ user: other });
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await room.pool.connection();

    const configure = await peer.next();
    assert.equal(configure['method'], 'mining.configure');
    assert.deepEqual(paramsOf(configure)[0], ['version-rolling']);
    assert.equal((paramsOf(configure)[1] as Message)['version-rolling.mask'], '1fffe000');
    assert.deepEqual(await peer.settled(), []);
    peer.send(configured(configure['id']));

    const subscribe = await peer.next();
    assert.deepEqual(
      [subscribe['method'], subscribe['params']],
      ['mining.subscribe', ['stratum-proxy/test']],
    );
    assert.deepEqual(await peer.settled(), []);
    peer.send(subscribed(subscribe['id']));

    const authorize = await peer.next();
    assert.deepEqual([authorize['method'], authorize['params']], ['mining.authorize', [user, password]]);
    assert.deepEqual(await peer.settled(), []);
    peer.send(yes(authorize));
    assert.deepEqual(await peer.settled(), []);
    assert.equal(new Set([configure['id'], subscribe['id'], authorize['id']]).size, 3);
    assert.ok(!JSON.stringify(room.log.events).includes('ss \\"w'), 'no password in the log');
  });

  test('a pool of another algorithm is asked for version rolling only when the miner wants it', async () => {
    await using room = await openRoom({}, { algorithm: 'scrypt', divider: 65_536 });
    await waitingMiner(room);
    const plain = await room.pool.connection();
    assert.equal((await plain.next())['method'], 'mining.subscribe');
    const rolling = await room.miner();
    await rolling.configure();
    await rolling.subscribe();
    rolling.sendAuthorize();
    assert.equal((await (await room.pool.connection()).next())['method'], 'mining.configure');
  });

  for (const [name, before, after] of [
    ['difficulty and job before the authorize reply', [setDifficulty(16), notify()], []],
    ['difficulty and job after it', [], [setDifficulty(16), notify()]],
    ['difficulty before, job after', [setDifficulty(16)], [notify()]],
    ['job before, difficulty after', [notify()], [setDifficulty(16)]],
    ['job before difficulty, both before', [notify(), setDifficulty(16)], []],
    ['job before difficulty, both after', [], [notify(), setDifficulty(16)]],
    ['two difficulties, the last counts', [setDifficulty(4), setDifficulty(16), notify()], []],
    ['the difficulty as a string', [], [setDifficulty('16'), notify()]],
    [
      'two jobs, the last counts',
      [setDifficulty(16), notify({ id: 'old' }), notify({ coinb1: '01000000aabb' })],
      [],
    ],
  ] as const) {
    test(`takes ${name}`, async () => {
      await using room = await openRoom();
      const miner = await waitingMiner(room);
      const { peer, authorize } = await askedToAuthorize(room);
      peer.send(...before);
      await peer.settled();
      assert.equal(miner.lines.length, 1, 'nothing before the pool has said yes');
      peer.send(yes(authorize));
      await peer.settled();
      peer.send(...after);
      assert.deepEqual(await miner.next(), { id: 2, result: true, error: null });
      const { difficulty, job } = await nextWork(miner);
      assert.equal(difficulty, 16);
      assert.equal(isClean(job), true);
      assert.equal(coinb1(job), `01000000aabb08000002`);
      assert.deepEqual(await miner.settled(), []);
    });
  }

  test('a pool that never names a difficulty means 1', async () => {
    await using room = await openRoom();
    const miner = await waitingMiner(room);
    (await room.pool.login()).send(notify());
    await miner.next();
    assert.equal((await nextWork(miner)).difficulty, 1);
  });

  test('a difficulty that comes when 1 was already assumed is for the same job, sent anew', async () => {
    await using room = await openRoom();
    const miner = await waitingMiner(room);
    const peer = await room.pool.login();
    peer.send(notify());
    await miner.next();
    const first = await nextWork(miner);
    peer.send(setDifficulty(64));
    const second = await nextWork(miner);
    assert.equal(second.difficulty, 64);
    assert.notEqual(jobId(second.job), jobId(first.job));
    assert.equal(isClean(second.job), true);
    assert.equal(paramsOf(second.job)[7], '64b3f3ed', 'another time, so that no nonce is spent twice');
    peer.send(setDifficulty(128));
    assert.deepEqual(
      [...(await peer.settled()), ...(await miner.settled())],
      [],
      'later ones wait for a job',
    );
  });

  test('a pool that ignores configure is logged in without it, and not asked again', async () => {
    await using room = await openRoom({ upstream: { configureTimeoutMs: 200 } });
    const miner = await room.miner();
    await miner.configure();
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await room.pool.connection();
    const configure = await peer.next();
    assert.equal(configure['method'], 'mining.configure');
    const subscribe = await peer.next();
    assert.equal(subscribe['method'], 'mining.subscribe');
    peer.send(subscribed(subscribe['id']));
    peer.send(yes(await peer.next()), setDifficulty(8), notify());
    const mask = await miner.nextMethod('mining.set_version_mask');
    assert.deepEqual(mask['params'], ['00000000']);
    peer.end();
    assert.equal((await (await room.pool.connection()).next())['method'], 'mining.subscribe');
  });

  test('a pool that answers configure late has negotiated: what it granted holds', async () => {
    await using room = await openRoom({ upstream: { configureTimeoutMs: 200 } });
    const miner = await room.miner();
    await miner.configure();
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await room.pool.connection();
    const configure = await peer.next();
    const subscribe = await peer.next();
    peer.send(configured(configure['id'], '00ffe000'), subscribed(subscribe['id']));
    peer.send(yes(await peer.next()), setDifficulty(8), notify());
    assert.deepEqual((await miner.nextMethod('mining.set_version_mask'))['params'], ['00ffe000']);
    peer.end();
    assert.equal((await (await room.pool.connection()).next())['method'], 'mining.configure');
  });

  for (const [name, answer] of [
    ['an error', { result: null, error: [20, 'Not supported', null] }],
    ['false for the extension', { result: { 'version-rolling': false }, error: null }],
    ['an error text for the extension', { result: { 'version-rolling': 'no' }, error: null }],
    ['true instead of a map', { result: true, error: null }],
    [
      'a mask that is none of ours',
      { result: { 'version-rolling': true, 'version-rolling.mask': '0000000f' }, error: null },
    ],
  ] as const) {
    test(`goes on without version rolling on the same connection after ${name}`, async () => {
      await using room = await openRoom();
      const miner = await room.miner();
      await miner.configure();
      await miner.subscribe();
      miner.sendAuthorize();
      const peer = await room.pool.connection();
      peer.send({ id: (await peer.next())['id'], ...answer });
      peer.send(subscribed((await peer.nextMethod('mining.subscribe'))['id']));
      peer.send(yes(await peer.nextMethod('mining.authorize')), setDifficulty(8), notify());
      assert.deepEqual((await miner.nextMethod('mining.set_version_mask'))['params'], ['00000000']);
      assert.equal(room.pool.peers.length, 1);
    });
  }

  test('a pool that closes on configure is dialled again without it', async () => {
    await using room = await openRoom({ upstream: { retryMinMs: 60_000, retryMaxMs: 60_000 } });
    await waitingMiner(room);
    const first = await room.pool.connection();
    await first.nextMethod('mining.configure');
    first.socket.end();
    assert.equal((await (await room.pool.connection()).next())['method'], 'mining.subscribe');
  });

  test('a refused subscribe is tried again without parameters, at once', async () => {
    await using room = await openRoom({ upstream: { retryMinMs: 60_000, retryMaxMs: 60_000 } });
    const miner = await waitingMiner(room);
    const first = await room.pool.connection();
    first.send(configured((await first.next())['id']));
    first.send({ id: (await first.next())['id'], result: null, error: [20, 'Unsupported client', null] });
    await first.closed();
    const second = await room.pool.connection();
    second.send(configured((await second.next())['id']));
    const subscribe = await second.next();
    assert.deepEqual([subscribe['method'], subscribe['params']], ['mining.subscribe', []]);
    second.send(subscribed(subscribe['id']));
    second.send(yes(await second.next()), setDifficulty(8), notify());
    await miner.nextMethod(JOB);
  });

  for (const [name, result] of [
    ['null', null],
    ['a map', { extranonce1: '08000002' }],
    ['two elements', [[], '08000002']],
    ['an odd number of digits', [[], '0800000', 4]],
    ['no hex', [[], 'xyz0', 4]],
    ['a size of 0', [[], '08000002', 0]],
    ['a size of 17', [[], '08000002', 17]],
    ['a size in words', [[], '08000002', '4']],
  ] as const) {
    test(`a subscription that cannot be used is not used: ${name}`, async () => {
      await using room = await openRoom();
      await waitingMiner(room);
      const first = await room.pool.connection();
      first.send(configured((await first.next())['id']));
      first.send({ id: (await first.next())['id'], result, error: null });
      await first.closed();
      assert.ok(!first.lines.some((line) => line.includes('mining.authorize')));
    });
  }

  for (const [name, names, extranonce1, size, insert] of [
    [
      'a list of pairs',
      [
        ['mining.set_difficulty', 'a'],
        ['mining.notify', 'b'],
      ],
      '08000002',
      4,
      '08000002',
    ],
    ['one pair', ['mining.notify', 'b'], '08000002', 4, '08000002'],
    ['an empty list', [], '08000002', 4, '08000002'],
    ['null for the list', null, '08000002', 4, '08000002'],
    ['upper-case digits', [], 'AB00CDEF', 4, 'AB00CDEF'],
    ['one byte, as Braiins', [['mining.notify', 'b']], '00', 6, '000000'],
    ['nine bytes, as NiceHash', [['mining.notify', 'b']], '010203040506070809', 4, '010203040506070809'],
    ['an empty extranonce1', [['mining.notify', 'b']], '', 8, '00000000'],
  ] as const) {
    test(`takes a subscription with ${name}`, async () => {
      await using room = await openRoom();
      const miner = await waitingMiner(room);
      const peer = await room.pool.connection();
      peer.send(configured((await peer.next())['id']));
      peer.send(subscribed((await peer.next())['id'], extranonce1, size, names));
      peer.send(yes(await peer.next()), setDifficulty(8), notify());
      const job = await miner.nextMethod(JOB);
      assert.equal(coinb1(job), `01000000aabb${insert}`);
    });
  }

  test('a refused login is told to the miner in the pool\u2019s words, and the next miner does not cost another', async () => {
    await using room = await openRoom();
    const miner = await waitingMiner(room);
    const { peer, authorize } = await askedToAuthorize(room);
    peer.send({ id: authorize['id'], result: false, error: [24, 'No such wallet', null] });
    const refusal = await miner.next();
    assert.equal(refusal['result'], null);
    assert.equal((refusal['error'] as unknown[])[0], 24);
    assert.match(String((refusal['error'] as unknown[])[1]), /No such wallet/);
    await peer.closed();
    assert.equal(miner.isClosed, false);

    const next = await room.miner();
    await next.subscribe();
    assert.match(JSON.stringify(await next.authorize()), /No such wallet/);
    assert.match(JSON.stringify(await miner.authorize()), /No such wallet/);
    await eventually(
      () => room.bed.proxy.report().facts.upstreams === 0,
      () => 'the upstream is still there',
    );
    assert.equal(room.pool.peers.length, 1);
    assert.equal(room.bed.proxy.report().facts.authorizeFailures, 0, 'no fault of the miner');
  });

  for (const [name, reply] of [
    ['false without an error', { result: false, error: null }],
    ['null', { result: null, error: null }],
    ['an error as text', { error: 'Invalid address' }],
    ['an error as a map', { error: { code: -1, message: 'Invalid address' } }],
    ['something else than true', { result: 'ok', error: null }],
  ] as const) {
    test(`a login is refused by ${name}`, async () => {
      await using room = await openRoom();
      const miner = await waitingMiner(room);
      const { peer, authorize } = await askedToAuthorize(room);
      peer.send({ id: authorize['id'], ...reply });
      assert.equal((await miner.next())['result'], null);
    });
  }

  test('an authorize that the pool never answers: the miner is let in, the pool is dialled again', async () => {
    await using room = await openRoom({ upstream: { authorizeWaitMs: 100, callTimeoutMs: 500 } });
    const miner = await waitingMiner(room);
    const { peer } = await askedToAuthorize(room);
    assert.deepEqual(await miner.next(), { id: 2, result: true, error: null });
    assert.deepEqual(await miner.settled(), []);
    await peer.closed();
    (await room.pool.login()).send(setDifficulty(8), notify());
    await nextWork(miner);
  });

  test('a subscribe that the pool never answers has a time limit', async () => {
    await using room = await openRoom({ upstream: { callTimeoutMs: 200 } });
    const miner = await waitingMiner(room);
    const peer = await room.pool.connection();
    peer.send(configured((await peer.next())['id']));
    await peer.closed();
    (await room.pool.login()).send(setDifficulty(8), notify());
    await miner.nextMethod(JOB);
    assert.match(room.bed.proxy.report().pools[0]?.lastError ?? '', /no answer to subscribe/);
  });

  test('a first job that never comes has a time limit', async () => {
    await using room = await openRoom({ upstream: { callTimeoutMs: 100 } });
    await waitingMiner(room);
    const peer = await room.pool.login();
    await peer.closed();
    assert.match(room.bed.proxy.report().pools[0]?.lastError ?? '', /no job/);
  });

  test('a connection that is never made has a time limit', async () => {
    // To a pool that is dialled by TLS and says nothing the connection is never made.
    const tls = 'bbbbbbbbbbbbbbbb';
    await using room = await openRoom(
      { upstream: { dialTimeoutMs: 200, authorizeWaitMs: 100 } },
      {
        accounts: (port) => {
          const account = testAccount(tls, { host: '127.0.0.1', port });
          const [{ pool, ...credentials }] = account.entries;
          return [{ ...account, entries: [{ ...credentials, pool: { ...pool, tls: true } }] }];
        },
      },
    );
    const miner = await room.miner({ user: tls });
    await miner.subscribe();
    miner.sendAuthorize();
    await (await room.pool.connection()).closed();
    await (await room.pool.connection()).closed();
    assert.equal((await miner.next())['result'], true);
    assert.equal(miner.isClosed, false);
    assert.match(room.bed.proxy.report().pools[0]?.lastError ?? '', /dial-timeout/);
  });

  test('a pool that is down when the miner comes is found when it is up', async () => {
    const pool = await new ScriptedPool().start(await quietPort());
    const { port } = pool;
    await pool[Symbol.asyncDispose]();
    await using room = await openRoom({ upstream: { authorizeWaitMs: 100 } }, { pool });
    const miner = await waitingMiner(room);
    assert.deepEqual(await miner.next(), { id: 2, result: true, error: null });
    await eventually(
      () => (room.bed.proxy.report().pools[0]?.failures ?? 0) >= 2,
      () => 'two failed dials',
    );
    assert.match(room.bed.proxy.report().pools[0]?.lastError ?? '', /ECONNREFUSED/);
    await using late = await new ScriptedPool().start(port);
    (await late.login()).send(setDifficulty(8), notify());
    const { job } = await nextWork(miner);
    assert.equal(isClean(job), true);
    assert.equal(room.bed.proxy.report().pools[0]?.up, true);
  });
});

describe('a miner of this account', SUITE, () => {
  test('holds its own pool connection, and a pool connection serves one miner', async () => {
    await using room = await openRoom();
    const first = await room.mining({ extranonce1: '08000001' });
    const second = await room.mining({ extranonce1: '08000002' });
    assert.match(coinb1(first.job), /08000001$/);
    assert.match(coinb1(second.job), /08000002$/);
    first.peer.send(notify({ id: 'job2' }));
    assert.equal(kindOf(await first.miner.next()), JOB);
    assert.deepEqual(await second.miner.settled(), []);
    const { facts, pools } = room.bed.proxy.report();
    assert.deepEqual([facts.upstreams, pools[0]?.sessions, pools[0]?.upstreams.live], [2, 2, 2]);
  });

  test('leaves its pool connection lingering, then it is closed', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 300 } });
    const { miner, peer } = await room.mining();
    miner.end();
    await peer.closed();
    await eventually(
      () => room.bed.proxy.report().facts.upstreams === 0,
      () => 'the upstream is still there',
    );
    assert.equal(room.account.name, ACCOUNT);
  });

  test('is closed when there has been no pool for too long, so that it turns to its own backup', async () => {
    await using room = await openRoom({ upstream: { holdSeconds: 1, authorizeWaitMs: 100 } });
    const miner = await waitingMiner(room);
    const peer = await room.pool.connection();
    const startedMs = performance.now();
    await miner.closed();
    assert.ok(performance.now() - startedMs >= 900);
    await eventually(
      () => room.bed.proxy.report().facts.connectionsRefused['no-pool'] === 1,
      () => 'counted as no-pool',
    );
    assert.equal(peer.isClosed, false, 'nobody has closed the pool\u2019s side yet');
  });

  test('is held while the pool is away for less', async () => {
    await using room = await openRoom({ upstream: { holdSeconds: 2 } });
    const { miner, peer } = await room.mining();
    for (let drop = 0; drop < 2; drop += 1) {
      const last = room.pool.peers.at(-1) ?? peer;
      last.socket.destroy();
      (await room.pool.login({ extranonce1: `0800000${drop}` })).send(
        setDifficulty(8),
        notify({ id: `${drop}` }),
      );
      await miner.nextMethod(JOB);
    }
    assert.equal(miner.isClosed, false);
  });
});
