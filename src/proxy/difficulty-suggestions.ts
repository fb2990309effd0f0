import type { PoolDialect } from '../wire/dialect.ts';
import type { CallIds } from './call-ids.ts';
import type { PoolLink } from './pool-link.ts';
import type { PoolStats } from './pool-stats.ts';
import { SuggestionPace } from './suggestion-pace.ts';

export interface DifficultySuggestionsParts {
  readonly dialect: Pick<PoolDialect, 'suggestDifficulty'>;
  readonly ids: Pick<CallIds, 'next'>;
  readonly link: Pick<PoolLink, 'send'>;
  readonly stats: Pick<PoolStats, 'suggestBarredUntilMs'>;
}

/** A pool that closed on a suggestion is sent none for so long. */
const BARRED_MS = 600_000;

/** The difficulties that one upstream wishes its pool to set. Of too many within a while the newest goes, later; a pool that minds them is left alone. */
export class DifficultySuggestions {
  readonly #parts: DifficultySuggestionsParts;
  readonly #pace = new SuggestionPace();

  constructor(parts: DifficultySuggestionsParts) {
    this.#parts = parts;
  }

  /** On a connection that is logged in. */
  suggest(difficulty: number, nowMs: number): void {
    const { dialect, ids, link, stats } = this.#parts;
    if (dialect.suggestDifficulty === null || nowMs < stats.suggestBarredUntilMs) return;
    if (this.#pace.take(difficulty, nowMs)) link.send(dialect.suggestDifficulty(ids.next(), difficulty));
  }

  /** Sends the one that waits, if its turn has come; on a connection that is logged in. */
  sweep(nowMs: number): void {
    const { waiting } = this.#pace;
    if (waiting !== null) this.suggest(waiting, nowMs);
  }

  /** The pool has closed the connection. */
  closed(nowMs: number): void {
    if (this.#pace.isToBlame(nowMs)) this.#parts.stats.suggestBarredUntilMs = nowMs + BARRED_MS;
  }
}
