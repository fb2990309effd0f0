import type { MinerRequest } from '../../wire/messages.ts';
import type { MinerSession } from '../miner-session.ts';

/**
 * [BIP310] Valid at any time and any number of times. Before the pool is known the offer is our own mask and the miner's; once it is, the pool's.
 */
export function onConfigure(
  session: MinerSession,
  request: Extract<MinerRequest, { kind: 'configure' }>,
): void {
  const { id, extensions } = request;
  if (extensions.includes('version-rolling')) session.version.asked = request.versionMask;
  if (extensions.includes('subscribe-extranonce')) session.space.announcement.isMade = true;
  if (request.minimumDifficulty !== null && request.minimumDifficulty > 0) {
    session.wishes.minimum = request.minimumDifficulty;
    session.jobs.wish({ kind: 'difficulty', difficulty: request.minimumDifficulty });
  }
  const versionMask = session.versionMask ?? 0;
  session.version.noteAnswered(versionMask, session.isMining);
  session.dialogue.reply(
    id,
    session.dialect.miner.configured(id, {
      extensions,
      versionMask,
      minimumDifficulty: request.minimumDifficulty !== null,
      subscribeExtranonce: true,
    }),
  );
}
