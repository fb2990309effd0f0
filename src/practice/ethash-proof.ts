import { hash } from 'node:crypto';
import { hashLight, type LightCache, type LightHash } from '../algorithms/ethash/light.ts';

/** The flavours in which ethash pools and miners talk, as the catalogue of algorithms names them. */
export const PRACTICE_FLAVOURS = ['ethproxy', 'ethash-plain', 'ethereum-stratum', 'eip1571'] as const;

export type PracticeFlavour = (typeof PRACTICE_FLAVOURS)[number];

export const HEADER_BYTES = 32;
export const NONCE_BYTES = 8;

/** What pools and miners of practice hash with, over header ‖ nonce (8 bytes, big-endian). The result meets a target if, read as a big-endian number, it is not above it. */
export interface EthashProof {
  result(preimage: Uint8Array): Uint8Array;
  mix(preimage: Uint8Array): Uint8Array;
}

/** A stand-in for ethash, whose gigabytes are no matter of practice: {@link ethashResult} and {@link ethashMix}. */
export const STAND_IN_PROOF: EthashProof = {
  result: (preimage) => ethashResult(preimage),
  mix: (preimage) => ethashMix(ethashResult(preimage)),
};

/** Ethash itself, by its cache: some milliseconds a hash, so for difficulties of a few hashes. */
export function ethashProof(cache: LightCache): EthashProof {
  let last: { readonly preimage: Buffer; readonly hash: LightHash } | null = null;
  const hashOf = (preimage: Uint8Array): LightHash => {
    if (last?.preimage.equals(preimage) !== true) {
      const hash = hashLight(cache, preimage.subarray(0, HEADER_BYTES), preimage.subarray(HEADER_BYTES));
      last = { preimage: Buffer.from(preimage), hash };
    }
    return last.hash;
  };
  return { result: (preimage) => hashOf(preimage).result, mix: (preimage) => hashOf(preimage).mix };
}

/** keccak-256(header ‖ nonce), the result of {@link STAND_IN_PROOF}; its mix is keccak-256(result). */
export function ethashResult(preimage: Uint8Array): Buffer {
  return hash('keccak-256', preimage, 'buffer');
}

/** The mix that goes with a result. */
export function ethashMix(result: Uint8Array): Buffer {
  return hash('keccak-256', result, 'buffer');
}

/** Header and nonce, 64 and 16 hex digits, as they are hashed. */
export function ethashPreimage(header: string, nonce: string): Buffer {
  return Buffer.from(header + nonce, 'hex');
}

/** The seed hash of an epoch: keccak-256 of 32 zero bytes, that many times. */
export function practiceSeed(epoch: number): string {
  let seed = Buffer.alloc(32);
  for (let i = 0; i < epoch; i++) seed = hash('keccak-256', seed, 'buffer');
  return seed.toString('hex');
}
