import assert from 'node:assert/strict';
import type { Account, AccountMode } from '../../src/domain/account.ts';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import type { SessionRow, TotalRow, WorkerReport } from '../../src/domain/report.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { type Log, type LogFields, silentLog } from '../../src/kit/log.ts';
import { CpuMiner, type CpuMinerOptions } from '../../src/practice/cpu-miner.ts';
import { HashThreads } from '../../src/practice/hash-threads.ts';
import type { PracticeAlgorithmName } from '../../src/practice/practice-algorithms.ts';
import { PracticePool } from '../../src/practice/practice-pool.ts';
import type { ChaosShape, ChaosStep, Trouble } from './chaos-script.ts';
import { restAll } from './crew.ts';
import { eventually } from './eventually.ts';
import { type ProxyBed, startProxyBed, testAccount, testSettings } from './proxy-bed.ts';

const parts = { log: silentLog, clock: systemClock };

/** Powers of two: 4096 hashes of sha256d, 128 of scrypt. */
const LEVELS = {
  sha256d: { usual: -20, least: -22, most: -17 },
  scrypt: { usual: -9, least: -11, most: -7 },
} as const;

/** Which pools an account has, and who mines for it. */
interface AccountPlan {
  readonly user: string;
  readonly pools: readonly number[];
  readonly mode: AccountMode;
  readonly workerTemplate: string;
  readonly miners: number;
  readonly algorithm: PracticeAlgorithmName;
  /** Its miners disconnect now and then. The books of the others must agree to the share. */
  readonly isRestless: boolean;
  readonly changesMode: boolean;
}

const SHA256D = {
  workerTemplate: '{user}',
  algorithm: 'sha256d',
  isRestless: false,
  changesMode: false,
} as const;

const POOLS: readonly PracticeAlgorithmName[] = [
  'sha256d',
  'sha256d',
  'sha256d',
  'sha256d',
  'scrypt',
  'scrypt',
];

const ACCOUNTS: readonly AccountPlan[] = [
  { ...SHA256D, user: 'alpha', pools: [0, 1, 2], mode: 'auto', miners: 12 },
  {
    ...SHA256D,
    user: 'beta',
    pools: [1, 2, 3],
    mode: 'shared',
    miners: 10,
    workerTemplate: '{user}.{worker}',
    isRestless: true,
  },
  { ...SHA256D, user: 'gamma', pools: [2, 0, 3], mode: 'dedicated', miners: 8 },
  {
    ...SHA256D,
    user: 'delta',
    pools: [3, 1, 0],
    mode: 'shared',
    miners: 8,
    isRestless: true,
    changesMode: true,
  },
  {
    ...SHA256D,
    user: 'epsilon',
    pools: [0, 3],
    mode: 'dedicated',
    miners: 6,
    workerTemplate: '{user}.{worker}',
    isRestless: true,
    changesMode: true,
  },
  { ...SHA256D, user: 'zeta', pools: [4, 5], mode: 'auto', miners: 4, algorithm: 'scrypt' },
];

/** Habits of miners in the field, in turn. */
const HABITS: readonly Partial<CpuMinerOptions>[] = [
  {},
  { extranonceSubscribe: true },
  { handshake: 'pipelined' },
  { versionRolling: false },
  { fixedSubmitId: true },
  { sendSuggestDifficulty: 2 ** -21 },
];

/** What no pool should send: whole lines, beginnings of one, and no text at all. */
const RUBBISH: readonly (string | Uint8Array)[] = [
  'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n<html></html>\n',
  '[1,2,3]\n"hello"\n42\nnull\n',
  '{"id":null,"method":"mining.notify","params":["7f","00',
  '{"id":4,"result":tr',
  Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0xff, 0xfe, 0x22, 0x7d, 0x0a),
  Uint8Array.of(0x16, 0x03, 0x01, 0x00, 0x05, 0x00, 0x80, 0xff),
  'x'.repeat(200_000),
  `{"id":null,"method":"mining.notify","params":["${'0'.repeat(150_000)}"]}\n`,
  '{"id":null,"method":"mining.notify","params":["1","zz","","",[],"","","",true]}\n',
  '{"id":null,"method":"mining.notify","params":[]}\n',
  '{"id":null,"method":"mining.set_difficulty","params":[0]}\n',
  '{"id":null,"method":"mining.set_difficulty","params":["easy"]}\n',
  '{"id":null,"method":"mining.set_extranonce","params":["zz",99]}\n',
  `${'['.repeat(20_000)}\n`,
  '{"id":999999,"result":true,"error":null}\n{"id":null,"result":null,"error":null}\n',
  '{"id":7,"method":"mining.dance","params":{}}\n',
];

