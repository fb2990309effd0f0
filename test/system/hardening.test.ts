import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AccountAnswer, AccountDirectory } from '../../src/proxy/session-context.ts';
import { eventually } from '../support/eventually.ts';
import { Farm } from '../support/farm.ts';
import type { LinePeer, Message } from '../support/line-peer.ts';
import { testAccount } from '../support/proxy-bed.ts';
import { ACCOUNT, openRoom, type ProxyRoom } from '../support/proxy-room.ts';
import { type Geometry, kindOf, paramsOf, type ScriptedMiner } from '../support/scripted-miner.ts';
import { accept, notify, setDifficulty } from '../support/scripted-pool.ts';
import {
  coinb1,
  configured,
  errorOf,
  isClean,
  JOB,
  MASK,
  nextWork,
  SUBMIT,
  subscribed,
  waitingMiner,
  yes,
} from '../support/transcript.ts';

const SUITE = { concurrency: true, timeout: 15_000 };
const GREETING = [setDifficulty(8), notify()] as const;
const SUGGEST = 'mining.suggest_difficulty';

async function gone(room: ProxyRoom): Promise<void> {
  await eventually(
    () => room.bed.proxy.report().facts.sessions === 0,
    () => 'the session is still there',
  );
}

async function counted(room: ProxyRoom, reason: string): Promise<void> {
  await eventually(
    () => room.bed.proxy.report().facts.connectionsRefused[reason] === 1,
    () => `${reason}: ${JSON.stringify(room.bed.proxy.report().facts.connectionsRefused)}`,
  );
}

describe('what a pool says ahead of its answer to subscribe', SUITE, () => {
  for (const [name, early, late, difficulty] of [
    ['the difficulty, as Ocean', [setDifficulty(65_536)], [notify()], 65_536],
    ['difficulty and job', [...GREETING], [], 8],
    ['the job, and the difficulty later', [notify()], [setDifficulty(16)], 16],
    ['a difficulty that another one replaces', [setDifficulty(4)], [setDifficulty(32), notify()], 32],
  ] as const) {
    test(`counts: ${name}`, async () => {
      await using room = await openRoom();
      const miner = await waitingMiner(room);
      let lost: LinePeer | null = null;
      // Also on a connection that replaces another one.
      for (const extranonce1 of ['08000002', '08000003']) {
        lost?.end();
        const peer = await room.pool.connection();
        peer.send(configured((await peer.nextMethod('mining.configure'))['id']));
        const { id } = await peer.nextMethod('mining.subscribe');
        peer.send(...early, subscribed(id, extranonce1));
        peer.send(yes(await peer.nextMethod('mining.authorize')), ...late);
        if (lost === null) assert.equal((await miner.next())['result'], true);
        const job = await miner.nextMethod(JOB);
        assert.equal(coinb1(job), `01000000aabb${extranonce1}`);
        const named = miner.messages.filter(({ method }) => method === 'mining.set_difficulty');
        assert.deepEqual(
          named.map((message) => paramsOf(message)[0]),
          [difficulty],
        );
        lost = peer;
      }
    });
  }
});

/** What a miner's new connection to the pool asks first. */
async function asksFirst(room: ProxyRoom): Promise<{ peer: LinePeer; miner: ScriptedMiner; first: Message }> {
  const miner = await waitingMiner(room);
  const peer = await room.pool.connection();
  return { peer, miner, first: await peer.next() };
}

