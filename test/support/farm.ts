import { type Endpoint, formatEndpoint } from '../../src/domain/endpoint.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { CpuMiner, type CpuMinerOptions } from '../../src/practice/cpu-miner.ts';
import { HashThreads } from '../../src/practice/hash-threads.ts';
import { PracticePool, type PracticePoolOptions } from '../../src/practice/practice-pool.ts';
import type { Figures } from './figures.ts';
import { Program, type ProgramOptions } from './program.ts';
import { connectMiner, type MinerOptions, type ScriptedMiner } from './scripted-miner.ts';
import { ScriptedPool } from './scripted-pool.ts';

const parts = { log: silentLog, clock: systemClock };

/** So hard that no CPU finds a share, ever. */
export const OUT_OF_REACH = 1e9;

/** The whole program with pools behind it and miners before it, all of which end with the farm. */
export class Farm implements AsyncDisposable {
  readonly program: Program;
  readonly #threads = new HashThreads(parts);
  readonly #closers: (() => Promise<void> | void)[] = [];

  constructor(program: Program) {
    this.program = program;
  }

  static async open(options: ProgramOptions = {}): Promise<Farm> {
    return new Farm(await Program.start(options));
  }

  /** A practice pool that makes jobs by hand only, in the program's pool list unless `isListed` is false. */
  async pool(options: PracticePoolOptions = {}, isListed = true): Promise<PracticePool> {
    const pool = new PracticePool(parts, {
      jobIntervalMs: 0,
      blockIntervalMs: 0,
      submitsKept: 10_000,
      ...options,
    });
    this.#closers.push(() => pool.stop());
    const endpoint = await pool.start();
    if (isListed) await this.program.addPool(formatEndpoint(endpoint), options.algorithm ?? 'sha256d');
    return pool;
  }

  /** A pool that is driven line by line. */
  async scriptedPool(): Promise<ScriptedPool> {
    const pool = await new ScriptedPool().start();
    this.#closers.push(() => pool[Symbol.asyncDispose]());
    await this.program.addPool(`127.0.0.1:${pool.port}`, 'sha256d');
    return pool;
  }

  account(
    pool: { readonly endpoint: Endpoint } | ScriptedPool,
    user: string,
    password = 'x',
  ): Promise<string> {
    const address = pool instanceof ScriptedPool ? `127.0.0.1:${pool.port}` : formatEndpoint(pool.endpoint);
    return this.program.register(address, user, password);
  }

  /** A miner that hashes, started. Slow, and quick to come back, unless told otherwise. */
  miner(user: string, options: Partial<CpuMinerOptions> = {}): CpuMiner {
    const miner = new CpuMiner(
      { ...parts, threads: this.#threads },
      {
        ...this.program.stratum,
        user,
        hashesPerSecondLimit: options.algorithm === 'scrypt' ? 100 : 20_000,
        reconnectMs: 50,
        ...options,
      },
    );
    this.#closers.push(() => miner.stop());
    miner.start();
    return miner;
  }

  /** A miner that does what it is told. */
  async scriptedMiner(options: MinerOptions = {}): Promise<ScriptedMiner> {
    const miner = await connectMiner(this.program.stratum.port, options);
    this.#closers.push(() => miner.end());
    return miner;
  }

  /** `ip:port` of the newest connection that mines as `user`: the label `worker` of its series. */
  async addressOf(user: string): Promise<string> {
    const [account = '', worker = ''] = user.split('.', 2);
    const isMeant = (line: Readonly<Record<string, unknown>>): boolean =>
      line['msg'] === 'miner authorised' && line['account'] === account && line['worker'] === worker;
    await this.program.waitForLine(isMeant);
    return String(this.program.lines().findLast(isMeant)?.['miner']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Miners first, since they were added last: nobody is left to be missed.
    for (const close of this.#closers.toReversed()) await close();
    await this.#threads.close();
    await this.program[Symbol.asyncDispose]();
  }
}

/** Raises a pool's difficulty out of reach, the old job still good, and waits until every share that was found has its answer. */
export async function quiesce(pool: PracticePool, ...miners: readonly CpuMiner[]): Promise<void> {
  pool.setDifficulty(OUT_OF_REACH);
  pool.newJob();
  for (const miner of miners) {
    await miner.waitFor(({ difficulty }) => difficulty === OUT_OF_REACH);
    // The thread that hashes hears of it later. Its second report from now on tells of the new job alone.
    for (let report = 0; report < 2; report += 1) {
      const { hashes } = miner.stats;
      await miner.waitFor((books) => books.hashes > hashes);
    }
    await miner.waitFor(
      ({ submitted, accepted, rejected, unanswered }) => submitted === accepted + rejected + unanswered,
    );
  }
}

/** How an account's shares add up, or everyone's: received, by result, and still open. */
export function sharesOf(
  figures: Figures,
  account?: string,
): {
  readonly received: number;
  readonly byResult: Readonly<Record<string, number>>;
  readonly inFlight: number;
} {
  const whose = account === undefined ? {} : { account };
  const byResult: Record<string, number> = {};
  for (const { labels, value } of figures.series('stratum_proxy_shares_total', whose)) {
    const result = labels['result'] ?? '';
    if (value > 0) byResult[result] = (byResult[result] ?? 0) + value;
  }
  return {
    received: figures.sum('stratum_proxy_shares_received_total', whose),
    byResult,
    inFlight: figures.sum('stratum_proxy_shares_in_flight', whose),
  };
}
