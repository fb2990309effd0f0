import { hashesOfTarget, hashMeetsTarget } from '../../../domain/difficulty.ts';
import type { ShareTarget, Work } from '../../../domain/job.ts';
import { sha256d } from '../../../kit/sha256.ts';
import type { Assembled, PoolShare, ShareClaim, ShareFacts } from '../../dialect.ts';
import type { SubmitRequest } from '../../messages.ts';
import { part, shareIn, workIn } from '../nonce-prefix/fields.ts';
import { submitIn } from '../nonce-prefix/requests.ts';
import { isHashedOtherwise, NONCE_BYTES, sizeProblem } from './parts.ts';

/** The miner's submit with the whole nonce. Whether the solution is one is the pool's to say: here its size is checked. */
export function assembleShare(request: SubmitRequest, facts: ShareFacts): Assembled {
  const { parts } = submitIn('equihash', request);
  const { user, poolJobId, extranonce1, work } = facts;
  const nonce = part(parts, 'nonce');
  const digits = NONCE_BYTES * 2 - extranonce1.length;
  if (nonce.length !== digits) {
    return { kind: 'malformed', problem: `NONCE_2 must have ${digits / 2} bytes` };
  }
  const algorithm = work === null ? null : workIn('equihash', work).algorithm;
  const problem = sizeProblem(part(parts, 'solution'), algorithm);
  if (problem !== null) return { kind: 'malformed', problem };
  const whole = extranonce1.toLowerCase() + nonce;
  return {
    kind: 'share',
    share: { family: 'equihash', user, poolJobId, parts: { ...parts, nonce: whole } },
  };
}

const hash = new Uint8Array(32);

/**
 * What the share's own hash says: sha256d of header and solution, as a little-endian number. Where the coin hashes otherwise it tells nothing of its worth, only whether
 * the share was there before; there the share is taken for what it claims to be.
 */
export function claimOf(share: PoolShare, anyWork: Work, target: ShareTarget | null): ShareClaim {
  const { parts } = shareIn('equihash', share);
  const work = workIn('equihash', anyWork).parts;
  const header =
    part(work, 'version') + part(work, 'prevhash') + part(work, 'merkleroot') + part(work, 'reserved');
  const proof = part(parts, 'time') + part(work, 'bits') + part(parts, 'nonce') + part(parts, 'solution');
  sha256d(Buffer.from(header + proof, 'hex'), hash);
  // The low end of the number: its high end is zeros in all that are worth something.
  const fingerprint = Buffer.from(hash.buffer).readUIntLE(0, 6);
  if (isHashedOtherwise(work['more'] ?? '', part(parts, 'solution'))) {
    return { hashes: target?.hashes ?? 0, meetsPool: true, fingerprint };
  }
  return {
    hashes: hashesOfTarget(hash.toReversed()),
    meetsPool: target === null || hashMeetsTarget(hash, Buffer.from(target.text, 'hex')),
    fingerprint,
  };
}
