import { setImmediate } from 'node:timers/promises';
import type {
  HistoryPoint,
  HistoryRetention,
  HistoryScope,
  HistoryStep,
  LastingTotal,
} from '../domain/history.ts';
import type { Collection, TotalRow, WorkerReport, WorkRow } from '../domain/report.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { within } from '../kit/within.ts';
import { type FoldedPoint, foldPoints } from './fold.ts';
import { Minutes } from './minutes.ts';
import { viewOf } from './range.ts';
import { RunningTotals } from './running-totals.ts';

/** The store as the history needs it. */
export interface HistoryStore {
  loadTotals(): Promise<readonly LastingTotal[]>;
  saveTotals(totals: readonly LastingTotal[], options?: { readonly withinMs?: number }): Promise<void>;
  addHistory(
    minute: {
      readonly atMs: number;
      readonly rows: readonly WorkRow[];
      readonly keepDays: HistoryRetention;
    },
    options?: { readonly withinMs?: number },
  ): Promise<void>;
  readHistory(range: {
    readonly scope: HistoryScope;
    readonly step: HistoryStep;
    readonly fromMs: number;
    readonly toMs: number;
  }): Promise<readonly HistoryPoint[]>;
  pruneHistory(keepDays: HistoryRetention): Promise<boolean>;
}

export interface RecorderParts {
  readonly store: HistoryStore;
  /** A part of what was counted since it was last asked. */
  readonly collect: () => Promise<Collection>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface RecorderOptions {
  /** How often what was counted is collected, and totals are written. */
  readonly writeMs: number;
  readonly keepDays: HistoryRetention;
}

/** The history of a range. */
export interface RecordedHistory {
  readonly stepSeconds: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly points: readonly FoldedPoint[];
}

const MINUTE_MS = 60_000;
/** What is locked for longer is tried again with the next collection; the end of the program need not wait for it. */
const WRITE_WITHIN_MS = 1000;
/** Small removals after each minute: enough to catch up with a month of downtime within an hour. */
const PRUNINGS = 100;

/**
 * Collects what was counted at every full `writeMs` and at every full minute, writes the changed totals at once and the minutes when they are over. The store may
 * be slow, locked or full: what could not be written is kept and tried again, and nobody but who reads the history waits for it.
 */
export class HistoryRecorder {
  readonly #parts: RecorderParts;
  readonly #options: RecorderOptions;
  readonly #totals: RunningTotals;
  readonly #minutes = new Minutes();
  #collectedMs: number;
  #timer: NodeJS.Timeout | null = null;
  #collecting: Promise<void> = Promise.resolve();
  #writing: Promise<void> | null = null;
  /** Totals are written one after another: what is tried again must not come after what is newer. */
  #saving: Promise<unknown> = Promise.resolve();
  /** Reading and the writing of minutes take turns, so that no minute is seen twice or not at all. */
  #turn: Promise<unknown> = Promise.resolve();
  #isFailing = false;
  #isStopped = false;

  private constructor(parts: RecorderParts, options: RecorderOptions, past: readonly LastingTotal[]) {
    this.#parts = parts;
    this.#options = options;
    this.#totals = new RunningTotals(past);
    this.#collectedMs = parts.clock.wallMs();
  }

  /** Loads the totals of the runs before. Rejects where the store cannot be read. */
  static async start(parts: RecorderParts, options: RecorderOptions): Promise<HistoryRecorder> {
    const recorder = new HistoryRecorder(parts, options, await parts.store.loadTotals());
    recorder.#schedule();
    return recorder;
  }

