import { hashesOfDifficulty } from '../domain/difficulty.ts';
import { type Endpoint, formatEndpoint } from '../domain/endpoint.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { type Log, silentLog } from '../kit/log.ts';
import { CpuMiner } from './cpu-miner.ts';
import { CryptonoteMiner } from './cryptonote/miner.ts';
import { CryptonotePool } from './cryptonote/pool.ts';
import { HashThreads } from './hash-threads.ts';
import type { MinerBooks } from './miner-books.ts';
import { type PracticeAlgorithmName, practiceAlgorithms } from './practice-algorithms.ts';
import { PracticePool } from './practice-pool.ts';

/** What the demonstration asks of the proxy it runs beside; joined to its API by the caller. */
export interface DemoPorts {
  addPool(endpoint: string, algorithm: string): Promise<void>;
  /** The name under which miners then mine. */
  registerAccount(endpoint: string, user: string, password: string): Promise<string>;
  readonly log?: Log;
  readonly clock?: Clock;
}

export interface DemoOptions {
  /** Where the proxy's miners connect. */
  readonly stratum: Endpoint;
  /** Shares per minute and miner that the pools' difficulties are made for; default 30. */
  readonly sharesPerMinute?: number;
  /** A new job of each pool this often; default 20,000. */
  readonly jobIntervalMs?: number;
}

/** One miner of the demonstration as it stands. */
export interface DemoMiner {
  readonly name: string;
  readonly algorithm: string;
  /** `host:port` of the pool behind the proxy. */
  readonly pool: string;
  readonly isMining: boolean;
  /** What the CPU really does, not what shares say. */
  readonly hashrateHs: number;
  readonly accepted: number;
  readonly rejected: number;
}

export interface Demo {
  stats(): readonly DemoMiner[];
  /** A small table in plain text, without an end of line. */
  renderStatus(): string;
  stop(): Promise<void>;
}

/** A coin of the demonstration: its pool, and what mines it. */
interface DemoLane {
  readonly algorithm: string;
  readonly user: string;
  readonly workers: readonly string[];
  /** Per miner. All of them together take about a third of one core. */
  readonly rateHs: number;
  openPool(base: Base, options: LaneOptions): DemoPool;
  openMiner(base: Base & { readonly threads: HashThreads }, options: MinerAt): DemoHand;
}

interface Base {
  readonly log: Log;
  readonly clock: Clock;
}

interface LaneOptions {
  readonly hashesPerShare: number;
  readonly jobIntervalMs: number;
  readonly credentials: ReadonlyMap<string, string>;
}

interface MinerAt extends Endpoint {
  readonly user: string;
  readonly rateHs: number;
}

interface DemoPool {
  start(): Promise<Endpoint>;
  stop(): Promise<void>;
}

interface DemoHand {
  readonly stats: MinerBooks;
  hashrateHs(): number;
  start(): void;
  stop(): Promise<void>;
}

/** A lane of the coins that are hashed as in the field. */
function hashed(algorithm: PracticeAlgorithmName, rateHs: number): DemoLane {
  return {
    algorithm,
    user: `demo-${algorithm}`,
    workers: ['rig1', 'rig2'],
    rateHs,
    openPool(base, { hashesPerShare, ...options }) {
      const difficulty = hashesPerShare / hashesOfDifficulty(1, practiceAlgorithms[algorithm].divider);
      return new PracticePool(base, {
        ...options,
        algorithm,
        difficulty: Number(difficulty.toPrecision(2)),
        extranonce2Bytes: 8,
      });
    },
    openMiner: (base, { rateHs: hashesPerSecondLimit, ...at }) =>
      new CpuMiner(base, { ...at, algorithm, hashesPerSecondLimit, versionRolling: algorithm === 'sha256d' }),
  };
}

