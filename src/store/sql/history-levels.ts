import { createHash } from 'node:crypto';
import type { HistoryScope } from '../../domain/history.ts';
import type { WorkLabels } from '../../domain/label-map.ts';

/**
 * Each sum is kept thrice: by worker name, by account and by pool, so that the history of a fleet does not have to be added up from that of its
 * workers. A level knows the labels of those above it and leaves the others empty.
 */
export const LEVELS = { pool: 0, account: 1, worker: 2 } as const;

export type Level = (typeof LEVELS)[keyof typeof LEVELS];
export const ALL_LEVELS: readonly Level[] = Object.values(LEVELS);

/** The coarsest level that has what is asked for. */
export function levelOf({ account, worker }: HistoryScope): Level {
  if (worker !== null) return LEVELS.worker;
  return account === null ? LEVELS.pool : LEVELS.account;
}

/** The labels that count on a level. */
export function labelsAt(level: Level, labels: WorkLabels): WorkLabels {
  const { pool, algorithm } = labels;
  return {
    account: level >= LEVELS.account ? labels.account : '',
    worker: level >= LEVELS.worker ? labels.worker : '',
    pool,
    algorithm,
  };
}

/** 22 characters that stand for the labels of a level. */
export function hashOf(level: Level, { account, worker, pool, algorithm }: WorkLabels): string {
  const text = JSON.stringify([level, account, pool, algorithm, worker]);
  return createHash('sha256').update(text, 'utf8').digest('base64url').slice(0, 22);
}