  /** The report with totals of all runs. */
  withPast(report: WorkerReport): WorkerReport {
    return { ...report, totals: this.#totals.withPast(report.totals) };
  }

  /**
   * The report with totals of all runs as they stand in the store: after `kill -9` none of them is less. While the store takes nothing, as they are: whoever watches is to see that
   * miners go on.
   */
  withWritten(report: WorkerReport): WorkerReport {
    return this.#isFailing ? this.withPast(report) : { ...report, totals: this.#totals.asWritten() };
  }

  /** Writes what is new in these totals of this run. Waits for `withinMs` at the most and never rejects: `withWritten` has what came of it. */
  async persistTotals(rows: readonly TotalRow[], withinMs: number): Promise<void> {
    if (this.#isStopped) return;
    this.#totals.note(rows);
    const saved = this.#saveTotals({ withinMs }).catch((error: unknown) => this.#noteFault(error));
    await within(withinMs, saved);
  }

  /** From `fromMs` to `toMs`, what is not written yet included. Rejects where the store cannot be read. */
  async read(
    scope: HistoryScope,
    range: { readonly fromMs: number; readonly toMs: number },
  ): Promise<RecordedHistory> {
    const { clock, store } = this.#parts;
    const { keepDays } = this.#options;
    const { step, stepSeconds, fromMs, toMs } = viewOf(range, { nowMs: clock.wallMs(), keepDays });
    const points = await this.#inTurn(async () => [
      ...(await store.readHistory({ scope, step, fromMs, toMs })),
      ...this.#minutes.points(scope, fromMs, toMs),
    ]);
    const collectedMs = this.#collectedMs;
    return { stepSeconds, fromMs, toMs, points: foldPoints(points, { stepSeconds, collectedMs }) };
  }

  /** Collects for the last time and writes all there is, for `withinMs` at the most. Whoever counts has to have ended. */
  async stop(withinMs: number): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await within(withinMs, this.#writeLast(withinMs));
  }

  async #writeLast(withinMs: number): Promise<void> {
    await this.#collecting;
    await this.#collect(this.#parts.clock.wallMs());
    await this.#writing;
    await this.#write(Number.POSITIVE_INFINITY, { withinMs });
  }

  #schedule(): void {
    const nowMs = this.#parts.clock.wallMs();
    const { writeMs } = this.#options;
    const afterMs = nowMs + TIMER_EARLY_MS;
    const dueMs = Math.min(nextMultiple(afterMs, writeMs), nextMultiple(afterMs, MINUTE_MS));
    this.#timer = setTimeout(() => {
      this.#collecting = this.#tick(dueMs);
    }, dueMs - nowMs);
    this.#timer.unref();
  }

  async #tick(dueMs: number): Promise<void> {
    await this.#collect(dueMs);
    if (this.#isStopped) return;
    this.#writing ??= this.#write(dueMs).finally(() => {
      this.#writing = null;
    });
    this.#schedule();
  }

  async #collect(untilMs: number): Promise<void> {
    const isKept = Object.values(this.#options.keepDays).some((days) => days > 0);
    for (;;) {
      const { work, totals, hasMore } = await this.#parts.collect();
      this.#totals.note(totals);
      if (isKept) this.#minutes.add(work, untilMs);
      if (!hasMore) break;
      await setImmediate();
    }
    this.#collectedMs = untilMs;
  }

  /** Writes totals and the minutes that ended by `untilMs`. Never rejects. */
  async #write(untilMs: number, patience = { withinMs: WRITE_WITHIN_MS }): Promise<void> {
    const { store } = this.#parts;
    const { keepDays } = this.#options;
    try {
      await this.#saveTotals(patience);
      const minutes = this.#minutes.ended(untilMs);
      for (const { atMs, rows } of minutes) {
        await this.#inTurn(async () => {
          await store.addHistory({ atMs, rows, keepDays }, patience);
          this.#minutes.remove(atMs);
        });
      }
      this.#noteSuccess();
      if (this.#isStopped || untilMs % MINUTE_MS !== 0) return;
      for (let pruning = 0; pruning < PRUNINGS && !this.#isStopped; pruning += 1)
        if (!(await store.pruneHistory(keepDays))) break;
    } catch (error) {
      this.#noteFault(error);
    }
  }

  #saveTotals(patience: { readonly withinMs: number }): Promise<void> {
    const saved = this.#saving.then(async () => {
      const totals = this.#totals.unwritten();
      if (totals.length > 0) await this.#parts.store.saveTotals(totals, patience);
      this.#totals.written(totals);
    });
    this.#saving = saved.catch(() => undefined);
    return saved;
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #noteFault(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#parts.log.error('counters and history cannot be written; they are kept in memory until they can', {
      reason: error instanceof Error ? error.message : String(error),
    });
  }

  #noteSuccess(): void {
    if (this.#isFailing) this.#parts.log.info('counters and history are written again');
    this.#isFailing = false;
  }
}

/** A timer may come that much before its time, and must not be set to the same time again: a minute would be written in two parts. */
const TIMER_EARLY_MS = 2;

/** The first multiple of `stepMs` after `nowMs`. */
function nextMultiple(nowMs: number, stepMs: number): number {
  return (Math.floor(nowMs / stepMs) + 1) * stepMs;
}
