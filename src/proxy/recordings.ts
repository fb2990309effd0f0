import type { RecordedMiner, Recording, RecordingSummary } from '../domain/recording.ts';
import type { Clock } from '../kit/clock.ts';
import { LineRecorder } from './line-recorder.ts';

/** Recordings at once; and so many that have ended are kept. */
const MOST = 16;
const KEPT_MS = 3_600_000;

/** The recordings of miners' lines that are being made, and those that have ended lately, by session id. */
export class Recordings {
  readonly #clock: Clock;
  readonly #recorders = new Map<string, LineRecorder>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One that runs already goes on for so long. Null where there are too many. */
  start(id: string, seconds: number, of: RecordedMiner): LineRecorder | null {
    const known = this.#recorders.get(id);
    if (known?.isRunning === true) {
      known.prolong(seconds);
      return known;
    }
    const recorders = [...this.#recorders];
    if (recorders.filter(([, { isRunning }]) => isRunning).length >= MOST) return null;
    const ended = recorders.filter(([, { isRunning }]) => !isRunning);
    if (ended.length >= MOST) this.#recorders.delete(ended[0]?.[0] ?? '');
    const recorder = new LineRecorder(this.#clock, seconds, of);
    this.#recorders.delete(id);
    this.#recorders.set(id, recorder);
    return recorder;
  }

  /** The one that runs under this id: a miner that comes back is recorded on. */
  running(id: string): LineRecorder | null {
    const recorder = this.#recorders.get(id);
    return recorder?.isRunning === true ? recorder : null;
  }

  /** The latest first. */
  list(): readonly RecordingSummary[] {
    return Array.from(this.#recorders, ([id, { of, startedAtMs, untilWallMs, isRunning, lines }]) => ({
      id,
      address: of.address,
      account: of.account,
      worker: of.worker,
      sinceMs: startedAtMs,
      untilMs: untilWallMs,
      isRunning,
      lines: lines.length,
    })).toReversed();
  }

  /** What there is; null where nothing is. */
  show(id: string): Recording | null {
    const recorder = this.#recorders.get(id);
    if (recorder === undefined) return null;
    const { isRunning, startedAtMs, untilWallMs, lines } = recorder;
    return {
      sinceMs: isRunning ? startedAtMs : null,
      untilMs: isRunning ? untilWallMs : null,
      lines: lines.slice(),
    };
  }

  /** Ends one before its time; its lines stay for a while. False where none ran. */
  stop(id: string): boolean {
    const recorder = this.running(id);
    if (recorder === null) return false;
    recorder.isRunning = false;
    recorder.untilMs = this.#clock.monotonicMs();
    recorder.untilWallMs = this.#clock.wallMs();
    return true;
  }

  /** Ends those whose time is up; gives their ids. */
  sweep(nowMs: number): readonly string[] {
    const ended: string[] = [];
    for (const [id, recorder] of this.#recorders) {
      if (nowMs < recorder.untilMs) continue;
      if (recorder.isRunning) {
        recorder.isRunning = false;
        ended.push(id);
      } else if (nowMs - recorder.untilMs > KEPT_MS) {
        this.#recorders.delete(id);
      }
    }
    return ended;
  }
}