describe('a configure without an answer', SUITE, () => {
  for (const how of ['reset', 'not answered'] as const) {
    test(`costs no other connection its version rolling: one is ${how}`, async () => {
      await using room = await openRoom({ upstream: { configureTimeoutMs: 100 } });
      await room.mining();
      const unlucky = await asksFirst(room);
      assert.equal(unlucky.first['method'], 'mining.configure');
      let { peer } = unlucky;
      if (how === 'reset') {
        peer.socket.resetAndDestroy();
        peer = await room.pool.connection();
      }
      const subscribe = await peer.nextMethod('mining.subscribe');
      assert.equal(
        peer.messages.filter(({ method }) => method === 'mining.configure').length,
        how === 'reset' ? 0 : 1,
      );
      peer.send(subscribed(subscribe['id']));
      peer.send(yes(await peer.nextMethod('mining.authorize')), ...GREETING);
      await unlucky.miner.nextMethod(JOB);
      for (let i = 0; i < 3; i += 1) {
        assert.equal((await asksFirst(room)).first['method'], 'mining.configure');
      }
      // The unlucky one as well, when it is dialled again.
      peer.end();
      assert.equal((await (await room.pool.connection()).next())['method'], 'mining.configure');
    });
  }

  test('where there has never been one is the pool\u2019s way: no connection asks again', async () => {
    await using room = await openRoom({ upstream: { configureTimeoutMs: 100 } });
    const { peer, miner } = await asksFirst(room);
    peer.send(subscribed((await peer.nextMethod('mining.subscribe'))['id']));
    peer.send(yes(await peer.nextMethod('mining.authorize')), ...GREETING);
    await miner.nextMethod(JOB);
    for (let i = 0; i < 3; i += 1) {
      assert.equal((await asksFirst(room)).first['method'], 'mining.subscribe');
    }
  });

  test('is forgotten once the pool answers another one', async () => {
    await using room = await openRoom();
    const first = await asksFirst(room);
    const second = await asksFirst(room);
    first.peer.end();
    (await room.pool.login()).send(...GREETING);
    await first.miner.nextMethod(JOB);
    second.peer.send(configured(second.first['id']));
    await second.peer.nextMethod('mining.subscribe');
    assert.equal((await asksFirst(room)).first['method'], 'mining.configure');
  });
});

describe('an id', SUITE, () => {
  for (const [name, id] of [
    ['256 digits', '9'.repeat(256)],
    ['254 letters', JSON.stringify('x'.repeat(254))],
  ] as const) {
    test(`of ${name} is given back as it is`, async () => {
      await using room = await openRoom();
      const miner = await room.miner();
      miner.send(`{"id":${id},"method":"mining.ping","params":[]}`);
      await miner.next();
      assert.ok(miner.lines[0]?.includes(`"id":${id},`), miner.lines[0]);
    });
  }

  for (const [name, id] of [
    ['digits', '9'.repeat(257)],
    ['letters', JSON.stringify('x'.repeat(255))],
    ['letters that take more room in an answer', JSON.stringify('é'.repeat(50))],
    ['a list', JSON.stringify(Array.from({ length: 200 }, () => 1))],
  ] as const) {
    test(`that is longer than any program\u2019s is answered once, without it, and closed: ${name}`, async () => {
      await using room = await openRoom();
      const miner = await room.miner();
      await miner.subscribe();
      miner.send(`{"id":${id},"method":"mining.ping","params":[]}`, { id: 2, method: 'mining.ping' });
      const reply = await miner.next();
      assert.equal(reply['id'], null);
      assert.match(String(errorOf(reply)[1]), /id is longer than 256/);
      await miner.closed();
      assert.equal(miner.lines.length, 2);
      await counted(room, 'not-stratum');
    });
  }
});

const LINE: Readonly<Record<string, (id: number) => Message>> = {
  pings: (id) => ({ id, method: 'mining.ping', params: [] }),
  subscribes: (id) => ({ id, method: 'mining.subscribe', params: ['x'] }),
  configures: (id) => ({ id, method: 'mining.configure', params: [['version-rolling'], {}] }),
  authorizes: (id) => ({ id, method: 'mining.authorize', params: [`${ACCOUNT}.rig${id}`, 'x'] }),
  wishes: (id) => ({ id, method: SUGGEST, params: [id + 1] }),
};

describe('what waits behind an answer that is not known yet', SUITE, () => {
  for (const [name, line] of Object.entries(LINE)) {
    test(`is cut off: ${name} behind an authorize that waits for the pool`, async () => {
      await using room = await openRoom({ limits: { pendingSubmits: 32 } });
      const miner = await waitingMiner(room);
      await room.pool.connection();
      miner.send(...Array.from({ length: 500 }, (_, id) => line(id)));
      await miner.closed();
      await counted(room, 'flood');
      await gone(room);
      assert.equal(miner.lines.length, 1, 'nothing out of turn');
    });

    test(`is cut off: ${name} behind a refusal that is held back`, async () => {
      await using room = await openRoom({ limits: { pendingSubmits: 32, refusalDelayMs: 10_000 } });
      const miner = await room.miner({ user: ACCOUNT });
      room.bed.accounts.clear();
      await miner.subscribe();
      miner.sendAuthorize();
      miner.send(...Array.from({ length: 500 }, (_, id) => line(id)));
      await miner.closed();
      await counted(room, 'flood');
    });
  }

  test('goes out in its turn where it is little', async () => {
    await using room = await openRoom({ limits: { pendingSubmits: 32 } });
    const miner = await waitingMiner(room);
    miner.send(
      ...Array.from({ length: 50 }, (_, id) => ({ id: `p${id}`, method: 'mining.ping', params: [] })),
    );
    (await room.pool.login()).send(...GREETING);
    assert.equal(kindOf(await miner.next()), 'reply 2');
    for (let id = 0; id < 50; id += 1) assert.equal(kindOf(await miner.next()), `reply "p${id}"`);
    await nextWork(miner);
  });
});

