import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import * as fc from 'fast-check';
import { shareCounts } from '../../src/domain/counts.ts';
import type { ShareCounts, WorkerReport } from '../../src/domain/report.ts';
import { SHARE_RESULTS, type ShareResult } from '../../src/domain/result.ts';
import { eventually } from '../support/eventually.ts';
import { HandClock } from '../support/hand-clock.ts';
import type { LinePeer, Message } from '../support/line-peer.ts';
import { openRoom, type ProxyRoom } from '../support/proxy-room.ts';
import { jobId, paramsOf, type ScriptedMiner } from '../support/scripted-miner.ts';
import { notify, setDifficulty } from '../support/scripted-pool.ts';

const SUBMIT = 'mining.submit';
const SWEEP_MS = 250;
const SUBMIT_TIMEOUT_MS = 400;

type ShareKind = 'good' | 'bad-length' | 'garbage' | 'unknown-job' | 'voided';

type Verdict = 'accepted' | 'stale' | 'duplicate' | 'low-difficulty' | 'rejected';

const VERDICTS: Readonly<Record<Verdict, Message>> = {
  accepted: { result: true, error: null },
  stale: { result: null, error: [21, 'Job not found', null] },
  duplicate: { result: false, error: [22, 'Duplicate share', null] },
  'low-difficulty': { result: false, error: null, 'reject-reason': 'Above target' },
  rejected: { result: null, error: [20, 'No', null] },
};

/** One miner with its pool connection, as the model sees them. */
interface Rig {
  readonly miner: ScriptedMiner;
  /** Extranonce1 of its pool connection: names the connection. */
  x1: string;
  job: Message;
  /** A job that a new block has voided; null before the first. */
  voided: Message | null;
}

function sumOf(counts: ShareCounts): number {
  return SHARE_RESULTS.reduce((n, result) => n + counts[result], 0);
}

/** The proxy room with a model of its books: every action says what it must have changed. */
class World {
  readonly room: ProxyRoom;
  readonly clock: HandClock;
  readonly expected: Record<ShareResult, number>;
  received = 0;
  rigs: Rig[] = [];
  /** The pool's end of each connection, by its extranonce1. */
  readonly peers = new Map<string, LinePeer>();
  /** Shares that the pool has and has not answered, by the connection's extranonce1: their ids. */
  readonly open = new Map<string, unknown[]>();
  /** How many shares in a row each connection's pool has left unanswered. */
  readonly unanswered = new Map<string, number>();
  /** The pool's newest job on each connection, where it is not the first. */
  readonly work = new Map<string, Message>();
  /** The extranonce1 that the next connection is given; null: a fresh one. */
  nextX1: string | null = null;
  #block = 0;

  constructor(room: ProxyRoom, clock: HandClock) {
    this.room = room;
    this.clock = clock;
    this.expected = shareCounts();
    const given: string[] = [];
    room.pool.serve(
      (number) => {
        const x1 = this.nextX1 ?? number.toString(16).padStart(8, '0');
        this.nextX1 = null;
        given.push(x1);
        return { extranonce1: x1 };
      },
      [],
      (peer, number) => {
        const x1 = given[number] ?? '';
        this.peers.set(x1, peer);
        this.unanswered.set(x1, 0);
        peer.send(setDifficulty(8), this.work.get(x1) ?? notify());
        return Promise.resolve();
      },
    );
  }

  report(): WorkerReport {
    return this.room.bed.proxy.report();
  }

  /** Turns the clock, sweeps once. */
  pass(ms: number): void {
    this.clock.nowMs += ms;
    mock.timers.tick(SWEEP_MS);
  }