const LANES: readonly DemoLane[] = [
  hashed('sha256d', 80_000),
  hashed('scrypt', 200),
  {
    // RandomX would take gigabytes of memory: the pool and its miners have another hash in its place, all else is as in the field.
    algorithm: 'randomx',
    user: 'demo-randomx',
    workers: ['rig1', 'rig2'],
    rateHs: 1000,
    openPool: (base, { hashesPerShare, ...options }) =>
      new CryptonotePool(base, { ...options, difficulty: Math.round(hashesPerShare) }),
    openMiner: (base, { rateHs: hashesPerSecond, ...at }) =>
      new CryptonoteMiner(base, { ...at, hashesPerSecond }),
  },
];

/**
 * Three practice pools on free loopback ports, registered at the proxy as an operator would do it, and a few CPU miners that mine on them
 * through the proxy: real jobs, real hashes, every share verified. Rejects, with everything ended again, where a pool cannot be registered.
 */
export async function startDemo(ports: DemoPorts, options: DemoOptions): Promise<Demo> {
  const base = { log: ports.log ?? silentLog, clock: ports.clock ?? systemClock };
  const { stratum, sharesPerMinute = 30, jobIntervalMs = 20_000 } = options;
  const threads = new HashThreads(base);
  const pools: DemoPool[] = [];
  const miners: {
    readonly miner: DemoHand;
    readonly name: string;
    readonly algorithm: string;
    readonly pool: string;
  }[] = [];

  const stop = async (): Promise<void> => {
    await Promise.all(miners.map(({ miner }) => miner.stop()));
    await Promise.all(pools.map((pool) => pool.stop()));
    await threads.close();
  };

  try {
    for (const lane of LANES) {
      const { algorithm, user, workers, rateHs } = lane;
      const pool = lane.openPool(base, {
        hashesPerShare: (rateHs * 60) / sharesPerMinute,
        jobIntervalMs,
        credentials: new Map([[user, 'x']]),
      });
      pools.push(pool);
      const endpoint = formatEndpoint(await pool.start());
      await ports.addPool(endpoint, algorithm);
      const account = await ports.registerAccount(endpoint, user, 'x');
      for (const worker of workers) {
        const name = `${account}.${worker}`;
        const miner = lane.openMiner({ ...base, threads }, { ...stratum, user: name, rateHs });
        miners.push({ miner, name, algorithm, pool: endpoint });
      }
    }
  } catch (error) {
    await stop();
    throw error;
  }
  for (const { miner } of miners) miner.start();

  const stats = (): readonly DemoMiner[] =>
    miners.map(({ miner, name, algorithm, pool }) => ({
      name,
      algorithm,
      pool,
      isMining: miner.stats.authorized,
      hashrateHs: miner.hashrateHs(),
      accepted: miner.stats.accepted,
      rejected: miner.stats.rejected,
    }));
  return { stats, renderStatus: () => renderTable(stats()), stop };
}

const COLUMNS = ['miner', 'algorithm', 'pool', 'hashrate', 'accepted', 'rejected'] as const;
/** Figures stand to the right. */
const FIRST_FIGURE = 3;

function renderTable(rows: readonly DemoMiner[]): string {
  const cells = rows.map((row) => [
    row.name,
    row.algorithm,
    row.pool,
    row.isMining ? formatRate(row.hashrateHs) : 'not mining',
    String(row.accepted),
    String(row.rejected),
  ]);
  const widths = COLUMNS.map((title, i) =>
    Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i < FIRST_FIGURE ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [COLUMNS, ...cells].map(line).join('\n');
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'] as const;

/** `61.2 kH/s`: three digits, SI prefix. */
export function formatRate(rateHs: number): string {
  let value = rateHs;
  let prefix = 0;
  while (value >= 999.5 && prefix < PREFIXES.length - 1) {
    value /= 1000;
    prefix += 1;
  }
  const digits = value >= 99.95 || value === 0 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${PREFIXES[prefix] ?? ''}H/s`;
}