/** A miner, whose it is, and how often the script has cut it off. */
interface Hand {
  readonly account: number;
  readonly worker: string;
  readonly miner: CpuMiner;
  cuts: number;
}

/** The last so many log lines, for the story of a failure. */
const LINES_TOLD = 60;
const STEPS_TOLD = 40;
/** Rows of sessions that have ended are kept a minute: in a shorter run every share stands in some row. */
const ROWS_KEPT_MS = 60_000;

/** The part of the shares that may cross a change which makes them worthless, without word of it. */
const MOST_CROSSED = 0.005;

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

const sumOf = (counts: SessionRow['counts']): number => sum(Object.values(counts));
const isOf = (user: string, name: string): boolean => name === user || name.startsWith(`${user}.`);

/**
 * The proxy under load of real miners on real pools, to which a script of troubles is done; and all that must hold meanwhile and afterwards. Throws
 * where something does not.
 */
export class ChaosFarm implements AsyncDisposable {
  readonly shape: ChaosShape;
  readonly #bed: ProxyBed;
  readonly #pools: readonly PracticePool[];
  readonly #levels: number[];
  readonly #accounts: Account[];
  readonly #hands: readonly Hand[];
  readonly #threads: HashThreads;
  readonly #log: RecentLog;
  readonly #done: string[] = [];
  readonly #beganMs = performance.now();
  /** Begun in this order so far, by kind. */
  readonly #counts = new Map<string, number>();

  private constructor(given: {
    readonly bed: ProxyBed;
    readonly pools: readonly PracticePool[];
    readonly accounts: Account[];
    readonly hands: readonly Hand[];
    readonly threads: HashThreads;
    readonly log: RecentLog;
  }) {
    this.#bed = given.bed;
    this.#pools = given.pools;
    this.#levels = POOLS.map((algorithm) => LEVELS[algorithm].usual);
    this.#accounts = given.accounts;
    this.#hands = given.hands;
    this.#threads = given.threads;
    this.#log = given.log;
    this.shape = {
      pools: POOLS.length,
      accounts: ACCOUNTS.length,
      rubbish: RUBBISH.length,
      restlessMiners: given.hands.flatMap(({ account }, i) =>
        ACCOUNTS[account]?.isRestless === true ? [i] : [],
      ),
    };
  }

