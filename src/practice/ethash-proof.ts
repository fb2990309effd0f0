import { hash } from 'node:crypto';

/** The flavours in which ethash pools and miners talk, as the catalogue of algorithms names them. */
export const PRACTICE_FLAVOURS = ['ethproxy', 'ethash-plain', 'ethereum-stratum', 'eip1571'] as const;

export type PracticeFlavour = (typeof PRACTICE_FLAVOURS)[number];

export const HEADER_BYTES = 32;
export const NONCE_BYTES = 8;

/**
 * A stand-in for ethash, whose gigabytes are no matter of practice: over the real pre-image, header ‖ nonce (8 bytes, big-endian),
 * result = keccak-256(header ‖ nonce) and mix = keccak-256(result). The result meets a target if, read as a big-endian number, it is not above it.
 */
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
