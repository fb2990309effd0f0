import { hex32 } from '../kit/hex.ts';

/** A share's version bits as the pool is to see them: null for a submit of five parameters. */
export type RolledBits =
  | { readonly kind: 'bits'; readonly poolBits: string | null }
  | { readonly kind: 'outside-mask' };

const NO_BITS: RolledBits = { kind: 'bits', poolBits: null };
const OUTSIDE: RolledBits = { kind: 'outside-mask' };

/**
 * Turns a miner's sixth submit parameter into the pool's (docs/protocols/bitcoin-v1.md, version rolling through a proxy).
 * `poolMask` is what may be rolled at the pool, 0 where rolling was not negotiated there; all numbers are unsigned 32 bits.
 *
 * With rolling at the pool a submit always has six parameters (BIP310; DATUM refuses five): a miner that rolled nothing hashed the job's own
 * version. A full version instead of the bits (bmminer) is recognised by its agreeing with the job outside the mask.
 * Without it a miner's bits must mean "nothing rolled": zero, or the version itself.
 */
export function rolledBits(jobVersion: number, poolMask: number, bits: number | null): RolledBits {
  if (poolMask === 0) return bits === null || bits === 0 || bits === jobVersion ? NO_BITS : OUTSIDE;
  if (bits === null) return { kind: 'bits', poolBits: hex32(jobVersion & poolMask) };
  if ((bits & ~poolMask) === 0) return { kind: 'bits', poolBits: hex32(bits) };
  if (((bits ^ jobVersion) & ~poolMask) === 0) return { kind: 'bits', poolBits: hex32(bits & poolMask) };
  return OUTSIDE;
}