/** A room whose pool connection was left a moment ago, by a cgminer at 127.0.0.2. */
async function left(): Promise<{ room: ProxyRoom; sessionId: string }> {
  const room = await openRoom({ upstream: { lingerMs: 60_000 } });
  room.pool.serve({}, [setDifficulty(500_000), notify()]);
  const miner = await room.miner({ from: '127.0.0.2', agent: 'cgminer/4.12.1' });
  const { sessionId } = await miner.subscribe();
  await miner.authorize();
  await miner.nextMethod(JOB);
  miner.end();
  await gone(room);
  return { room, sessionId };
}

describe('a pool connection that lingers', SUITE, () => {
  for (const [name, isBack, options] of [
    ['the same address and agent: it is back', true, { from: '127.0.0.2' }],
    ['another address', false, { from: '127.0.0.3' }],
    ['another agent', false, { from: '127.0.0.2', agent: 'bitaxe/BM1366' }],
    ['neither the same', false, { from: '127.0.0.3', agent: 'bitaxe/BM1366' }],
    ['a session id that was never given out', false, { from: '127.0.0.3', sessionId: '00112233445566aa' }],
    [
      'a session id in the form of the key',
      false,
      { from: '127.0.0.3', sessionId: 'at 127.0.0.2 cgminer/4.12.1' },
    ],
  ] as const) {
    test(`goes to its own miner only: ${name}`, async () => {
      const { room } = await left();
      await using _ = room;
      const miner = await room.miner({ agent: 'cgminer/4.12.1', ...options });
      await miner.subscribe();
      await miner.authorize();
      await miner.nextMethod(JOB);
      assert.equal(room.pool.peers.length, isBack ? 1 : 2);
    });
  }

  test('knows its miner by session id wherever it comes from, and from then on by where that was', async () => {
    const { room, sessionId } = await left();
    await using _ = room;
    for (const options of [{ sessionId }, {}]) {
      const miner = await room.miner({ from: '127.0.0.9', agent: 'bitaxe/BM1366', ...options });
      await miner.subscribe();
      await miner.authorize();
      await miner.nextMethod(JOB);
      miner.end();
      await gone(room);
    }
    assert.equal(room.pool.peers.length, 1);
  });

  test('a session that lives is not ended from elsewhere by its id, which others may have seen', async () => {
    const room = await openRoom();
    await using _ = room;
    room.pool.serve({}, GREETING);
    const miner = await room.miner({ from: '127.0.0.2' });
    const { sessionId } = await miner.subscribe();
    await miner.authorize();
    await miner.nextMethod(JOB);
    const stranger = await room.miner({ from: '127.0.0.3', sessionId });
    const told = await stranger.subscribe();
    assert.notEqual(told.sessionId, sessionId);
    miner.send({ id: 'there', method: 'mining.ping', params: [] });
    assert.equal(kindOf(await miner.next()), 'reply "there"');
    // From where it lives it is.
    await (await room.miner({ from: '127.0.0.2', sessionId })).subscribe();
    await miner.closed();
  });

  test('is not handed from a stranger to a stranger because neither has subscribed', async () => {
    const room = await openRoom({ upstream: { lingerMs: 60_000 } });
    await using _ = room;
    room.pool.serve({}, GREETING);
    const first = await room.miner({ from: '127.0.0.2' });
    await first.authorize();
    first.end();
    await gone(room);
    await (await room.miner({ from: '127.0.0.3' })).authorize();
    assert.equal(room.pool.peers.length, 2);
  });
});

type Find = AccountDirectory['find'];

/** The same answers as those of the room's own directory, but later, as from a store. */
function later(find: Find): Find {
  return (name, then) => void setImmediate(() => find(name, then));
}

const OTHER = 'bbbbbbbbbbbbbbbb';

