import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventually } from '../support/eventually.ts';
import type { LinePeer, Message } from '../support/line-peer.ts';
import { testAccount } from '../support/proxy-bed.ts';
import { ACCOUNT, openRoom, type ProxyRoom } from '../support/proxy-room.ts';
import { jobId, kindOf, paramsOf, type ScriptedMiner } from '../support/scripted-miner.ts';
import { notify, ScriptedPool, setDifficulty } from '../support/scripted-pool.ts';

const DIFFICULTY = 'mining.set_difficulty';
const JOB = 'mining.notify';
const SUITE = { concurrency: true, timeout: 15_000 };

const configured = (id: unknown, mask = '1fffe000'): Message => ({
  id,
  error: null,
  result: { 'version-rolling': true, 'version-rolling.mask': mask },
});
const subscribed = (
  id: unknown,
  extranonce1: unknown = '08000002',
  size: unknown = 4,
  names: unknown = [['mining.notify', 's1']],
): Message => ({
  id,
  error: null,
  result: [names, extranonce1, size],
});
const yes = (request: Message): Message => ({ id: request['id'], result: true, error: null });

/** A miner that has sent its authorize and waits for the pool. */
async function waitingMiner(room: ProxyRoom): Promise<ScriptedMiner> {
  const miner = await room.miner();
  await miner.subscribe();
  miner.sendAuthorize();
  return miner;
}

/** The pool's next connection up to the point where authorize has been asked. */
async function askedToAuthorize(room: ProxyRoom): Promise<{ peer: LinePeer; authorize: Message }> {
  const peer = await room.pool.connection();
  peer.send(configured((await peer.nextMethod('mining.configure'))['id']));
  peer.send(subscribed((await peer.nextMethod('mining.subscribe'))['id']));
  return { peer, authorize: await peer.nextMethod('mining.authorize') };
}

async function kinds(peer: LinePeer, count: number): Promise<readonly string[]> {
  const list: string[] = [];
  for (let i = 0; i < count; i += 1) list.push(kindOf(await peer.next()));
  return list;
}

/** The difficulty and the job that follow each other, and nothing else. */
async function nextWork(miner: LinePeer): Promise<{ difficulty: unknown; job: Message }> {
  const difficulty = await miner.next();
  assert.equal(kindOf(difficulty), DIFFICULTY);
  const job = await miner.next();
  assert.equal(kindOf(job), JOB);
  return { difficulty: paramsOf(difficulty)[0], job };
}

function isClean(job: Message): unknown {
  return paramsOf(job)[8];
}

