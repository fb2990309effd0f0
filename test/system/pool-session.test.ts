import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Message } from '../support/line-peer.ts';
import { openRoom } from '../support/proxy-room.ts';
import { jobId, kindOf } from '../support/scripted-miner.ts';
import { notify, quietPort, ScriptedPool, setDifficulty } from '../support/scripted-pool.ts';
import {
  coinb1,
  configured,
  DIFFICULTY,
  isClean,
  JOB,
  nextWork,
  waitingMiner,
  yes,
} from '../support/transcript.ts';

const SUITE = { concurrency: true, timeout: 15_000 };

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

  test('one that names no difficulty after a drop means 1 again', async () => {
    await using room = await openRoom();
    const { miner, peer } = await room.mining({ difficulty: 8 });
    peer.socket.destroy();
    (await room.pool.login({ extranonce1: '08000003' })).send(notify());
    assert.equal((await nextWork(miner)).difficulty, 1);
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
    await using room = await openRoom({ upstream: { submitTimeoutMs: 300 } });
    const { miner, peer, job } = await room.mining();
    for (const nonce of ['00000001', '00000002']) miner.submit(job, { nonce });
    for (let i = 0; i < 2; i += 1) await miner.next();
    for (let i = 0; i < 2; i += 1) await peer.next();
    miner.submit(job, { nonce: '00000003' });
    peer.send(yes(await peer.nextMethod('mining.submit')));
    await miner.next();
    for (const nonce of ['00000004', '00000005']) miner.submit(job, { nonce });
    for (let i = 0; i < 2; i += 1) await miner.next();
    await peer.settled();
    assert.equal(peer.isClosed, false);
  });
});

const reconnect = (...params: unknown[]): Message => ({ id: null, method: 'client.reconnect', params });

describe('client.reconnect', SUITE, () => {
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
      room.log.events.some(({ level, fields }) => level === 'warn' && fields['text'] === 'evil.example:3333'),
    );
  });

  test('to where nobody listens ends at home again', async () => {
    const gone = await quietPort();
    await using room = await openRoom();
    const { miner, peer } = await room.mining();
    peer.send(reconnect('127.0.0.1', gone));
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