function authorize(id: number, user: string): Message {
  return { id, method: 'mining.authorize', params: [user, 'x'] };
}

async function roomThatFinds(when: 'at once' | 'later', refusalDelayMs = 0): Promise<ProxyRoom> {
  let room: ProxyRoom | null = null;
  const find: Find = (name, then) => {
    const account = room?.bed.accounts.get(name);
    const answer: AccountAnswer = account === undefined ? { kind: 'unknown' } : { kind: 'found', account };
    then(answer);
  };
  room = await openRoom(
    { limits: { refusalDelayMs } },
    {
      accounts: (port) => [testAccount(OTHER, { host: '127.0.0.1', port })],
      parts: { accounts: { find: when === 'later' ? later(find) : find } },
    },
  );
  return room;
}

describe('further logins before the first has been answered', SUITE, () => {
  for (const when of ['at once', 'later'] as const) {
    describe(`the account is found ${when}`, SUITE, () => {
      test('for the same account are all granted, in order', async () => {
        await using room = await roomThatFinds(when);
        const miner = await room.miner();
        await miner.subscribe();
        miner.send(authorize(2, `${ACCOUNT}.w1`), authorize(3, `${ACCOUNT}.w2`), {
          id: 4,
          method: 'mining.ping',
        });
        const peer = await room.pool.login();
        miner.send(authorize(5, ACCOUNT));
        peer.send(...GREETING);
        for (const id of [2, 3]) assert.deepEqual(await miner.next(), { id, result: true, error: null });
        assert.equal((await miner.next())['id'], 4);
        await miner.nextWhere(({ id, result }) => id === 5 && result === true);
        assert.equal(room.pool.peers.length, 1);
        assert.equal(room.bed.proxy.report().sessions[0]?.worker, 'w1');
      });

      test('are all refused where the pool refuses', async () => {
        await using room = await roomThatFinds(when);
        const miner = await room.miner();
        await miner.subscribe();
        miner.send(authorize(2, `${ACCOUNT}.w1`), authorize(3, `${ACCOUNT}.w2`), authorize(4, ACCOUNT));
        const peer = await room.pool.connection();
        peer.send(configured((await peer.nextMethod('mining.configure'))['id']));
        peer.send(subscribed((await peer.nextMethod('mining.subscribe'))['id']));
        const { id } = await peer.nextMethod('mining.authorize');
        peer.send({ id, result: false, error: [24, 'No such wallet', null] });
        for (const own of [2, 3, 4]) {
          const refusal = await miner.next();
          assert.equal(refusal['id'], own);
          const [code, text] = errorOf(refusal);
          assert.equal(code, 24);
          assert.match(String(text), /No such wallet/);
        }
        assert.deepEqual(await miner.settled(), []);
      });

      test('are all refused where the account is unknown, the last one held back as long as the first', async () => {
        await using room = await roomThatFinds(when, 300);
        room.bed.accounts.clear();
        const miner = await room.miner();
        await miner.subscribe();
        const startedMs = performance.now();
        miner.send(authorize(2, ACCOUNT), authorize(3, ACCOUNT));
        for (const own of [2, 3]) {
          const refusal = await miner.next();
          assert.ok(performance.now() - startedMs >= 290);
          assert.deepEqual([refusal['id'], errorOf(refusal)[0]], [own, 24]);
        }
        assert.equal(room.bed.proxy.report().facts.authorizeFailures, 1);
      });

      test('for another account are refused with 24, in order, and change nothing for the first', async () => {
        await using room = await roomThatFinds(when);
        const miner = await room.miner();
        await miner.subscribe();
        miner.send(authorize(2, ACCOUNT), authorize(3, OTHER), authorize(4, ACCOUNT));
        (await room.pool.login()).send(...GREETING);
        assert.deepEqual(await miner.next(), { id: 2, result: true, error: null });
        const refusal = await miner.next();
        assert.deepEqual([refusal['id'], errorOf(refusal)[0]], [3, 24]);
        assert.deepEqual(await miner.next(), { id: 4, result: true, error: null });
        await miner.nextMethod(JOB);
        assert.deepEqual(
          room.bed.proxy.report().sessions.map(({ account }) => account),
          [ACCOUNT],
        );
        assert.equal(room.pool.peers.length, 1);
      });
    });
  }
});

