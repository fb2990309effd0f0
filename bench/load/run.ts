import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { percentile } from '../statistics.ts';
import type { Miner } from './miner.ts';
import { settled } from './settled.ts';

export interface RunOptions {
  readonly group: string;
  readonly durationMs: number;
  /** Shares per second over all miners, evenly spaced, sent whether or not answers come; null: each miner waits for its answer and sends the next. */
  readonly rate: number | null;
  /** How long to wait at the end for answers that are missing. */
  readonly drainMs: number;
  /** Refusals are counted and are no failures. */
  readonly mayRefuse?: boolean;
  /** The hashes of the shares miss their target, where the miners' dialect shows them. */
  readonly isUnworthy?: boolean;
}

export interface Ran {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  /** Sent and neither accepted nor refused: no answer came, or the connection had gone. */
  readonly unanswered: number;
  /** Miners whose connection ended meanwhile. */
  readonly gone: number;
  /** Refusals, answers that match no share, disconnects, shares never answered: by kind. Empty when all is well. */
  readonly failures: Readonly<Record<string, number>>;
  /** From the first share sent to the last answer. */
  readonly elapsedMs: number;
  /** Answer minus the time the share was due (open loop) or sent (closed loop). */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Of all answers, refusals included. */
  readonly slowestMs: number;
  /** How late shares left this process: large values mean the generator is the bottleneck and the run says little. */
  readonly lateP99Us: number;
  /** CPU of this process over the run, per share. */
  readonly cpuUsPerShare: number;
}

/** Shares leave at the beat nearest to the moment they are due. */
const BEAT_MS = 0.25;

/** One stretch of load on a group of miners. */
export class Run {
  readonly #miners: readonly Miner[];
  readonly #options: RunOptions;
  readonly #latenciesMs: number[] = [];
  readonly #latesMs: number[] = [];
  #startMs = 0;
  #lastAnswerMs = 0;
  #due = 0;
  #sent = 0;
  #refused = 0;
  #lost = 0;
  #gone = 0;
  #slowestRefusalMs = 0;
  #unsendable = 0;
  #isSending = true;
  #check: () => void = () => undefined;

  constructor(miners: readonly Miner[], options: RunOptions) {
    this.#miners = miners;
    this.#options = options;
  }

  get mayRefuse(): boolean {
    return this.#options.mayRefuse ?? false;
  }

  async finish(
    onFailure: (reason: string, times: number) => void,
    takeFailures: () => Readonly<Record<string, number>>,
  ): Promise<Ran> {
    const { rate, durationMs, drainMs } = this.#options;
    const pacer = rate === null ? null : startPacer(BEAT_MS);
    if (pacer !== null) await firstBeat(pacer);
    const cpu = process.cpuUsage();
    this.#startMs = performance.now();
    if (pacer !== null && rate !== null) {
      await this.#sendPaced(pacer, rate, durationMs);
    } else {
      for (const miner of this.#miners) this.#send(miner, performance.now());
      await new Promise((resolve) => setTimeout(resolve, durationMs));
    }
    this.#isSending = false;
    pacer?.kill('SIGKILL');
    await settled(drainMs, (check) => {
      this.#check = () => check(this.#latenciesMs.length + this.#refused + this.#lost >= this.#sent);
      this.#check();
    });
    const missing = this.#miners.reduce((sum, miner) => sum + miner.giveUp(), 0);
    onFailure('share never answered', missing);
    onFailure('share lost with its connection', this.#lost);
    onFailure('share not sent: its miner is gone', this.#unsendable);
    const used = process.cpuUsage(cpu);
    const accepted = this.#latenciesMs.length;
    return {
      sent: this.#sent,
      accepted,
      refused: this.#refused,
      unanswered: missing + this.#lost,
      gone: this.#gone,
      failures: takeFailures(),
      elapsedMs: this.#lastAnswerMs - this.#startMs,
      p50Us: 1000 * percentile(this.#latenciesMs, 50),
      p99Us: 1000 * percentile(this.#latenciesMs, 99),
      maxUs: 1000 * percentile(this.#latenciesMs, 100),
      slowestMs: Math.max(this.#slowestRefusalMs, percentile(this.#latenciesMs, 100) || 0),
      lateP99Us: 1000 * percentile(this.#latesMs, 99),
      cpuUsPerShare: (used.user + used.system) / Math.max(1, accepted),
    };
  }

  onAccepted(miner: Miner, dueMs: number): void {
    const now = performance.now();
    this.#lastAnswerMs = now;
    this.#latenciesMs.push(now - dueMs);
    this.#afterAnswer(miner, now);
  }

  onRefused(miner: Miner, dueMs: number): void {
    this.#refused++;
    this.#lastAnswerMs = performance.now();
    this.#slowestRefusalMs = Math.max(this.#slowestRefusalMs, this.#lastAnswerMs - dueMs);
    this.#afterAnswer(miner, this.#lastAnswerMs);
  }

  onGone(miner: Miner): void {
    this.#gone++;
    this.#lost += miner.giveUp();
    if (!this.#isSending) this.#check();
  }

  #afterAnswer(miner: Miner, now: number): void {
    if (!this.#isSending) this.#check();
    else if (this.#options.rate === null) this.#send(miner, now);
  }

  #send(miner: Miner, dueMs: number): void {
    if (miner.submit(dueMs, this.#options.isUnworthy !== true)) this.#sent++;
    else this.#unsendable++;
  }

  async #sendPaced(pacer: ChildProcess, rate: number, durationMs: number): Promise<void> {
    const total = Math.floor((rate * durationMs) / 1000);
    const intervalMs = 1000 / rate;
    await settled(durationMs + this.#options.drainMs, (check) => {
      pacer.stdout?.on('data', () => {
        const now = performance.now();
        for (; this.#due < total; this.#due++) {
          const dueMs = this.#startMs + this.#due * intervalMs;
          if (dueMs > now + BEAT_MS / 2) break;
          const miner = this.#miners[this.#due % this.#miners.length];
          if (miner === undefined) break;
          this.#latesMs.push(Math.max(0, now - dueMs));
          this.#send(miner, Math.min(dueMs, now));
        }
        check(this.#due >= total);
      });
    });
  }
}

function startPacer(periodMs: number): ChildProcess {
  const file = fileURLToPath(new URL('../pacer.ts', import.meta.url));
  return spawn(process.execPath, [file, String(periodMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function firstBeat(pacer: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    pacer.once('error', reject);
    pacer.once('exit', () => reject(new Error('the pacer ended before its first beat')));
    pacer.stdout?.once('data', () => resolve());
  });
}
