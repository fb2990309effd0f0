import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, Server } from 'node:net';
import { after, before, describe, mock, test } from 'node:test';
import type { PoolRow } from '../../src/domain/report.ts';
import { eventually } from '../support/eventually.ts';
import { HandClock } from '../support/hand-clock.ts';
import { LinePeer } from '../support/line-peer.ts';
import { testAccount } from '../support/proxy-bed.ts';
import { ACCOUNT, openRoom, type ProxyRoom } from '../support/proxy-room.ts';
import { kindOf, paramsOf, type ScriptedMiner } from '../support/scripted-miner.ts';
import { notify, type PoolLogin, setDifficulty } from '../support/scripted-pool.ts';
import { configured, JOB, subscribed, waitingMiner, yes } from '../support/transcript.ts';

const SWEEP_MS = 250;
const NEVER = 1e9;
const CONFIGURE_TIMEOUT_MS = 50_000;
const SUGGEST = 'mining.suggest_difficulty';
const REFUSED = 'pool refused the login';

/** A room in which no time passes but by {@link Still.pass}. */
class Still implements AsyncDisposable {
  readonly room: ProxyRoom;
  readonly clock: HandClock;

  private constructor(room: ProxyRoom, clock: HandClock) {
    this.room = room;
    this.clock = clock;
  }

  static async open(
    upstream: { readonly retryMinMs?: number; readonly retryMaxMs?: number } = {},
  ): Promise<Still> {
    const clock = new HandClock();
    const settings = {
      limits: { handshakeMs: NEVER },
      upstream: {
        silenceMs: NEVER,
        refreshMs: 0,
        holdSeconds: 0,
        authorizeWaitMs: NEVER,
        dialTimeoutMs: NEVER,
        callTimeoutMs: NEVER,
        configureTimeoutMs: CONFIGURE_TIMEOUT_MS,
        ...upstream,
      },
    };
    return new Still(await openRoom(settings, { parts: { clock } }), clock);
  }

  /** Turns the clock, sweeps once. */
  pass(ms: number): void {
    this.clock.nowMs += ms;
    mock.timers.tick(SWEEP_MS);
  }

  /** Lets the time go by as it does in life. */
  passSweeping(ms: number): void {
    for (let passed = 0; passed < ms; passed += SWEEP_MS) this.pass(SWEEP_MS);
  }

  get upstreams(): PoolRow['upstreams'] {
    const [row] = this.room.bed.proxy.report().pools;
    return row?.upstreams ?? { idle: 0, dialing: 0, handshaking: 0, live: 0, cooling: 0 };
  }

  async upstreamsAre(state: keyof PoolRow['upstreams'], count: number): Promise<void> {
    await eventually(
      () => this.upstreams[state] === count,
      () => `${count} ${state}: ${JSON.stringify(this.upstreams)}`,
    );
  }

  /** Sweeps until it holds, for at most `maxMs`; gives the time that took. */
  passUntil(holds: () => boolean, maxMs: number): number {
    let passedMs = 0;
    for (; passedMs < maxMs && !holds(); passedMs += SWEEP_MS) this.pass(SWEEP_MS);
    return passedMs;
  }

  warnings(event: string): number {
    return this.room.log.events.filter((line) => line.level === 'warn' && line.event === event).length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.room[Symbol.asyncDispose]();
  }
}