function coinb1(job: Message): string {
  return paramsOf(job)[2] as string;
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
    peer.send(configured(configure['id'])); // too late to count
    assert.deepEqual(await peer.settled(), []);
    peer.send(subscribed(subscribe['id']));
    peer.send(yes(await peer.next()), setDifficulty(8), notify());
    const mask = await miner.nextMethod('mining.set_version_mask');
    assert.deepEqual(mask['params'], ['00000000']);
    peer.end();
    assert.equal((await (await room.pool.connection()).next())['method'], 'mining.subscribe');
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
    const pool = await new ScriptedPool().start();
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

describe('a pool in mid-session', SUITE, () => {
  test('a difficulty alone is held until the next job; of two only the last is passed on', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining({ difficulty: 8 });
    peer.send(setDifficulty(16));
    await peer.settled();
    assert.deepEqual(await miner.settled(), []);
    peer.send(setDifficulty(32));
    await peer.settled();
    assert.deepEqual(await miner.settled(), []);
    peer.send(notify({ id: 'job2', clean: false }));
    const { difficulty, job } = await nextWork(miner);
    assert.equal(difficulty, 32);
    assert.equal(isClean(job), false);
    assert.deepEqual(await miner.settled(), []);
  });

  test('a difficulty that was taken back before the next job is not mentioned', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining({ difficulty: 8 });
    peer.send(setDifficulty(16), setDifficulty(8), notify({ id: 'job2' }));
    assert.equal(kindOf(await miner.next()), JOB);
  });

  test('a notify that repeats the job is not passed on; with a new difficulty it is', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining({ difficulty: 8 });
    peer.send(notify());
    await peer.settled();
    assert.deepEqual(await miner.settled(), []);
    peer.send(setDifficulty(16), notify());
    const work = await nextWork(miner);
    assert.notEqual(jobId(work.job), jobId(job));
  });

  test('work that the pool only ever repeats is refreshed all the same, since miners leave a silent pool', async () => {
    await using room = await openRoom({ upstream: { refreshMs: 400 } });
    const { miner, peer, job } = await room.mining();
    const repeat = setInterval(() => peer.send(notify()), 50);
    try {
      const refreshed = await miner.next();
      assert.equal(kindOf(refreshed), JOB);
      assert.notEqual(jobId(refreshed), jobId(job));
    } finally {
      clearInterval(repeat);
    }
  });

  test('a job id that the pool uses again is another job to the miner', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    peer.send(notify({ coinb2: 'ccdd11111111', clean: false }));
    const again = await miner.nextMethod(JOB);
    assert.notEqual(jobId(again), jobId(job));
    peer.send(notify({ ntime: '64b3f400', clean: false }));
    assert.notEqual(jobId(await miner.nextMethod(JOB)), jobId(again));
  });

  test('its questions are answered', async () => {
    await using room = await openRoom();
    const { peer } = await room.mining();
    peer.send({ id: 42, method: 'mining.ping', params: [] });
    assert.deepEqual(await peer.next(), { id: 42, result: 'pong', error: null });
    peer.send({ id: 'v', method: 'client.get_version', params: [] });
    assert.deepEqual(await peer.next(), { id: 'v', result: 'stratum-proxy/test', error: null });
    peer.send({ id: 7, method: 'client.show_message', params: ['maintenance at noon'] });
    assert.deepEqual(await peer.next(), { id: 7, result: true, error: null });
    peer.send({ id: null, method: 'client.show_message', params: ['hello'] });
    assert.deepEqual(await peer.settled(), []);
    const texts = room.log.events
      .filter(({ event }) => event === 'message from the pool')
      .map(({ fields }) => fields['text']);
    assert.deepEqual(texts, ['maintenance at noon', 'hello']);
  });

  test('what it says beyond the protocol is ignored', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    peer.send(
      { id: null, method: 'mining.set_goal', params: ['x'] },
      { id: null, method: 'no.such.notification', params: { a: 1 } },
      { id: null, method: 'client.get_stats', params: null },
      { id: 99_999, result: true, error: null },
      { id: 'abc', result: false, error: [20, 'what', null] },
      { id: null, result: null, error: 'notice' },
      { id: 0, result: true },
      { id: 1, result: true, error: null },
      {},
      '',
      '  ',
    );
    assert.deepEqual(await peer.settled(), []);
    assert.deepEqual(await miner.settled(), []);
    assert.equal(peer.isClosed, false);
  });

  for (const [name, rubbish] of [
    ['no JSON', 'HTTP/1.1 502 Bad Gateway'],
    ['an array', '[1,2,3]'],
    [
      'a job without a branch',
      {
        id: null,
        method: JOB,
        params: ['1', '11'.repeat(32), 'aa', 'bb', null, '20000000', '1d00ffff', '64b3f3ec', true],
      },
    ],
    [
      'a job of the Decred form',
      {
        id: null,
        method: JOB,
        params: ['1', '11'.repeat(32), 'a'.repeat(201), 'bb', [], '20000000', '1d00ffff', '64b3f3ec', true],
      },
    ],
    ['a difficulty of zero', { id: null, method: DIFFICULTY, params: [0] }],
    ['a negative difficulty', { id: null, method: DIFFICULTY, params: [-1] }],
    ['no difficulty', { id: null, method: DIFFICULTY, params: [] }],
    ['an extranonce of no bytes', { id: null, method: 'mining.set_extranonce', params: ['08000003', 0] }],
    ['a mask that is no mask', { id: null, method: 'mining.set_version_mask', params: ['zz'] }],
    ['a line without end', 'x'.repeat(70_000)],
  ] as const) {
    test(`one that sends ${name} is dialled again; the miner stays and gets a clean job`, async () => {
      await using room = await openRoom();
      const { miner, peer, job } = await room.mining();
      peer.send(rubbish);
      await peer.closed();
      (await room.pool.login({ extranonce1: '08000003' })).send(setDifficulty(8), notify());
      const again = await miner.next();
      assert.equal(kindOf(again), JOB, 'the difficulty has not changed');
      assert.equal(isClean(again), true);
      assert.notEqual(jobId(again), jobId(job));
      assert.match(coinb1(again), /08000003$/);
      assert.match(room.bed.proxy.report().pools[0]?.lastError ?? '', /^nonsense/);
    });
  }

  test('invalid UTF-8 is nonsense too', async () => {
    await using room = await openRoom();
    const { peer } = await room.mining();
    peer.socket.write(Buffer.from([0x7b, 0xff, 0x7d, 0x0a]));
    await peer.closed();
    await room.pool.login();
  });

  test('one that drops: the same socket, the new extranonce1 in the coinbase, a clean job, the miner\u2019s own extranonce', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining({ extranonce1: '0a0b0c0d', job: { id: 'before' } });
    const before = miner.geometry;
    peer.socket.destroy();
    const back = await room.pool.login({ extranonce1: 'f1f2f3f4f5', extranonce2Bytes: 8, mask: '00ffe000' });
    back.send(setDifficulty(1024), notify({ id: 'after', prevHash: '11'.repeat(32) }));
    const { difficulty, job: again } = await nextWork(miner);
    assert.equal(difficulty, 1024);
    assert.equal(isClean(again), true);
    assert.notEqual(jobId(again), jobId(job));
    assert.equal(
      coinb1(again),
      '01000000aabbf1f2f3f4f500000000',
      'four spare bytes of the pool\u2019s eight',
    );
    const id = miner.submit(again, { extranonce2: '010203' });
    const share = await back.nextMethod('mining.submit');
    assert.deepEqual(share['params'], [
      'wallet.rig',
      'after',
      `00000000${before.extranonce1}010203`,
      '64b3f3ec',
      'deadbeef',
      '00000000',
    ]);
    back.send(yes(share));
    assert.deepEqual(await miner.next(), { id, result: true, error: null });
    assert.equal(miner.isClosed, false);
  });

  test('a dropped one is asked for its session', async () => {
    await using room = await openRoom();
    const { peer } = await room.mining({ poolSessionId: 'cafe01' });
    peer.socket.destroy();
    const back = await room.pool.connection();
    back.send(configured((await back.next())['id']));
    assert.deepEqual((await back.next())['params'], ['stratum-proxy/test', 'cafe01']);
  });

  test('every drop costs the miner nothing but a job', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    let current = peer;
    for (let drop = 1; drop <= 4; drop += 1) {
      current.socket.destroy();
      current = await room.pool.login({ extranonce1: `0800001${drop}`, extranonce2Bytes: 4 + drop });
      current.send(setDifficulty(8), notify({ id: `drop${drop}` }));
      const job = await miner.next();
      assert.equal(kindOf(job), JOB);
      assert.ok(coinb1(job).startsWith(`01000000aabb0800001${drop}`));
    }
  });

  test('a wish for a difficulty is passed on again after a drop', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    await miner.call({ id: 9, method: 'mining.suggest_difficulty', params: [512] });
    assert.deepEqual((await peer.nextMethod('mining.suggest_difficulty'))['params'], [512]);
    peer.send({ id: null, method: 'client.reconnect', params: [] });
    const back = await room.pool.login({ extranonce1: '08000003' });
    back.send(setDifficulty(8), notify());
    assert.deepEqual((await back.nextMethod('mining.suggest_difficulty'))['params'], [512]);
  });

  test('one that closes on a wish is not sent any more', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    await miner.call({ id: 9, method: 'mining.suggest_difficulty', params: [512] });
    await peer.nextMethod('mining.suggest_difficulty');
    peer.socket.end();
    const back = await room.pool.login({ extranonce1: '08000003' });
    back.send(setDifficulty(8), notify());
    await miner.nextMethod(JOB);
    await miner.call({ id: 10, method: 'mining.suggest_difficulty', params: [1024] });
    assert.deepEqual(await back.settled(), []);
  });

  test('silence is a broken connection', async () => {
    await using room = await openRoom({ upstream: { silenceMs: 300 } });
    const { miner, peer } = await room.mining();
    await peer.closed();
    (await room.pool.login({ extranonce1: '08000003' })).send(setDifficulty(8), notify());
    assert.equal(isClean(await miner.next()), true);
    assert.match(room.bed.proxy.report().pools[0]?.lastError ?? '', /^silence/);
  });

  test('a pool that says anything is not silent', async () => {
    await using room = await openRoom({ upstream: { silenceMs: 600 } });
    const { peer } = await room.mining();
    const startedMs = performance.now();
    while (performance.now() - startedMs < 1500) await peer.settled();
    assert.equal(peer.isClosed, false);
  });

  test('three shares in a row without an answer are a broken connection', async () => {
    await using room = await openRoom({ upstream: { submitTimeoutMs: 200 } });
    const { miner, peer, job } = await room.mining();
    for (const nonce of ['00000001', '00000002', '00000003']) miner.submit(job, { id: nonce, nonce });
    for (const nonce of ['00000001', '00000002', '00000003']) {
      assert.deepEqual(await miner.next(), { id: nonce, result: null, error: [20, 'Pool timeout', null] });
    }
    await peer.closed();
    (await room.pool.login({ extranonce1: '08000003' })).send(setDifficulty(8), notify());
    await miner.nextMethod(JOB);
    assert.equal(room.bed.proxy.report().sessions[0]?.counts.unanswered, 3);
  });

  test('an answer in between shows that the connection lives', async () => {
    await using room = await openRoom({ upstream: { submitTimeoutMs: 100 } });
    const { miner, peer, job } = await room.mining();
    for (const nonce of ['00000001', '00000002']) miner.submit(job, { nonce });
    await kinds(miner, 2);
    await kinds(peer, 2);
    miner.submit(job, { nonce: '00000003' });
    peer.send(yes(await peer.nextMethod('mining.submit')));
    await miner.next();
    for (const nonce of ['00000004', '00000005']) miner.submit(job, { nonce });
    await kinds(miner, 2);
    await peer.settled();
    assert.equal(peer.isClosed, false);
  });
});