  /** Everything up, every miner with a share credited. */
  static async open(): Promise<ChaosFarm> {
    const pools = POOLS.map(
      (algorithm) =>
        new PracticePool(parts, {
          algorithm,
          difficulty: 2 ** LEVELS[algorithm].usual,
          extranonce2Bytes: 4,
          jobIntervalMs: 600,
          blockIntervalMs: 5000,
          submitsKept: 0,
        }),
    );
    for (const pool of pools) await pool.start();
    const accounts = ACCOUNTS.map((plan, i) => accountOf(plan, i, pools));
    const log = new RecentLog();
    const bed = await startProxyBed(
      accounts,
      testSettings({
        // Not under test, and short on a machine that stands still for seconds.
        limits: { refusalDelayMs: 0, handshakeMs: 60_000 },
        upstream: {
          dialTimeoutMs: 1000,
          callTimeoutMs: 1000,
          configureTimeoutMs: 300,
          submitTimeoutMs: 1500,
          silenceMs: 3000,
          retryMinMs: 30,
          retryMaxMs: 300,
          authorizeWaitMs: 500,
          holdSeconds: 30,
          lingerMs: 300,
        },
        vardiff: { sharesPerMinute: 60 },
        failover: { returnAfterSeconds: 1 },
      }),
      { log },
    );
    const threads = new HashThreads({ log: silentLog }, { threads: 1 });
    const hands = ACCOUNTS.flatMap((plan, account) =>
      Array.from({ length: plan.miners }, (_, i): Hand => {
        const worker = `${plan.user}${i}`;
        const miner = new CpuMiner(
          { ...parts, threads },
          {
            host: '127.0.0.1',
            port: bed.port,
            user: `${accounts[account]?.name}.${worker}`,
            algorithm: plan.algorithm,
            hashesPerSecondLimit: plan.algorithm === 'scrypt' ? 80 : 1500 * 4 ** (i / plan.miners),
            reconnectMs: 50,
            ...HABITS[(i + account) % HABITS.length],
          },
        );
        return { account, worker, miner, cuts: 0 };
      }),
    );
    const farm = new ChaosFarm({ bed, pools, accounts, hands, threads, log });
    for (const { miner } of hands) miner.start();
    await Promise.all(hands.map(({ miner }) => miner.waitFor(({ accepted }) => accepted > 0, 20_000)));
    return farm;
  }

  /** Does all of the script, each step at its time, and looks after everything in between. */
  async run(script: readonly ChaosStep[], onProgress: (story: string) => void = () => {}): Promise<void> {
    const beganMs = performance.now();
    let toldAtMs = beganMs;
    for (const step of script) {
      const dueMs = beganMs + step.atMs;
      await eventually(
        () => {
          this.check();
          return performance.now() >= dueMs;
        },
        () => 'the next step to be due',
        120_000,
      );
      this.#note(step);
      await this.#do(step);
      if (performance.now() - toldAtMs >= 60_000) {
        toldAtMs = performance.now();
        onProgress(this.summary());
      }
    }
  }

  /** What holds at any moment. */
  check(): WorkerReport {
    const report = this.#bed.proxy.report();
    for (const row of [...report.totals, ...report.sessions]) {
      assert.equal(
        row.received,
        row.inFlight + sumOf(row.counts),
        `one bucket per share: ${JSON.stringify(row)}`,
      );
      assert.ok(
        row.inFlight >= 0 && Object.values(row.counts).every((count) => count >= 0),
        JSON.stringify(row),
      );
    }
    for (const { worker, counts, difficulty } of report.sessions) {
      // Whatever pools do, a miner's shares are its own, and no flood.
      const mistakes = counts.unauthorized + counts.rejected;
      if (mistakes === 0) continue;
      const stats = this.#hands.find((hand) => hand.worker === worker)?.miner.stats;
      const reasons = JSON.stringify([...(stats?.reasons ?? [])]);
      assert.fail(
        `${worker} at ${difficulty}, told ${stats?.difficulties.join()}: ${reasons}, ${stats?.summary()}`,
      );
    }
    for (const { miner, worker, cuts } of this.#hands) {
      const { violations, connections, authorizeFailures } = miner.stats;
      assert.deepEqual(violations, [], worker);
      // A miner that the script cut off may be refused when it comes back: then it tries again.
      const most = 1 + cuts + (cuts > 0 ? authorizeFailures : 0);
      assert.ok(
        connections <= most,
        `${worker} lost its socket: ${miner.stats.summary()}, cut off ${cuts} times`,
      );
    }
    const { upstreams, sessions } = report.facts;
    const miners = this.#hands.length;
    assert.ok(upstreams <= 3 * miners, `${upstreams} upstreams for ${miners} miners`);
    assert.ok(sessions <= 2 * miners, `${sessions} sessions of ${miners} miners`);
    return report;
  }