test('a drain with a busy miner takes a round trip to the pool, and every share has its verdict', {
  timeout: 15_000,
}, async () => {
  await using room = await openRoom();
  const { miner, peer, job } = await room.mining();
  let sent = 0;
  const find = setInterval(() => {
    sent += 1;
    if (!miner.isClosed) miner.submit(job, { nonce: sent.toString(16) });
  }, 2);
  let answered = 0;
  const judge = setInterval(() => {
    for (const share of peer.messages.slice(answered)) {
      answered += 1;
      // A pool that is some way off.
      if (share['method'] === SUBMIT) setTimeout(() => accept(peer, share), 100);
    }
  }, 5);
  try {
    await eventually(
      () => (room.bed.proxy.report().sessions[0]?.counts.accepted ?? 0) > 20,
      () => 'shares are accepted',
    );
    const startedMs = performance.now();
    await room.bed.proxy.drain(10_000);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 1000, `${tookMs} ms`);
    await miner.closed();
  } finally {
    clearInterval(find);
    clearInterval(judge);
  }
  const total = room.bed.proxy.report().totals.find(({ account }) => account !== '');
  assert.ok(total !== undefined && total.received > 20 && total.received < sent);
  assert.deepEqual([total.inFlight, total.counts.accepted, total.counts.lost], [0, total.received, 0]);
  const verdicts = miner.messages.filter(
    ({ id, result }) => typeof id === 'number' && id > 100 && result === true,
  );
  assert.equal(verdicts.length, total.received);
});

function withBits(nbits: string): Message {
  const job = notify();
  return { ...job, params: (job['params'] as unknown[]).map((value, i) => (i === 6 ? nbits : value)) };
}

describe('a notify under the same job id', SUITE, () => {
  for (const [name, changed, index, value] of [
    ['another branch of the same length', notify({ branch: ['33'.repeat(32)] }), 4, ['33'.repeat(32)]],
    ['another version', notify({ version: '20000004' }), 5, '20000004'],
    ['other bits', withBits('1d00fffe'), 6, '1d00fffe'],
  ] as const) {
    test(`with ${name} is passed on, its repetition is not`, async () => {
      await using room = await openRoom();
      const { miner, peer, job } = await room.mining();
      peer.send(notify());
      await peer.settled();
      assert.deepEqual(await miner.settled(), [], 'to the letter the same');
      peer.send(changed);
      const again = await miner.next();
      assert.equal(kindOf(again), JOB);
      assert.deepEqual(paramsOf(again)[index], value);
      assert.notEqual(paramsOf(again)[0], paramsOf(job)[0]);
      peer.send(changed);
      await peer.settled();
      assert.deepEqual(await miner.settled(), []);
      peer.send(notify());
      assert.equal(kindOf(await miner.next()), JOB, 'the first one is another one again');
    });
  }
});

/** Another algorithm, or divider, of the same pool from now on. */
function correct(room: ProxyRoom, algorithm: string, divider: number): void {
  const to = { host: '127.0.0.1', port: room.pool.port };
  room.bed.accounts.set(ACCOUNT, testAccount(ACCOUNT, to, { algorithm, divider }));
}

/** Has one share accepted; gives the hashes that it counted for. */
async function share(room: ProxyRoom, worker: string): Promise<number> {
  const work = (): number => room.bed.proxy.report().totals.reduce((sum, total) => sum + total.work, 0);
  const before = work();
  const miner = await room.miner({ user: `${ACCOUNT}.${worker}` });
  await miner.subscribe();
  await miner.authorize();
  miner.submit(await miner.nextMethod(JOB));
  await miner.nextWhere(({ id, result }) => id === 101 && result === true);
  return work() - before;
}

function serveShares(room: ProxyRoom): void {
  room.pool.serve({}, GREETING, async (peer) => {
    for (;;) accept(peer, await peer.nextMethod(SUBMIT));
  });
}

