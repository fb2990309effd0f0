import { createHash } from 'node:crypto';
import { addPartialCounts } from '../../domain/counts.ts';
import type { HistoryScope } from '../../domain/history.ts';
import type { WorkRow } from '../../domain/report.ts';
import type { ShareResult } from '../../domain/result.ts';

/**
 * Each sum is kept thrice: by worker name, by account and by pool, so that the history of a fleet does not have to be added up from that of its
 * workers. A level knows the labels of those above it and leaves the others empty.
 */
export const LEVELS = { pool: 0, account: 1, worker: 2 } as const;

export type Level = (typeof LEVELS)[keyof typeof LEVELS];

/** What one series of a level did. */
export interface LevelRow {
  readonly level: Level;
  readonly account: string;
  readonly worker: string;
  readonly pool: string;
  readonly algorithm: string;
  work: number;
  readonly counts: Partial<Record<ShareResult, number>>;
}

/** The coarsest level that has what is asked for. */
export function levelOf({ account, worker }: HistoryScope): Level {
  if (worker !== null) return LEVELS.worker;
  return account === null ? LEVELS.pool : LEVELS.account;
}

/** Adds the rows up on all levels, each set of labels once. Yields after each row, so that the caller can pause. */
export function* sumByLevel(rows: readonly WorkRow[]): Generator<undefined, LevelRow[], undefined> {
  const sums = new Map<string, LevelRow>();
  for (const row of rows) {
    const { account, worker, pool, algorithm } = row;
    add(sums, { level: LEVELS.pool, account: '', worker: '', pool, algorithm }, row);
    add(sums, { level: LEVELS.account, account, worker: '', pool, algorithm }, row);
    add(sums, { level: LEVELS.worker, account, worker, pool, algorithm }, row);
    yield;
  }
  return [...sums.values()];
}

type Labels = Pick<LevelRow, 'level' | 'account' | 'worker' | 'pool' | 'algorithm'>;

/** The labels as one text; they hold no line feeds, and two that differ would differ still. */
export function textOf({ level, account, worker, pool, algorithm }: Labels): string {
  return `${level}\n${account}\n${pool}\n${algorithm}\n${worker}`;
}

/** Of a text of {@link textOf}: 22 characters that stand for it. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64url').slice(0, 22);
}

function add(sums: Map<string, LevelRow>, labels: Labels, { work, counts }: WorkRow): void {
  const text = textOf(labels);
  const known = sums.get(text);
  const sum = known ?? { ...labels, work: 0, counts: {} };
  if (known === undefined) sums.set(text, sum);
  sum.work += work;
  addPartialCounts(sum.counts, counts);
}