  /** Ends all troubles; waits until every miner mines on the first pool of its account, and no upstream is there that nobody needs. */
  async recover(timeoutMs = 40_000): Promise<void> {
    for (const [pool] of this.#pools.entries()) {
      await this.#well(pool);
      this.#setLevel(pool, 0, true);
      this.#pools[pool]?.newJob({ clean: true });
    }
    let missing: readonly string[] = [];
    await eventually(
      () => {
        const report = this.check();
        missing = this.#hands.flatMap((hand) => this.#missingOf(hand, report));
        return missing.length === 0;
      },
      () => `miners on the best pool; missing:\n${missing.join('\n')}`,
      timeoutMs,
    );
    const accepted = this.#hands.map(({ miner }) => miner.stats.accepted);
    await eventually(
      () => {
        this.check();
        return this.#hands.every(({ miner }, i) => miner.stats.accepted > (accepted[i] ?? 0));
      },
      () =>
        this.#hands
          .filter(({ miner }, i) => miner.stats.accepted <= (accepted[i] ?? 0))
          .map(({ worker, miner }) => `${worker} has no share credited: ${miner.stats.summary()}`)
          .join('\n'),
      timeoutMs,
    );
    await eventually(
      () => {
        const { upstreams } = this.check().facts;
        const { least, most } = this.#needed();
        return upstreams >= least && upstreams <= most;
      },
      () => `${JSON.stringify(this.#needed())} upstreams are needed: ${JSON.stringify(this.#upstreams())}`,
      timeoutMs,
    );
  }

