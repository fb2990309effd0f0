/** One line of a miner's connection. */
export interface RecordedLine {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly atMs: number;
  readonly from: 'miner' | 'proxy';
  /** Without passwords; a long one is cut. */
  readonly text: string;
}

/** What was recorded of a session. Times: milliseconds since 1970-01-01 UTC; null while nothing is being recorded. */
export interface Recording {
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
  readonly lines: readonly RecordedLine[];
}

/** Whose a recording is. */
export interface RecordedMiner {
  /** `ip:port`. */
  readonly address: string;
  /** Empty before the login. */
  readonly account: string;
  readonly worker: string;
}

/** A recording without its lines. `id`: of the session. Times: milliseconds since 1970-01-01 UTC. */
export interface RecordingSummary extends RecordedMiner {
  readonly id: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly isRunning: boolean;
  readonly lines: number;
}

export type RecordResult =
  | { readonly kind: 'started'; readonly sinceMs: number; readonly untilMs: number }
  | { readonly kind: 'unknown' }
  /** As many are being made as may be. */
  | { readonly kind: 'busy' };