describe('facts about a pool that are corrected', SUITE, () => {
  test('hold for the next session at once, and for those that mine as soon as there is a job', async () => {
    await using room = await openRoom();
    serveShares(room);
    assert.equal(await share(room, 'first'), 8 * 2 ** 32);
    correct(room, 'scrypt', 65_536);
    assert.equal(await share(room, 'second'), (8 * 2 ** 32) / 65_536);
    await eventually(
      () =>
        room.bed.proxy
          .report()
          .sessions.filter(({ up }) => up)
          .every(({ algorithm }) => algorithm === 'scrypt'),
      () => JSON.stringify(room.bed.proxy.report().sessions),
    );
    const { pools } = room.bed.proxy.report();
    assert.equal(pools.find(({ algorithm }) => algorithm === 'scrypt')?.divider, 65_536);
  });

  test('hold for a divider alone too', async () => {
    await using room = await openRoom();
    serveShares(room);
    assert.equal(await share(room, 'first'), 8 * 2 ** 32);
    correct(room, 'sha256d', 1024);
    assert.equal(await share(room, 'second'), (8 * 2 ** 32) / 1024);
  });

  test('show at the pool: its divider is the corrected one', async () => {
    await using room = await openRoom();
    serveShares(room);
    await share(room, 'first');
    correct(room, 'sha256d', 1000);
    await share(room, 'second');
    assert.equal(room.bed.proxy.report().pools[0]?.divider, 1000);
  });

  test('show at the pool: its miners are counted under the corrected algorithm', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 0 } });
    serveShares(room);
    await share(room, 'first');
    correct(room, 'scrypt', 65_536);
    await share(room, 'second');
    const rowOf = (algorithm: string) =>
      room.bed.proxy.report().pools.find((one) => one.algorithm === algorithm);
    await eventually(
      () => rowOf('scrypt')?.sessions === 2 && rowOf('sha256d')?.sessions === 0,
      () => JSON.stringify(room.bed.proxy.report().pools),
    );
  });
});

/** Comes, gets a lane that is too wide for its pool, and is closed for it. */
async function closedAsTooNarrow(room: ProxyRoom, options: { readonly from: string }): Promise<Geometry> {
  const miner = await room.miner(options);
  const geometry = await miner.subscribe();
  miner.sendAuthorize();
  await miner.closed();
  return geometry;
}

describe('a miner whose lane is too wide for its pool', SUITE, () => {
  for (const extranonce2Bytes of [3, 2]) {
    for (const shows of ['its session id', 'no session id'] as const) {
      for (const when of ['at once', 'later'] as const) {
        test(`reconnects once and mines: ${extranonce2Bytes} bytes, ${shows}, the account found ${when}`, async () => {
          const accounts = new Map<string, AccountAnswer>();
          const find: Find = (name, then) => then(accounts.get(name) ?? { kind: 'unknown' });
          await using room = await openRoom(
            { upstream: { lingerMs: 60_000 } },
            { parts: { accounts: { find: when === 'later' ? later(find) : find } } },
          );
          accounts.set(ACCOUNT, { kind: 'found', account: room.account });
          room.pool.serve({ extranonce2Bytes }, GREETING);
          const { sessionId } = await closedAsTooNarrow(room, { from: '127.0.0.2' });
          const miner = await room.miner({
            from: '127.0.0.2',
            ...(shows === 'its session id' ? { sessionId } : {}),
          });
          const { extranonce1, size } = await miner.subscribe();
          assert.deepEqual([extranonce1.length / 2 + size], [extranonce2Bytes === 2 ? 4 + 2 : 1 + 2]);
          assert.equal((await miner.authorize())['result'], true);
          miner.submit(await miner.nextMethod(JOB));
          const [peer] = room.pool.peers;
          assert.ok(peer !== undefined);
          const submit = await peer.nextMethod(SUBMIT);
          assert.equal((paramsOf(submit)[2] as string).length / 2, extranonce2Bytes);
          assert.equal(room.pool.peers.length, 1, 'and costs the pool no second login');
          assert.equal(miner.isClosed, false);
        });
      }
    }
  }

  for (const hasId of [true, false]) {
    test(`in mid-session, when the pool becomes narrower, ${hasId ? 'with' : 'without'} its session id`, async () => {
      await using room = await openRoom({ upstream: { lingerMs: 60_000 } });
      const { miner, peer } = await room.mining();
      peer.send(setExtranonce('0800000203', 3), notify({ id: 'job2' }));
      await miner.closed();
      const back = await room.miner(hasId ? { sessionId: miner.geometry.sessionId } : {});
      assert.equal((await back.subscribe()).size, 2);
      await back.authorize();
      assert.match(coinb1(await back.nextMethod(JOB)), /0800000203$/);
      assert.equal(room.pool.peers.length, 1);
    });
  }

  test('finds the pool connection that was kept for it, wherever it comes back from with its session id', async () => {
    await using room = await openRoom({ upstream: { lingerMs: 60_000 } });
    room.pool.serve({ extranonce2Bytes: 3 }, GREETING);
    const { sessionId } = await closedAsTooNarrow(room, { from: '127.0.0.2' });
    const miner = await room.miner({ from: '127.0.0.9', agent: 'bitaxe/BM1366', sessionId });
    assert.equal((await miner.subscribe()).size, 2);
    await miner.authorize();
    await miner.nextMethod(JOB);
    assert.equal(room.pool.peers.length, 1);
  });

  for (const [name, sessionId] of [
    ['the key of its address and agent', '127.0.0.2 cgminer/4.12.1'],
    ['the key as it is kept', 'at 127.0.0.2 cgminer/4.12.1'],
    ['the key of a session id', 'id 0011223344556677'],
  ] as const) {
    test(`is no help to a stranger that shows ${name} for a session id`, async () => {
      await using room = await openRoom({ upstream: { lingerMs: 60_000 } });
      room.pool.serve({ extranonce2Bytes: 2 }, GREETING);
      await closedAsTooNarrow(room, { from: '127.0.0.2' });
      const logins = room.pool.peers.length;
      const stranger = await room.miner({ from: '127.0.0.9', agent: 'evil', sessionId });
      const { extranonce1, size } = await stranger.subscribe();
      assert.deepEqual([extranonce1.length, size], [2, 3], 'what anyone gets');
      assert.deepEqual(await stranger.settled(), []);
      assert.equal(room.pool.peers.length, logins);
    });
  }
});

