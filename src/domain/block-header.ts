import { isHex, isHexOf } from '../kit/hex.ts';
import { sha256, sha256d, sha256dPair } from '../kit/sha256.ts';
import type { BitcoinWork } from './job.ts';

/** How a coin hashes its coinbase transaction; the steps up the merkle branch are double SHA-256 with all of them. */
export type CoinbaseHash = 'sha256d' | 'sha256';

/** What of a job goes into its block headers. */
export type HeaderWork = Pick<BitcoinWork, 'prevHash' | 'coinb1' | 'coinb2' | 'branch' | 'nbits'>;

export const HEADER_BYTES = 80;

/** Merkle roots remembered per job; a device that rolls nonce and version alone needs one. */
const DEFAULT_ROOTS = 4096;

/**
 * The version of the header that was hashed: bits inside the mask are the miner's, the rest the job's
 * (BIP310, "version-rolling"). All unsigned 32 bits.
 */
export function rollVersion(jobVersion: number, mask: number, bits: number): number {
  return ((jobVersion & ~mask) | (bits & mask)) >>> 0;
}

/** True when `bits` has none outside `mask`, as BIP310 demands of a submit. */
export function versionBitsAllowed(bits: number, mask: number): boolean {
  return (bits & ~mask) === 0;
}

/** Bytes of one hex string of a job: exactly `bytes` of them, or any whole number where that is null. */
function unhex(text: string, what: string, bytes: number | null): Buffer {
  if (bytes === null ? text.length % 2 !== 0 || !isHex(text) : !isHexOf(text, bytes)) {
    throw new RangeError(`${what} must be ${bytes ?? 'whole'} bytes of hex`);
  }
  return Buffer.from(text, 'hex');
}

/**
 * Builds the headers of one job. What the job fixes (previous hash, compact target, coinbase parts, branch) is decoded once;
 * a share costs a merkle root, remembered per extranonce since firmware rolls nonce and version under the same one, and a copy of
 * 80 bytes.
 *
 * Throws RangeError from the constructor where the job's hex cannot be what it says.
 */
export class HeaderTemplate {
  /** `coinb1 ‖ extranonce ‖ coinb2`, the middle patched per share. */
  readonly #coinbase: Buffer;
  readonly #extranonceAt: number;
  readonly #extranonceBytes: number;
  readonly #branch: readonly Buffer[];
  readonly #hashCoinbase: (bytes: Uint8Array, out: Uint8Array) => void;
  /** Previous hash and compact target in their places. */
  readonly #header = Buffer.alloc(HEADER_BYTES);
  readonly #roots = new Map<string, Uint8Array>();
  readonly #rootsKept: number;

  /**
   * `extranonceBytes` is what stands between the two parts of the coinbase: extranonce1 and extranonce2 together.
   * `rootsKept` bounds the memory of merkle roots (about 150 bytes each).
   */
  constructor(
    work: HeaderWork,
    options: {
      readonly extranonceBytes: number;
      readonly coinbaseHash?: CoinbaseHash;
      readonly rootsKept?: number;
    },
  ) {
    const coinb1 = unhex(work.coinb1, 'coinb1', null);
    const coinb2 = unhex(work.coinb2, 'coinb2', null);
    this.#extranonceAt = coinb1.length;
    this.#extranonceBytes = options.extranonceBytes;
    this.#coinbase = Buffer.concat([coinb1, Buffer.alloc(options.extranonceBytes), coinb2]);
    this.#branch = work.branch.map((step, index) => unhex(step, `merkle branch ${index}`, 32));
    this.#hashCoinbase = options.coinbaseHash === 'sha256' ? sha256 : sha256d;
    this.#rootsKept = options.rootsKept ?? DEFAULT_ROOTS;
    unhex(work.prevHash, 'previous hash', 32).swap32().copy(this.#header, 4);
    unhex(work.nbits, 'nbits', 4).swap32().copy(this.#header, 72);
  }

  get extranonceBytes(): number {
    return this.#extranonceBytes;
  }

  /**
   * The merkle root, 32 bytes in header order, for `extranonce`: hex of extranonce1 ‖ extranonce2. The result belongs to
   * the template: read it, do not keep or change it. Throws RangeError where `extranonce` has another length or is not hex.
   */
  merkleRoot(extranonce: string): Uint8Array {
    const known = this.#roots.get(extranonce);
    if (known !== undefined) return known;
    if (
      extranonce.length !== this.#extranonceBytes * 2 ||
      this.#coinbase.write(extranonce, this.#extranonceAt, 'hex') !== this.#extranonceBytes
    ) {
      throw new RangeError(`the extranonces must be ${this.#extranonceBytes} bytes of hex together`);
    }
    const root = new Uint8Array(32);
    this.#hashCoinbase(this.#coinbase, root);
    for (const step of this.#branch) sha256dPair(root, step, root);
    // All of them go at once: cheaper than an order of use, and the next shares bring back what is still needed.
    if (this.#roots.size >= this.#rootsKept) this.#roots.clear();
    this.#roots.set(extranonce, root);
    return root;
  }

  /**
   * Writes the 80 bytes that a share hashed into `out`. `version` is the rolled one ({@link rollVersion}); `version`, `ntime` and
   * `nonce` are unsigned 32-bit numbers as their big-endian hex on the wire reads.
   */
  write(out: Uint8Array, extranonce: string, version: number, ntime: number, nonce: number): void {
    const root = this.merkleRoot(extranonce);
    out.set(this.#header);
    out.set(root, 36);
    writeWord(out, 0, version);
    writeWord(out, 68, ntime);
    writeWord(out, 76, nonce);
  }
}

function writeWord(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >>> 8;
  out[at + 2] = value >>> 16;
  out[at + 3] = value >>> 24;
}
