import type { Work } from '../../../domain/job.ts';
import type { Assembled, PoolShare, ShareClaim, ShareFacts } from '../../dialect.ts';
import type { SubmitRequest } from '../../messages.ts';
import { cryptonoteShare, cryptonoteWork, fixedByteOf } from './parts.ts';
import { readTarget, swap32 } from './target.ts';

/** [xmrig/xmrig-proxy src/proxy/Error.cpp] */
const WRONG_BYTE = 'Invalid nonce; is miner not compatible with NiceHash?';

/** A miner's submit as its pool is to see it: the same, held against the byte of the nonce that is not the miner's to choose. */
export function assembleShare(request: SubmitRequest, facts: ShareFacts): Assembled {
  if (request.family !== 'cryptonote')
    throw new Error(`a submit of ${request.family} in a cryptonote dialect`);
  const { nonce = '' } = request.parts;
  const fixed =
    facts.lane !== '' ? facts.lane : facts.work === null ? null : fixedByteOf(cryptonoteWork(facts.work));
  if (fixed !== null && nonce.slice(6) !== fixed) return { kind: 'malformed', problem: WRONG_BYTE };
  return {
    kind: 'share',
    share: { family: 'cryptonote', user: facts.user, poolJobId: facts.poolJobId, parts: request.parts },
  };
}

/** A target in two halves, which compare without big integers. */
interface Words {
  readonly high: number;
  readonly low: number;
}

const targets = new WeakMap<Work, Words>();

function targetOf(work: Work): Words {
  let words = targets.get(work);
  if (words === undefined) {
    const { target, algorithm } = cryptonoteWork(work);
    const t64 = (target === null ? null : readTarget(target.text, algorithm)) ?? 0n;
    words = { high: Number(t64 >> 32n), low: Number(t64 & 0xffffffffn) };
    targets.set(work, words);
  }
  return words;
}

const TWO_64 = 2 ** 64;

/** What a share says of itself: its `result` against the pool's target, as xmrig, xmrig-proxy and the pools look at it. */
export function claimOf(share: PoolShare, work: Work): ShareClaim {
  const { nonce = '', result = '' } = cryptonoteShare(share).parts;
  const high = swap32(Number.parseInt(result.slice(56), 16));
  const low = swap32(Number.parseInt(result.slice(48, 56), 16));
  const target = targetOf(work);
  return {
    hashes: TWO_64 / Math.max(1, high * 2 ** 32 + low),
    meetsPool: high < target.high || (high === target.high && low < target.low),
    fingerprint: Number.parseInt(nonce, 16),
  };
}