describe('a version mask', SUITE, () => {
  test('is not announced while the pool is being logged in at again, and then as it came out', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    await miner.configure();
    await miner.subscribe();
    miner.sendAuthorize();
    const first = await room.pool.login({ mask: '00006000' });
    first.send(...GREETING);
    assert.deepEqual((await miner.nextMethod(MASK))['params'], ['00006000']);
    await miner.nextMethod(JOB);
    first.end();
    const peer = await room.pool.connection();
    peer.send(configured((await peer.nextMethod('mining.configure'))['id'], '0000e000'), {
      id: null,
      method: MASK,
      params: ['00006000'],
    });
    const subscribe = await peer.nextMethod('mining.subscribe');
    peer.send({ id: null, method: MASK, params: ['1fffe000'] });
    await peer.settled();
    assert.deepEqual(await miner.settled(), []);
    peer.send(subscribed(subscribe['id'], '08000003'));
    const authorize = await peer.nextMethod('mining.authorize');
    peer.send(yes(authorize), { id: null, method: MASK, params: ['00002000'] });
    await peer.settled();
    assert.deepEqual(await miner.settled(), []);
    peer.send(...GREETING);
    assert.deepEqual((await miner.next())['params'], ['00002000']);
    assert.equal(kindOf(await miner.next()), JOB);
  });

  test('of no bit is not sent to a miner that was never granted one', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    // Bits that no pool rolls.
    assert.deepEqual((await miner.configure('00000001'))['result'], { 'version-rolling': false });
    await miner.subscribe();
    miner.sendAuthorize();
    const peer = await room.pool.login();
    peer.send(...GREETING);
    assert.equal((await miner.next())['result'], true);
    await nextWork(miner);
    for (const mask of ['00000000', '00006000', '1fffe000']) {
      peer.send({ id: null, method: MASK, params: [mask] });
      await peer.settled();
    }
    peer.end();
    (await room.pool.login({ mask: null, extranonce1: '08000003' })).send(...GREETING);
    await miner.nextMethod(JOB);
    assert.deepEqual(
      miner.messages.filter(({ method }) => method === MASK),
      [],
    );
  });

  test('of no bit is sent to one that was', async () => {
    await using room = await openRoom();
    const miner = await room.miner();
    await miner.configure();
    await miner.subscribe();
    miner.sendAuthorize();
    (await room.pool.login({ mask: null })).send(...GREETING);
    assert.deepEqual((await miner.nextMethod(MASK))['params'], ['00000000']);
  });
});