  /** The invariants that hold at any moment. */
  check(): void {
    const { sessions, totals } = this.report();
    for (const row of [...sessions, ...totals]) {
      assert.equal(row.received, row.inFlight + sumOf(row.counts), JSON.stringify(row));
      assert.ok(row.inFlight >= 0);
    }
    for (const total of totals.filter(({ account }) => account !== '')) {
      const own = sessions.filter(({ account }) => account === total.account);
      for (const result of SHARE_RESULTS) {
        assert.equal(
          total.counts[result],
          own.reduce((n, row) => n + row.counts[result], 0),
          `total of ${result}`,
        );
      }
      assert.equal(
        total.received,
        own.reduce((n, row) => n + row.received, 0),
      );
      assert.equal(
        total.inFlight,
        own.reduce((n, row) => n + row.inFlight, 0),
      );
      assert.equal(total.work, own.reduce((n, row) => n + row.difficultyAccepted, 0) * 2 ** 32);
    }
    const all = Object.fromEntries(
      SHARE_RESULTS.map((result) => [result, totals.reduce((n, row) => n + row.counts[result], 0)]),
    );
    assert.deepEqual(all, this.expected);
    assert.equal(
      totals.reduce((n, row) => n + row.received, 0),
      this.received,
    );
    let open = 0;
    for (const ids of this.open.values()) open += ids.length;
    assert.equal(
      totals.reduce((n, row) => n + row.inFlight, 0),
      open,
    );
  }

  async connect(): Promise<void> {
    const miner = await this.room.miner();
    await miner.subscribe();
    await miner.authorize();
    const job = await miner.nextMethod('mining.notify');
    const x1 = (paramsOf(job)[2] as string).slice('01000000aabb'.length, '01000000aabb'.length + 8);
    this.rigs.push({ miner, x1, job, voided: null });
    if (!this.open.has(x1)) this.open.set(x1, []);
  }

  /** Waits until the proxy has taken in every share that was sent. */
  async arrived(): Promise<void> {
    const received = (): number => this.report().totals.reduce((n, row) => n + row.received, 0);
    await eventually(
      () => received() === this.received,
      () => `${this.received} shares sent, ${received()} received`,
    );
  }

  async submit(rig: Rig, kind: ShareKind): Promise<void> {
    const { miner, job, voided } = rig;
    this.received += 1;
    const nonce = this.received.toString(16);
    switch (kind) {
      case 'good': {
        miner.submit(job, { nonce });
        const peer = this.peers.get(rig.x1);
        const share = await peer?.nextMethod(SUBMIT);
        this.open.get(rig.x1)?.push(share?.['id']);
        break;
      }
      case 'bad-length':
        miner.submit(job, { extranonce2: 'ab', nonce });
        this.expected.malformed += 1;
        break;
      case 'garbage':
        miner.send({ id: 5, method: SUBMIT, params: ['x', jobId(job)] });
        this.expected.malformed += 1;
        break;
      case 'unknown-job':
        miner.submit('ffffffffff', { nonce });
        this.expected['unknown-job'] += 1;
        break;
      case 'voided':
        miner.submit(voided ?? job, voided === null ? { extranonce2: '' } : { nonce });
        this.expected[voided === null ? 'malformed' : 'stale'] += 1;
        break;
    }
    await this.arrived();
  }

  /** A miner that never logged in. */
  async submitUnbound(): Promise<void> {
    const miner = await this.room.miner();
    miner.submit('1', { extranonce2: 'aabbcc' });
    this.received += 1;
    this.expected.unauthorized += 1;
    await miner.next();
    miner.end();
  }

  async answer(rig: Rig, which: number, verdict: Verdict): Promise<void> {
    const ids = this.open.get(rig.x1) ?? [];
    if (ids.length === 0) return;
    const [id] = ids.splice(which % ids.length, 1);
    const peer = this.peers.get(rig.x1);
    peer?.send({ id, ...VERDICTS[verdict] });
    this.unanswered.set(rig.x1, 0);
    this.expected[verdict] += 1;
    await peer?.settled();
  }