  #missingOf({ account, worker, miner, cuts }: Hand, { sessions }: WorkerReport): readonly string[] {
    const best = this.#accounts[account]?.entries[0].pool.name;
    const rows = sessions.filter((row) => row.up && row.worker === worker);
    const [row] = rows;
    const { connections, authorizeFailures, authorized } = miner.stats;
    const isThere =
      rows.length === 1 &&
      row !== undefined &&
      row.pool === best &&
      row.difficulty > 0 &&
      authorized &&
      connections === 1 + cuts + authorizeFailures;
    return isThere
      ? []
      : [`${worker} on ${rows.map(({ pool }) => pool).join()} for ${best}: ${miner.stats.summary()}`];
  }

  /**
   * One upstream per miner of an account that does not share, one per account that does; or two or three of those, since a miner that comes back within a
   * block finds its lane resting, and another of the same prefix is on another upstream only (with four bytes of extranonce2 there is no slot). They
   * stay there for as long as they mine.
   */
  #needed(): { readonly least: number; readonly most: number } {
    const isShared = this.#accounts.map(({ mode }) => mode !== 'dedicated');
    const least = sum(isShared.map((shared, i) => (shared ? 1 : (ACCOUNTS[i]?.miners ?? 0))));
    return { least, most: least + 2 * isShared.filter(Boolean).length };
  }

  #upstreams(): readonly unknown[] {
    return this.#bed.proxy.report().pools.map(({ pool, upstreams }) => [pool, upstreams]);
  }

  /** All rest; then the books of miners, proxy and pools must be the same books. */
  async balance(): Promise<void> {
    await restAll(this.#hands.map(({ miner }) => miner));
    const isBrief = performance.now() - this.#beganMs < ROWS_KEPT_MS;
    const { totals, sessions } = this.check();
    for (const row of totals) assert.equal(row.inFlight, 0, JSON.stringify(row));
    const unbound = totals.find(({ account }) => account === '');
    assert.equal(unbound?.received ?? 0, 0, 'no miner submits before it may');
    for (const [account, plan] of ACCOUNTS.entries()) {
      const rows = totals.filter((row) => row.account === this.#accounts[account]?.name);
      const hands = this.#hands.filter((hand) => hand.account === account);
      const story = (): string =>
        `${plan.user}: ${rows.map((row) => `${row.pool} received ${row.received} ${JSON.stringify(row.counts)}`).join('; ')}; miners: ${hands.map(({ miner }) => miner.stats.summary()).join('; ')}`;
      const books = {
        received: sum(rows.map(({ received }) => received)),
        credited: sum(rows.map(({ counts }) => counts.accepted + counts['accepted-local'])),
      };
      const told = {
        submitted: sum(hands.map(({ miner }) => miner.stats.submitted)),
        accepted: sum(hands.map(({ miner }) => miner.stats.accepted)),
        // Sent on a connection that the script ended before the answer: they may or may not have arrived.
        unanswered: sum(hands.map(({ miner }) => miner.stats.unanswered)),
      };
      if (!plan.isRestless) assert.equal(told.unanswered, 0, story());
      assert.ok(
        books.received <= told.submitted && books.received >= told.submitted - told.unanswered,
        story(),
      );
      assert.ok(
        books.credited >= told.accepted && books.credited <= told.accepted + told.unanswered,
        story(),
      );
      if (isBrief) {
        for (const { worker, miner } of hands) {
          const received = sum(sessions.filter((row) => row.worker === worker).map((row) => row.received));
          const { submitted, unanswered } = miner.stats;
          assert.ok(
            received <= submitted && received >= submitted - unanswered,
            `${worker} ${received}: ${story()}`,
          );
        }
      }
      for (const row of rows) this.#balanceWithPool(plan, row);
    }
    for (const pool of this.#pools) this.#checkRefusals(pool);
  }

  /**
   * A share that the pool accepted is `accepted` here, but for those whose verdict never came (`lost`, `unanswered`), and those whose verdict was lost with
   * the connection and that were sent again after the resume: the pool then calls them duplicates, or stale where there is a new block, and so do we. So
   * `accepted here ≤ accepted there ≤ accepted here + lost + unanswered + (duplicates + stale there)`, and of what it refused
   * `refused there ≤ refused here + lost + unanswered`.
   */
  #balanceWithPool({ user }: AccountPlan, row: TotalRow): void {
    const pool = this.#pools.find(({ endpoint }) => formatEndpoint(endpoint) === row.pool);
    assert.ok(pool !== undefined, `no pool ${row.pool}`);
    const users = [...pool.stats.users].filter(([name]) => isOf(user, name)).map(([, books]) => books);
    const acceptedThere = sum(users.map(({ accepted }) => accepted));
    const refusedThere = sum(users.flatMap(({ rejected }) => Object.values(rejected)));
    const duplicatesThere = sum(users.map(({ rejected }) => rejected.duplicate));
    const staleThere = sum(users.map(({ rejected }) => rejected.stale));
    const lowThere = sum(users.map(({ rejected }) => rejected['low-difficulty']));
    const { counts } = row;
    const unheard = counts.lost + counts.unanswered;
    const story = `${user} on ${row.pool}: here ${JSON.stringify(counts)}; there ${acceptedThere} accepted, ${refusedThere} refused: ${pool.stats.summary()}`;
    assert.equal(row.sharesAtPool, counts.accepted, story);
    assert.ok(counts.accepted <= acceptedThere, story);
    assert.ok(acceptedThere <= counts.accepted + unheard + duplicatesThere + staleThere, story);
    const { accepted, 'accepted-local': _local, lost, unanswered, ...refused } = counts;
    assert.equal(
      accepted + lost + unanswered + counts['accepted-local'] + sum(Object.values(refused)),
      row.received,
    );
    assert.ok(refusedThere <= sum(Object.values(refused)) + unheard, story);
    // No miner ever searched what was searched before: such words are the pool's alone.
    assert.ok(counts.duplicate <= duplicatesThere, story);
    assert.deepEqual([counts.unauthorized, counts.rejected], [0, 0], story);
    // A share that crosses a change on its way is judged by what holds when it arrives: another lane of the same job, a narrower mask. Some do.
    const crossed = counts['low-difficulty'] - lowThere + counts.malformed;
    assert.ok(crossed <= 3 + row.received * MOST_CROSSED, story);
  }

  /** Stale, unknown and sent twice are what troubles do; the rest would be our mistake. */
  #checkRefusals({ stats }: PracticePool): void {
    const {
      stale: _stale,
      'unknown-job': _unknown,
      duplicate: _duplicate,
      'low-difficulty': _low,
      ...mistakes
    } = stats.rejected;
    for (const [reason, count] of Object.entries(mistakes))
      assert.equal(count, 0, `${reason}: ${stats.summary()}`);
  }

  /** All miners leave; nothing may be left of them. */
  async close(): Promise<void> {
    await Promise.all(this.#hands.map(({ miner }) => miner.stop()));
    const { proxy } = this.#bed;
    await eventually(
      () => {
        const { facts } = proxy.report();
        return facts.sessions === 0 && facts.upstreams === 0 && proxy.groupCount === 0;
      },
      () => `${JSON.stringify(proxy.report().facts)}, ${proxy.groupCount} groups`,
      20_000,
    );
    const left = (): readonly number[] => this.#pools.map(({ stats }) => stats.connectionsNow);
    await eventually(
      () => left().every((count) => count === 0),
      () => `connections at the pools: ${left().join()}`,
    );
  }

  /** How much has happened. */
  summary(): string {
    const { totals, facts } = this.#bed.proxy.report();
    const counts: Record<string, number> = {};
    for (const row of totals) {
      for (const [result, count] of Object.entries(row.counts))
        counts[result] = (counts[result] ?? 0) + count;
    }
    const steps = [...this.#counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
    return (
      `${Math.round((performance.now() - this.#beganMs) / 1000)} s; ${steps}; shares ${JSON.stringify(counts)}; ${facts.upstreams} upstreams, ` +
      `pool connections ${sum(this.#pools.map(({ stats }) => stats.connectionsTotal))}, resumes ${sum(this.#pools.map(({ stats }) => stats.resumes))}, ` +
      `jobs ${sum(this.#hands.map(({ miner }) => miner.stats.jobs))} at the miners`
    );
  }

  /** What led here, for whoever has to find out. */
  story(): string {
    return [
      this.summary(),
      'last steps:',
      ...this.#done,
      'pools:',
      ...this.#pools.map(
        ({ endpoint, stats, connections }, i) =>
          `${i} ${formatEndpoint(endpoint)}: ${stats.summary()}; clients ${connections.map(({ number, users, extranonce2Bytes }) => `${number} ${[...users].join()} (${extranonce2Bytes})`).join(', ')}`,
      ),
      'log:',
      ...this.#log.lines,
    ].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#hands.map(({ miner }) => miner.stop()));
    await this.#threads.close();
    await this.#bed[Symbol.asyncDispose]();
    await Promise.all(this.#pools.map((pool) => pool.stop()));
  }

  #note(step: ChaosStep): void {
    const kind = step.what === 'pool' ? step.trouble.kind : step.what;
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    this.#done.push(`${Math.round(performance.now() - this.#beganMs)} ms: ${JSON.stringify(step)}`);
    if (this.#done.length > STEPS_TOLD) this.#done.shift();
  }

  async #do(step: ChaosStep): Promise<void> {
    switch (step.what) {
      case 'pool':
        await this.#trouble(step.pool, step.trouble);
        return;
      case 'well':
        await this.#well(step.pool);
        return;
      case 'account':
        this.#changeAccount(step.account, step.rotation, step.switchesMode);
        return;
      case 'miner': {
        const hand = this.#hands[step.miner];
        if (hand === undefined || !hand.miner.stats.authorized) return;
        hand.cuts += 1;
        hand.miner.disconnect();
        return;
      }
    }
  }

  async #trouble(number: number, trouble: Trouble): Promise<void> {
    const pool = this.#pools[number];
    if (pool === undefined) return;
    switch (trouble.kind) {
      case 'cut':
        pool.dropConnections({ reset: trouble.resets });
        return;
      case 'close-port':
        await pool.closePort();
        if (trouble.cuts) pool.dropConnections();
        return;
      case 'restart':
        pool.manners.extranonce2Bytes = trouble.extranonce2Bytes;
        await pool.stop();
        if (trouble.forgets) pool.forget();
        return;
      case 'hang':
        pool.hang({ keep: trouble.keeps });
        return;
      case 'no-verdicts':
        pool.manners.submits = trouble.judges ? 'judge-silently' : 'ignore';
        return;
      case 'no-jobs':
        pool.silence();
        return;
      case 'slow':
        pool.manners.replyDelayMs = trouble.replyDelayMs;
        return;
      case 'refuse-logins':
        pool.refuseLogins(true);
        pool.dropConnections();
        return;
      case 'rubbish': {
        const rubbish = RUBBISH[trouble.number] ?? '';
        if (typeof rubbish === 'string') pool.sendRaw(rubbish);
        else pool.sendBytes(rubbish);
        if (!trouble.cuts) return;
        // After the turn's one write, so that the half line is out first.
        await new Promise((resolve) => setImmediate(resolve));
        pool.dropConnections();
        return;
      }
      case 'set-extranonce':
        pool.setExtranonce({ extranonce2Bytes: trouble.extranonce2Bytes, force: true });
        return;
      case 'difficulty':
        this.#setLevel(number, trouble.levels, trouble.tellsNow);
        if (trouble.hasJob) pool.newJob();
        return;
      case 'job':
        pool.newJob({ clean: trouble.clean, sameBlock: trouble.sameBlock });
        return;
      case 'redirect':
        pool.reconnect();
        return;
    }
  }

  /** `levels` up or down; 0: as at the beginning. */
  #setLevel(number: number, levels: number, tellsNow: boolean): void {
    const pool = this.#pools[number];
    const { usual, least, most } = LEVELS[POOLS[number] ?? 'sha256d'];
    const before = this.#levels[number] ?? usual;
    const level = levels === 0 ? usual : Math.min(most, Math.max(least, before + levels));
    this.#levels[number] = level;
    if (tellsNow) pool?.sendDifficulty(2 ** level);
    else pool?.setDifficulty(2 ** level);
  }

  async #well(number: number): Promise<void> {
    const pool = this.#pools[number];
    if (pool === undefined) return;
    pool.refuseLogins(false);
    pool.manners.submits = 'answer';
    pool.manners.replyDelayMs = 0;
    if (pool.manners.hanging) pool.unhang();
    if (pool.isStarted) await pool.openPort();
    else await pool.start();
    pool.speak();
  }

  #changeAccount(number: number, rotation: number, switchesMode: boolean): void {
    const account = this.#accounts[number];
    const plan = ACCOUNTS[number];
    if (account === undefined || plan === undefined) return;
    const { entries } = account;
    const [first, ...rest] = entries.map((_, i) => entries[(i + rotation) % entries.length] ?? entries[0]);
    const other = account.mode === 'dedicated' ? 'shared' : 'dedicated';
    const changed: Account = {
      ...account,
      revision: account.revision + 1,
      entries: [first ?? entries[0], ...rest],
      mode: switchesMode && plan.changesMode ? other : account.mode,
    };
    this.#accounts[number] = changed;
    this.#bed.accounts.set(changed.name, changed);
    this.#bed.change(changed);
  }
}