describe('client.reconnect', SUITE, () => {
  const reconnect = (...params: unknown[]): Message => ({ id: null, method: 'client.reconnect', params });

  test('without an address dials the same one again', async () => {
    await using room = await openRoom({ upstream: { retryMinMs: 60_000, retryMaxMs: 60_000 } });
    const { miner, peer } = await room.mining();
    peer.send(reconnect());
    await peer.closed();
    (await room.pool.login({ extranonce1: '08000003' })).send(setDifficulty(8), notify());
    assert.match(coinb1(await miner.nextMethod(JOB)), /08000003$/);
  });

  for (const [name, port] of [
    ['a number', (n: number): unknown => n],
    ['a string, as Mining Rig Rentals', String],
  ] as const) {
    test(`to another port of the same host is followed: the port as ${name}`, async () => {
      await using other = await new ScriptedPool().start();
      await using room = await openRoom();
      const { miner, peer } = await room.mining();
      peer.send(reconnect('127.0.0.1', port(other.port)));
      (await other.login({ extranonce1: '0b0b0b0b' })).send(setDifficulty(8), notify());
      assert.match(coinb1(await miner.nextMethod(JOB)), /0b0b0b0b$/);
      assert.deepEqual([peer.isClosed, miner.isClosed], [true, false]);
    });
  }

  test('to a host of the pool list is followed', async () => {
    await using other = await new ScriptedPool().start();
    await using room = await openRoom(
      {},
      { parts: { isListed: (host, port) => host === 'localhost' && port === other.port } },
    );
    const { miner, peer } = await room.mining();
    peer.send(reconnect('LOCALHOST', other.port, 0));
    (await other.login({ extranonce1: '0b0b0b0b' })).send(setDifficulty(8), notify());
    assert.match(coinb1(await miner.nextMethod(JOB)), /0b0b0b0b$/);
  });

  test('to a foreign host is ignored and logged', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    peer.send(reconnect('evil.example', 3333, 0));
    assert.deepEqual(await peer.settled(), []);
    assert.deepEqual(await miner.settled(), []);
    assert.equal(peer.isClosed, false);
    assert.ok(
      room.log.events.some(({ level, fields }) => level === 'warn' && fields['host'] === 'evil.example:3333'),
    );
  });

  test('to where nobody listens ends at home again', async () => {
    const gone = await new ScriptedPool().start();
    await gone[Symbol.asyncDispose]();
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    peer.send(reconnect('127.0.0.1', gone.port));
    (await room.pool.login({ extranonce1: '08000003' })).send(setDifficulty(8), notify());
    assert.match(coinb1(await miner.nextMethod(JOB)), /08000003$/);
  });

  test('waits as long as the pool says', async () => {
    await using room = await openRoom({ upstream: { retryMinMs: 10, retryMaxMs: 10 } });
    const { peer } = await room.mining();
    const startedMs = performance.now();
    peer.send(reconnect('', 0, 1));
    await room.pool.connection();
    assert.ok(performance.now() - startedMs >= 1000);
  });

  test('in the middle of a login is followed, but not in a tight loop', async () => {
    await using room = await openRoom({
      upstream: { retryMinMs: 60_000, retryMaxMs: 60_000, authorizeWaitMs: 100 },
    });
    const miner = await waitingMiner(room);
    const peer = await room.pool.connection();
    peer.send(reconnect());
    await peer.closed();
    await miner.next();
    assert.equal(room.pool.untaken, 0);
    assert.equal(room.bed.proxy.report().pools[0]?.upstreams.cooling, 1);
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
