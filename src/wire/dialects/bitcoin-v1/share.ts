import { rolledBits } from '../../../domain/version-rolling.ts';
import type { Assembled, BitcoinShare, PoolShare, ShareFacts } from '../../dialect.ts';
import type { SubmitRequest } from '../../messages.ts';

/** [ckpool] How far a miner may roll the time past the job's. */
const MAX_NTIME_AHEAD_SECONDS = 7000;

/**
 * A miner's submit as its pool is to see it: the lane put before the miner's extranonce2, the rolled bits as the pool granted them. What is wrong with it by itself
 * is told in words (docs/protocols/bitcoin-v1.md, the order of checks that gives the right error).
 */
export function assembleShare(request: SubmitRequest, facts: ShareFacts): Assembled {
  if (request.family !== 'bitcoin') throw new Error(`a submit of ${request.family} in a bitcoin dialect`);
  if (request.extranonce2.length !== facts.extranonce2Bytes * 2) {
    return { kind: 'malformed', problem: `extranonce2 must have ${facts.extranonce2Bytes} bytes` };
  }
  if (facts.judges && facts.work?.family === 'bitcoin') {
    const ntime = Number.parseInt(request.ntime, 16);
    if (ntime < facts.work.ntime || ntime > facts.ntime + MAX_NTIME_AHEAD_SECONDS)
      return { kind: 'malformed', problem: 'ntime out of range' };
  }
  const bits = rolledBits(facts.version, facts.versionMask, request.versionBits);
  if (bits.kind === 'outside-mask') return { kind: 'malformed', problem: 'Version bits outside the mask' };
  return {
    kind: 'share',
    share: {
      family: 'bitcoin',
      user: facts.user,
      poolJobId: facts.poolJobId,
      extranonce2: facts.lane + request.extranonce2,
      ntime: request.ntime,
      nonce: request.nonce,
      // [BIP310] Once negotiated a submit has six parameters, with an empty mask too.
      versionBits: bits.poolBits ?? (facts.isRolling ? '00000000' : null),
    },
  };
}

/** A share of this dialect. Throws for another family's. */
export function bitcoinShare(share: PoolShare): BitcoinShare {
  if (share.family !== 'bitcoin') throw new Error(`a share of ${share.family} in a bitcoin dialect`);
  return share;
}