describe('a wish given as a target', SUITE, () => {
  for (const [algorithm, divider, target] of [
    ['sha256d', 1, `00000000ffff${'0'.repeat(52)}`],
    ['scrypt', 65_536, `0000ffff${'0'.repeat(56)}`],
    ['a thousandth', 256, `000000ffff${'0'.repeat(54)}`],
  ] as const) {
    for (const when of ['while it mines', 'before it is known what it mines'] as const) {
      test(`means the pool\u2019s difficulty 1 where it is that: ${algorithm}, ${when}`, async () => {
        await using room = await openRoom({}, { algorithm, divider });
        const miner = await room.miner();
        const wish = { id: 9, method: 'mining.suggest_target', params: [target] };
        await miner.subscribe();
        if (when !== 'while it mines') miner.send(wish);
        miner.sendAuthorize();
        const peer = await room.pool.login();
        peer.send(...GREETING);
        await miner.nextMethod(JOB);
        if (when === 'while it mines') miner.send(wish);
        assert.deepEqual((await peer.nextMethod(SUGGEST))['params'], [1]);
      });
    }
  }
});

function setExtranonce(extranonce1: string, size: number): Message {
  return { id: null, method: 'mining.set_extranonce', params: [extranonce1, size] };
}

describe('a set_extranonce', SUITE, () => {
  for (const [name, said] of [
    ['with the pair in force', [setExtranonce('08000002', 4)]],
    ['that is taken back before the next job', [setExtranonce('0badc0de', 8), setExtranonce('08000002', 4)]],
  ] as const) {
    test(`${name} changes nothing`, async () => {
      await using room = await openRoom();
      const { miner, peer, job } = await room.mining();
      miner.submit(job, { id: 'before', nonce: '00000001' });
      const open = await peer.nextMethod(SUBMIT);
      peer.send(...said, notify({ id: 'job2', clean: false }));
      const next = await miner.nextMethod(JOB);
      assert.deepEqual([coinb1(next), isClean(next)], [coinb1(job), false]);
      // Shares of the jobs before it are good still, the open one as well.
      miner.submit(job, { id: 'after', nonce: '00000002' });
      const late = await peer.nextMethod(SUBMIT);
      assert.equal(paramsOf(late)[1], 'job1');
      accept(peer, open);
      accept(peer, late);
      for (const id of ['before', 'after']) {
        assert.deepEqual(await miner.next(), { id, result: true, error: null });
      }
    });
  }

  test('with another pair changes all, so that the tests above mean something', async () => {
    await using room = await openRoom();
    const { miner, peer, job } = await room.mining();
    peer.send(setExtranonce('08000009', 4), notify({ id: 'job2', clean: false }));
    const next = await miner.nextMethod(JOB);
    assert.match(coinb1(next), /08000009$/);
    assert.equal(isClean(next), true);
    miner.submit(job);
    assert.equal(errorOf(await miner.next())[0], 21);
  });
});

describe('the program', { concurrency: true, timeout: 20_000 }, () => {
  test('does not end on SIGHUP: miners stay, and it reads its configuration again', async () => {
    await using farm = await Farm.open();
    const { program } = farm;
    const miner = await farm.scriptedMiner();
    await miner.subscribe();
    for (let times = 1; times <= 2; times += 1) {
      program.signal('SIGHUP');
      await eventually(
        () => program.lines().filter(({ msg }) => msg === 'configuration read again').length === times,
        () => program.tail(),
      );
    }
    assert.deepEqual(await miner.settled(), []);
    assert.equal((await (await farm.scriptedMiner()).subscribe()).size, 3);
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });

  test('writes one line per event under --syslog, whatever names miners give themselves', async () => {
    await using farm = await Farm.open({
      flags: ['--syslog', '--log.level=debug', '--limits.refusalDelayMs=0'],
    });
    const { program } = farm;
    const agent = 'cgminer\nERROR: pool down\u001b[2J';
    const users = [
      'x)\nERROR: pool down {\u001b[2Jy',
      'x\r\n\r\nWARN: z',
      'x\u009b31m',
      'x\u0085y',
      '\u0000',
    ];
    const miner = await farm.scriptedMiner({ agent });
    await miner.subscribe();
    for (const user of users) assert.notEqual((await miner.authorize(user))['result'], true);
    miner.end();
    await program.waitForOutput('miner disconnected');
    await program.stop();
    const lines = program.stdout.split('\n');
    assert.equal(lines.pop(), '');
    for (const line of lines)
      assert.match(line, /^(?:DEBUG|INFO|WARN|ERROR): [a-z][^\u0000-\u001f\u007f-\u009f]*$/i);
    assert.equal(lines.filter((line) => line.startsWith('INFO: unknown user name')).length, users.length);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('ERROR')),
      [],
    );
  });
});