/** A pool that logs every connection in, or refuses it, as `isRefusing` says at the moment. */
class Bouncer implements AsyncDisposable {
  isRefusing = false;
  refused = 0;
  readonly peers: LinePeer[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((socket) => {
      const peer = new LinePeer(socket);
      this.peers.push(peer);
      // A connection that ends is the test's own doing.
      void this.#logIn(peer, this.peers.length).catch(() => {});
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return portOf(this.#server);
  }

  async #logIn(peer: LinePeer, number: number): Promise<void> {
    peer.send(configured((await peer.nextMethod('mining.configure'))['id']));
    const x1 = number.toString(16).padStart(8, '0');
    peer.send(subscribed((await peer.nextMethod('mining.subscribe'))['id'], x1));
    const authorize = await peer.nextMethod('mining.authorize');
    if (this.isRefusing) {
      this.refused += 1;
      peer.send({ id: authorize['id'], result: false, error: [24, 'No such wallet', null] });
    } else {
      peer.send(yes(authorize), setDifficulty(8), notify());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.peers) peer.end();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function portOf(server: Server): number {
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

const LOGIN = { extranonce1: '08000002' } as const satisfies PoolLogin;

/** A miner at difficulty 512 whose pool dropped it, took its session up again and named no difficulty; it has the job that followed. */
async function resumedInSilence(still: Still): Promise<{ miner: ScriptedMiner; peer: LinePeer }> {
  const { room } = still;
  const { miner, peer } = await room.mining({ difficulty: 512 });
  peer.end();
  await still.upstreamsAre('cooling', 1);
  still.passUntil(() => still.upstreams.cooling === 0, 10_000);
  const back = await room.pool.login();
  back.send(notify({ id: 'after' }));
  await back.settled();
  // As long as it may take to name one.
  still.pass(1000);
  assert.equal(kindOf(await miner.next()), JOB, 'no difficulty before it');
  return { miner, peer: back };
}

describe('in time', { timeout: 20_000 }, () => {
  // The proxy sweeps when the test says so.
  before(() => mock.timers.enable({ apis: ['setInterval'] }));
  after(() => mock.timers.reset());

  test('a pool that closes after each login is dialled with growing pauses, until it has held for a minute', async () => {
    const retryMinMs = 1000;
    await using still = await Still.open({ retryMinMs, retryMaxMs: 60_000 });
    const { room } = still;
    const miner = await waitingMiner(room);
    const kick = async (): Promise<number> => {
      await still.upstreamsAre('live', 1);
      for (const peer of room.pool.peers) peer.end();
      await still.upstreamsAre('cooling', 1);
      return still.passUntil(() => still.upstreams.cooling === 0, 200_000);
    };
    const logIn = async (): Promise<void> => {
      (await room.pool.login(LOGIN)).send(setDifficulty(8), notify());
      await still.upstreamsAre('live', 1);
    };
    await logIn();
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      const ceilingMs = retryMinMs * 2 ** (attempt - 1);
      const pausedMs = await kick();
      assert.ok(pausedMs >= ceilingMs / 2 && pausedMs <= ceilingMs + SWEEP_MS, `${attempt}: ${pausedMs} ms`);
      await logIn();
    }
    still.pass(59_000);
    assert.ok((await kick()) > 10_000, 'not for long enough');
    await logIn();
    still.pass(60_000);
    assert.ok((await kick()) <= retryMinMs + SWEEP_MS);
    await logIn();
    assert.equal(miner.isClosed, false);
  });

  test('a login that is refused from now on is tried by one connection for all, ever more rarely, with a warning each', async () => {
    await using pool = await new Bouncer().start();
    await using still = await Still.open({ retryMinMs: 500, retryMaxMs: 30_000 });
    const { room } = still;
    room.bed.accounts.set(ACCOUNT, testAccount(ACCOUNT, { host: '127.0.0.1', port: pool.port }));
    const miners = await Promise.all(Array.from({ length: 50 }, () => room.miner()));
    await Promise.all(
      miners.map(async (miner) => {
        await miner.subscribe();
        await miner.authorize();
        await miner.nextMethod(JOB);
      }),
    );
    pool.isRefusing = true;
    for (const peer of pool.peers) peer.end();
    await still.upstreamsAre('cooling', 50);
    still.passUntil(() => still.upstreams.cooling < 50, 1000);
    // Those that set out together, before the first was refused.
    await still.upstreamsAre('cooling', 50);
    assert.equal(still.warnings(REFUSED), 1);
    let tries = 1;
    for (const keptMs of [5000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      const before = pool.refused;
      still.passUntil(() => still.upstreams.cooling < 50, keptMs - SWEEP_MS);
      assert.equal(still.upstreams.cooling, 50, `the pool is left alone for ${keptMs} ms`);
      // Whose own pause is over by then.
      still.passUntil(() => still.upstreams.cooling < 50, 30_000);
      still.passUntil(() => still.upstreams.cooling < 49, 30_000);
      assert.equal(still.upstreams.cooling, 49, 'one tries for all');
      await still.upstreamsAre('cooling', 50);
      tries += 1;
      assert.equal(pool.refused, before + 1);
      assert.equal(still.warnings(REFUSED), tries);
    }
    assert.ok(miners.every((miner) => !miner.isClosed));

    pool.isRefusing = false;
    still.passUntil(() => still.upstreams.cooling < 50, 100_000);
    await still.upstreamsAre('live', 1);
    still.passUntil(() => still.upstreams.cooling === 0, 31_000);
    await still.upstreamsAre('live', 50);
    for (const miner of miners) await miner.nextMethod(JOB);
  });

  test('a login that was never tried is tried by one connection for all, however many miners come at once', async () => {
    await using pool = await new Bouncer().start();
    pool.isRefusing = true;
    await using still = await Still.open({ retryMinMs: 500, retryMaxMs: 30_000 });
    const { room } = still;
    room.bed.accounts.set(ACCOUNT, testAccount(ACCOUNT, { host: '127.0.0.1', port: pool.port }));
    const miners = await Promise.all(Array.from({ length: 50 }, () => room.miner()));
    await Promise.all(miners.map((miner) => miner.subscribe()));
    const answers = miners.map((miner) => miner.authorize());
    await still.upstreamsAre('cooling', 50);
    assert.equal(pool.refused, 1);
    // All hear of it, in the pool's own words, the others without a login of their own.
    for (const answer of answers) assert.match(JSON.stringify(await answer), /No such wallet/);
    assert.equal(pool.peers.length, 1);

    pool.isRefusing = false;
    still.passSweeping(6000);
    const again = await Promise.all(Array.from({ length: 50 }, () => room.miner()));
    await Promise.all(again.map((miner) => miner.subscribe()));
    for (const answer of again.map((miner) => miner.authorize()))
      assert.equal((await answer)['result'], true);
    await still.upstreamsAre('live', 50);
    for (const miner of again) await miner.nextMethod(JOB);
  });

  test('two thousand wishes for a difficulty reach the pool as a handful, and the newest in the end', async () => {
    await using still = await Still.open();
    const { miner, peer } = await still.room.mining();
    const wishes = (): Promise<unknown[]> =>
      peer
        .settled()
        .then((messages) => messages.filter(({ method }) => method === SUGGEST).map((m) => paramsOf(m)[0]));
    miner.send(...Array.from({ length: 2000 }, (_, i) => ({ id: i, method: SUGGEST, params: [i + 1] })));
    const replies = await miner.settled();
    assert.equal(replies.length, 2000, 'every one is answered');
    assert.ok(replies.every(({ result }) => result === true));
    const passedOn = await wishes();
    assert.deepEqual(passedOn, [1, 2, 3, 4, 5]);
    still.passSweeping(29_000);
    assert.deepEqual(await wishes(), []);
    still.passSweeping(1000);
    assert.deepEqual(await wishes(), [2000]);
    still.passSweeping(120_000);
    assert.deepEqual(await wishes(), [], 'and once');

    // The pool is closed to nobody who wishes now and then.
    await miner.call({ id: 'a', method: SUGGEST, params: [4000] });
    assert.deepEqual(await wishes(), [4000]);
  });

  test('a wish that waits is dropped for a newer one that need not wait', async () => {
    await using still = await Still.open();
    const { miner, peer } = await still.room.mining();
    for (let i = 1; i <= 6; i += 1) miner.send({ id: i, method: SUGGEST, params: [i] });
    await miner.settled();
    assert.equal((await peer.settled()).length, 5);
    // Not swept since the window is over.
    still.clock.nowMs += 30_000;
    await miner.call({ id: 7, method: SUGGEST, params: [7] });
    still.passSweeping(60_000);
    assert.deepEqual(
      (await peer.settled()).map((message) => paramsOf(message)[0]),
      [7],
    );
  });

  test('a pool that has never answered configure is not asked for an hour, then it is', async () => {
    await using still = await Still.open();
    const { room } = still;
    const miner = await waitingMiner(room);
    const deaf = await room.pool.connection();
    await deaf.nextMethod('mining.configure');
    still.pass(CONFIGURE_TIMEOUT_MS);
    deaf.send(subscribed((await deaf.nextMethod('mining.subscribe'))['id']));
    deaf.send(yes(await deaf.nextMethod('mining.authorize')), setDifficulty(8), notify());
    await miner.nextMethod(JOB);
    const told = room.log.events.filter(({ event }) => event.includes('does not answer an optional call'));
    assert.deepEqual(
      told.map(({ fields }) => fields['call']),
      ['configure'],
    );
    for (const [ms, first] of [
      [3_599_000, 'mining.subscribe'],
      [1001, 'mining.configure'],
    ] as const) {
      still.pass(ms);
      await waitingMiner(room);
      assert.equal((await (await room.pool.connection()).next())['method'], first, `after ${ms} ms`);
    }
  });

  test('a configure that a login has not survived proves nothing: a pool is asked again when it is back', async () => {
    await using still = await Still.open();
    const { room } = still;
    await waitingMiner(room);
    for (let i = 0; i < 3; i += 1) {
      const asked = await room.pool.connection();
      assert.equal((await asked.next())['method'], 'mining.configure');
      asked.end();
      await still.upstreamsAre('cooling', 1);
      // At once, without it.
      still.pass(0);
      const unasked = await room.pool.connection();
      assert.equal((await unasked.next())['method'], 'mining.subscribe');
      unasked.end();
      await still.upstreamsAre('cooling', 1);
      still.passUntil(() => still.upstreams.cooling === 0, 10_000);
    }
  });

  describe('a resumed session at a pool that names no difficulty', () => {
    test('goes on with the one it had', async () => {
      await using still = await Still.open();
      const { miner } = await resumedInSilence(still);
      assert.equal(still.room.bed.proxy.report().sessions[0]?.difficulty, 512);
      assert.deepEqual(await miner.settled(), []);
    });

    test('and keeps it with the jobs that follow', async () => {
      await using still = await Still.open();
      const { miner, peer } = await resumedInSilence(still);
      peer.send(notify({ id: 'later' }));
      assert.equal(kindOf(await miner.next()), JOB, 'no difficulty before it');
      assert.equal(still.room.bed.proxy.report().sessions[0]?.difficulty, 512);
    });
  });

  test('accepts that fail are counted, logged once a minute, and no miner hears of it', async (t) => {
    const listen = t.mock.method(Server.prototype, 'listen');
    await using still = await Still.open();
    const { room } = still;
    const server = listen.mock.calls.at(-1)?.this as Server;
    assert.equal(portOf(server), room.bed.port);
    const { miner } = await room.mining();
    const fail = (): boolean =>
      server.emit('error', Object.assign(new Error('accept ENOBUFS'), { code: 'ENOBUFS' }));
    const logged = (): unknown[] =>
      room.log.events.filter(({ level }) => level === 'error').map(({ fields }) => fields);
    for (let i = 0; i < 1000; i += 1) fail();
    assert.equal(room.bed.proxy.report().facts.connectionsRefused['accept-fault'], 1000);
    assert.deepEqual(logged(), [{ reason: 'ENOBUFS' }]);
    still.pass(59_000);
    fail();
    assert.equal(logged().length, 1);
    still.pass(1000);
    fail();
    assert.equal(logged().length, 2);
    assert.deepEqual(await miner.settled(), []);
    assert.equal((await (await room.miner()).subscribe()).size, 3);
  });
});
