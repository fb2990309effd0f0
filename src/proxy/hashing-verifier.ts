import { type CoinbaseHash, HEADER_BYTES, HeaderTemplate, rollVersion } from '../domain/block-header.ts';
import { hashMeetsTarget, targetOfDifficulty } from '../domain/difficulty.ts';
import type { PoolShare } from '../wire/dialect.ts';
import type { IssuedJob } from './issued-job.ts';
import type { ShareVerifier } from './session-context.ts';

/** A proof of work over an 80-byte header, as an entry of the algorithm list offers it. */
export interface HeaderHash {
  readonly name: string;
  readonly coinbaseHash: CoinbaseHash;
  /** Hashes 80 bytes of `header` into 32 of `out`, little-endian as a number. */
  readonly hashHeader: (header: Uint8Array, out: Uint8Array) => void;
}

interface JobHashing {
  readonly template: HeaderTemplate;
  readonly target: Uint8Array;
}

/**
 * Judges a share as a strict pool would: coinbase, merkle root, header, hash, target (docs/protocols/bitcoin-v1.md, header assembly).
 * What a job fixes is computed once and goes with the job.
 */
export class HashingVerifier implements ShareVerifier {
  readonly #hashes: ReadonlyMap<string, HeaderHash>;
  readonly #jobs = new WeakMap<IssuedJob, JobHashing>();
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #hash = new Uint8Array(32);

  constructor(hashes: readonly HeaderHash[]) {
    this.#hashes = new Map(hashes.map((hash) => [hash.name, hash]));
  }

  canVerify(algorithm: string): boolean {
    return this.#hashes.has(algorithm);
  }

  meetsDifficulty(
    algorithm: { readonly name: string; readonly divider: number },
    job: IssuedJob,
    share: PoolShare,
    versionMask: number,
  ): boolean {
    const hash = this.#hashes.get(algorithm.name);
    const { work } = job;
    if (hash === undefined || work === null) return true;
    let hashing = this.#jobs.get(job);
    if (hashing === undefined) {
      const extranonceBytes = (job.extranonce1.length + share.extranonce2.length) / 2;
      hashing = {
        template: new HeaderTemplate(work, { extranonceBytes, coinbaseHash: hash.coinbaseHash }),
        target: targetOfDifficulty(job.difficulty, algorithm.divider),
      };
      this.#jobs.set(job, hashing);
    }
    const bits = share.versionBits === null ? 0 : Number.parseInt(share.versionBits, 16);
    const mask = share.versionBits === null ? 0 : versionMask;
    hashing.template.write(
      this.#header,
      job.extranonce1 + share.extranonce2,
      rollVersion(job.version, mask, bits),
      Number.parseInt(share.ntime, 16),
      Number.parseInt(share.nonce, 16),
    );
    hash.hashHeader(this.#header, this.#hash);
    return hashMeetsTarget(this.#hash, hashing.target);
  }
}