function accountOf(plan: AccountPlan, number: number, pools: readonly PracticePool[]): Account {
  const [first, ...rest] = plan.pools.flatMap((pool) => {
    const endpoint = pools[pool]?.endpoint;
    if (endpoint === undefined) return [];
    const divider = plan.algorithm === 'scrypt' ? 65_536 : 1;
    return testAccount('', endpoint, { user: plan.user, algorithm: plan.algorithm, divider }).entries;
  });
  if (first === undefined) throw new Error('an account has at least one pool');
  return {
    ...testAccount(`00000000000000a${number}`, first.pool, { mode: plan.mode }),
    workerTemplate: plan.workerTemplate,
    entries: [first, ...rest],
  };
}

class RecentLog implements Log {
  readonly lines: string[] = [];
  readonly #beganMs = performance.now();

  debug(): void {}

  info(event: string, fields?: LogFields): void {
    this.#add('info', event, fields);
  }

  warn(event: string, fields?: LogFields): void {
    this.#add('warn', event, fields);
  }

  error(event: string, fields?: LogFields): void {
    this.#add('error', event, fields);
  }

  #add(level: string, event: string, fields: LogFields = {}): void {
    this.lines.push(
      `${Math.round(performance.now() - this.#beganMs)} ms ${level} ${event} ${JSON.stringify(fields)}`,
    );
    if (this.lines.length > LINES_TOLD) this.lines.shift();
  }
}
