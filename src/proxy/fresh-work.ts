import type { WorkLabels } from '../domain/label-map.ts';
import type { WorkRow } from '../domain/report.ts';
import { isAccepted, type ShareResult } from '../domain/result.ts';

/** What {@link FreshWork} keeps with whoever did it. */
export interface FreshSum {
  work: number;
  readonly counts: Partial<Record<ShareResult, number>>;
}

/** Holds the place for its sum; null where nothing has been added since the last collection. */
export interface WorkSource {
  readonly subject: WorkLabels;
  fresh: FreshSum | null;
}

/**
 * What was worked since the last collection. Each source has its sum with it and stands in the list once: a share costs an addition, a
 * source that does nothing costs nothing, and one that has gone is forgotten with the collection.
 */
export class FreshWork {
  readonly #sources: WorkSource[] = [];

  /** `work` is in hashes and counted only when credited. */
  add(source: WorkSource, result: ShareResult, work: number): void {
    if (source.fresh === null) {
      source.fresh = { work: 0, counts: {} };
      this.#sources.push(source);
    }
    const { fresh } = source;
    fresh.counts[result] = (fresh.counts[result] ?? 0) + 1;
    if (isAccepted(result)) fresh.work += work;
  }

  get isEmpty(): boolean {
    return this.#sources.length === 0;
  }

  /** That of `most` sources, once. */
  take(most: number): WorkRow[] {
    const rows: WorkRow[] = [];
    for (const source of this.#sources.splice(-most)) {
      if (source.fresh === null) continue;
      const { account, worker, pool, algorithm } = source.subject;
      rows.push({ account, worker, pool, algorithm, ...source.fresh });
      source.fresh = null;
    }
    return rows;
  }
}
