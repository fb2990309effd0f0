import type { MinerRequest } from '../../wire/messages.ts';
import type { MinerSession } from '../miner-session.ts';

/** Difficulty 1 as a target: 0xffff × 2^208. */
const DIFFICULTY_ONE = 0xffff * 2 ** 208;

export function onSuggestDifficulty(
  session: MinerSession,
  request: Extract<MinerRequest, { kind: 'suggest-difficulty' }>,
): void {
  session.dialogue.reply(request.id, session.dialect.miner.yes(request.id));
  session.jobs.wish({ kind: 'difficulty', difficulty: request.difficulty });
}

/** [quirk: bfgminer, id null] The same wish as a 64-digit big-endian target. */
export function onSuggestTarget(
  session: MinerSession,
  request: Extract<MinerRequest, { kind: 'suggest-target' }>,
): void {
  const target = Number.parseInt(request.target, 16);
  const difficulty = DIFFICULTY_ONE / target;
  session.dialogue.reply(request.id, session.dialect.miner.yes(request.id));
  if (target > 0 && Number.isFinite(difficulty)) session.jobs.wish({ kind: 'target', difficulty });
}