  async newBlock(rig: Rig): Promise<void> {
    this.#block += 1;
    const prevHash = (0x1000 + this.#block).toString(16).repeat(16);
    const work = notify({ id: `b${this.#block}`, prevHash });
    this.work.set(rig.x1, work);
    this.peers.get(rig.x1)?.send(work);
    const before = rig.job;
    await rig.miner.until(() => this.#follow(rig) !== '' && rig.job !== before, 5000, 'the new block');
    rig.voided = before;
  }

  /** The pool drops the connection; it is dialled again and gets the same extranonce1 back, or another. */
  async drop(rig: Rig, isResumed: boolean, submitsMeanwhile: boolean): Promise<void> {
    const { x1 } = rig;
    this.nextX1 = isResumed ? x1 : null;
    const open = this.open.get(x1) ?? [];
    const old = this.peers.get(x1);
    this.peers.delete(x1);
    old?.socket.destroy();
    await eventually(
      () => this.report().pools[0]?.upstreams.cooling === 1,
      () => 'the drop is noticed',
    );
    if (submitsMeanwhile) {
      this.received += 1;
      rig.miner.submit(rig.job, { nonce: this.received.toString(16) });
      await this.arrived();
      open.push(null);
    }
    await this.recover(rig);
    if (isResumed) {
      // Everything that was open is sent again, under other ids, in order.
      const peer = this.peers.get(x1);
      const again: unknown[] = [];
      for (let i = 0; i < open.length; i += 1) again.push((await peer?.nextMethod(SUBMIT))?.['id']);
      this.open.set(x1, again);
    } else {
      this.expected.lost += open.length;
      this.open.delete(x1);
    }
  }

  /** Until every rig has its connection again. */
  async recover(rig: Rig): Promise<void> {
    this.pass(20);
    await eventually(
      () => {
        // No more time: a share that waits for the connection must not run out of its own.
        this.pass(0);
        return this.report().pools[0]?.upstreams.live === this.rigs.length;
      },
      () => JSON.stringify(this.report().pools),
    );
    await rig.miner.until(() => this.peers.has(this.#follow(rig)), 5000, 'the job of the new connection');
  }

  /** Takes the newest job the miner has. */
  #follow(rig: Rig): string {
    const jobs = rig.miner.messages.filter((message) => message['method'] === 'mining.notify');
    const job = jobs.at(-1) ?? rig.job;
    if (jobId(job) !== jobId(rig.job)) {
      rig.voided = null;
      rig.job = job;
      rig.x1 = (paramsOf(job)[2] as string).slice('01000000aabb'.length, '01000000aabb'.length + 8);
      if (!this.open.has(rig.x1)) this.open.set(rig.x1, []);
    }
    return rig.x1;
  }

  /** The pool does not answer what it has in time. Three in a row and the connection is dialled again. */
  async timeOut(): Promise<void> {
    for (const [x1, ids] of this.open) {
      this.expected.unanswered += ids.length;
      this.unanswered.set(x1, (this.unanswered.get(x1) ?? 0) + ids.length);
      ids.length = 0;
    }
    const silent = this.rigs.filter(({ x1 }) => (this.unanswered.get(x1) ?? 0) >= 3);
    this.pass(SUBMIT_TIMEOUT_MS);
    for (const rig of silent) {
      this.peers.delete(rig.x1);
      this.open.delete(rig.x1);
    }
    for (const rig of silent) await this.recover(rig);
  }

  /** The miner goes; what it has in flight is still answered. */
  async leave(index: number): Promise<void> {
    const rig = this.rigs[index];
    if (rig === undefined) return;
    rig.miner.end();
    this.rigs = this.rigs.filter((other) => other !== rig);
    await eventually(
      () => this.report().facts.sessions === this.rigs.length,
      () => 'the session is still there',
    );
    for (const id of this.open.get(rig.x1)?.splice(0) ?? []) {
      this.peers.get(rig.x1)?.send({ id, ...VERDICTS.accepted });
      this.expected.accepted += 1;
    }
    await this.peers.get(rig.x1)?.settled();
    this.pass(0);
    this.pass(0);
    await eventually(
      () => this.report().facts.upstreams === this.rigs.length,
      () => 'the upstream is still there',
    );
  }
}

type Act = (world: World) => Promise<void>;

/** What happens next; reads well in a counterexample. */
class Action {
  readonly text: string;
  readonly run: Act;

  constructor(text: string, run: Act) {
    this.text = text;
    this.run = run;
  }

  [fc.toStringMethod](): string {
    return this.text;
  }
}

const onRig =
  (number: number, act: (world: World, rig: Rig) => Promise<void>): Act =>
  async (world) => {
    const rig = world.rigs[number % Math.max(world.rigs.length, 1)];
    if (rig !== undefined) await act(world, rig);
  };

const rigs = fc.nat(2);
const verdicts = fc.constantFrom<Verdict>(
  'accepted',
  'accepted',
  'stale',
  'duplicate',
  'low-difficulty',
  'rejected',
);
const kinds = fc.constantFrom<ShareKind>(
  'good',
  'good',
  'good',
  'bad-length',
  'garbage',
  'unknown-job',
  'voided',
);

const actions: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.tuple(rigs, kinds).map(
      ([n, kind]) =>
        new Action(
          `submit ${n} ${kind}`,
          onRig(n, (world, rig) => world.submit(rig, kind)),
        ),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(rigs, fc.nat(5), verdicts).map(
      ([n, which, v]) =>
        new Action(
          `answer ${n} #${which} ${v}`,
          onRig(n, (world, rig) => world.answer(rig, which, v)),
        ),
    ),
  },
  {
    weight: 2,
    arbitrary: rigs.map(
      (n) =>
        new Action(
          `new block ${n}`,
          onRig(n, (world, rig) => world.newBlock(rig)),
        ),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(rigs, fc.boolean(), fc.boolean()).map(
      ([n, isResumed, submits]) =>
        new Action(
          `drop ${n}${isResumed ? ', resumed' : ''}${submits ? ', a share meanwhile' : ''}`,
          onRig(n, (world, rig) => world.drop(rig, isResumed, submits)),
        ),
    ),
  },
  { weight: 1, arbitrary: fc.constant(new Action('time out', (world) => world.timeOut())) },
  { weight: 1, arbitrary: fc.constant(new Action('submit unbound', (world) => world.submitUnbound())) },
  { weight: 1, arbitrary: rigs.map((n) => new Action(`leave ${n}`, (world) => world.leave(n))) },
  {
    weight: 2,
    arbitrary: fc.constant(
      new Action('connect', (world) => (world.rigs.length < 3 ? world.connect() : Promise.resolve())),
    ),
  },
);

describe('the books', { timeout: 30_000 }, () => {
  // The proxy sweeps when the test says so.
  before(() => mock.timers.enable({ apis: ['setInterval'] }));
  after(() => mock.timers.reset());

  test('add up after any sequence of miners, verdicts, drops and time-outs', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(actions, { minLength: 5, maxLength: 40 }), async (sequence) => {
        const clock = new HandClock();
        await using room = await openRoom(
          {
            limits: { handshakeMs: 1e9 },
            upstream: {
              submitTimeoutMs: SUBMIT_TIMEOUT_MS,
              retryMinMs: 10,
              retryMaxMs: 10,
              silenceMs: 1e9,
              refreshMs: 0,
              holdSeconds: 0,
              lingerMs: 0,
              authorizeWaitMs: 1e9,
              callTimeoutMs: 1e9,
              dialTimeoutMs: 1e9,
              configureTimeoutMs: 1e9,
            },
          },
          { parts: { clock } },
        );
        const world = new World(room, clock);
        await world.connect();
        for (const { run } of sequence) {
          await run(world);
          world.check();
        }
        await world.timeOut();
        world.check();
        const { sessions, totals } = world.report();
        for (const row of [...sessions, ...totals]) assert.equal(row.inFlight, 0);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });
});
