import { type CoinbaseHash, HEADER_BYTES, HeaderTemplate, rollVersion } from '../domain/block-header.ts';
import { difficultyOfHash, hashMeetsTarget, targetOfDifficulty } from '../domain/difficulty.ts';
import type { BitcoinWork } from '../domain/job.ts';
import { hex32 } from '../kit/hex.ts';
import { TokenBucket } from '../kit/token-bucket.ts';
import type { BitcoinShare } from '../wire/dialect.ts';
import type { IssuedJob } from './issued-job.ts';

/** A proof of work over an 80-byte header, as an entry of the algorithm list offers it. */
export interface HeaderHash {
  readonly name: string;
  readonly coinbaseHash: CoinbaseHash;
  /** Hashes 80 bytes of `header` into 32 of `out`, little-endian as a number. */
  readonly hashHeader: (header: Uint8Array, out: Uint8Array) => void;
  /** The same off the event loop, where one hash is too slow for it; null where it is not. `header` may be reused after the call. */
  readonly hashHeaderLater: ((header: Uint8Array, then: (hash: Uint8Array) => void) => void) | null;
}

/** A share as it is to be hashed. */
export interface ShareQuestion {
  readonly algorithm: { readonly name: string; readonly divider: number };
  readonly job: IssuedJob;
  /** A share of a job whose work is of the bitcoin family. */
  readonly share: BitcoinShare;
  /** What may be rolled at the pool; bits outside it are the job's. */
  readonly versionMask: number;
  /** A share below this difficulty is no use, so another reading of its version bits is tried. */
  readonly leastDifficulty: number;
}

/** What a share's hash says. */
export interface ShareProof {
  /** The highest difficulty that it meets. */
  readonly difficulty: number;
  /** It meets the job's difficulty exactly as the pool would judge it. */
  readonly meetsPool: boolean;
  /** 52 bits of the hash: two shares of one job with the same ones are the same share. */
  readonly fingerprint: number;
  /** The bits as the pool is to be told them, where the miner meant its own in another way; else null. */
  readonly versionBits: string | null;
}

interface WorkFacts {
  /** The difficulty that `poolTarget` stands for. */
  readonly difficulty: number;
  readonly template: HeaderTemplate;
  readonly poolTarget: Uint8Array;
}

/**
 * Hashes shares as a strict pool would: coinbase, merkle root, header, hash, target (docs/protocols/bitcoin-v1.md, header assembly).
 * What a job's work fixes is computed once and goes with the work.
 */
export class ShareVerifier {
  readonly #hashes: ReadonlyMap<string, HeaderHash>;
  readonly #works = new WeakMap<BitcoinWork, WorkFacts>();
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #hash = new Uint8Array(32);

  /** Of the hashes that are too slow for the event loop; null: no limit. */
  readonly #slow: TokenBucket | null;

  /** `slowPerSecond`: see {@link ShareVerifier.mayProve}; 0 for no limit. */
  constructor(
    hashes: readonly HeaderHash[],
    options: { readonly slowPerSecond: number } = { slowPerSecond: 0 },
  ) {
    this.#hashes = new Map(hashes.map((hash) => [hash.name, hash]));
    this.#slow = options.slowPerSecond > 0 ? new TokenBucket(options.slowPerSecond) : null;
  }

  /**
   * False where the hash is a slow one and more of them have been asked for than the limit lets. To be asked where a share may as well
   * go to the pool unproven; one that is ours to judge has to be proven whatever the rate.
   */
  mayProve(algorithm: string, nowMs: number): boolean {
    if (this.#slow === null || this.#hashes.get(algorithm)?.hashHeaderLater == null) return true;
    return this.#slow.take(nowMs);
  }

  canVerify(algorithm: string): boolean {
    return this.#hashes.has(algorithm);
  }

  /**
   * Hashes the share; `then` is called once, within the call unless the hash is too slow for the event loop. The share's extranonce2 must be of the job's size,
   * else RangeError.
   */
  prove(question: ShareQuestion, then: (proof: ShareProof) => void): void {
    const { algorithm, job, share, versionMask } = question;
    const hash = this.#hashes.get(algorithm.name);
    if (hash === undefined) throw new Error(`shares of ${algorithm.name} cannot be hashed here`);
    const facts = this.#factsOf(job, algorithm.divider, hash.coinbaseHash);
    const bits = share.versionBits === null ? 0 : Number.parseInt(share.versionBits, 16);
    const mask = share.versionBits === null ? 0 : versionMask;
    const rolled = rollVersion(job.version, mask, bits);
    this.#hashAs(rolled, facts, question, hash, (proof) => {
      // [quirk: ESP-Miner, public-pool] They take the bits as a difference from the job's version. It is the same where that has none of them set.
      const other = (job.version ^ (bits & mask)) >>> 0;
      if (proof.difficulty >= question.leastDifficulty || other === rolled) {
        then(proof);
        return;
      }
      this.#hashAs(other, facts, question, hash, (second) =>
        then(
          second.difficulty < question.leastDifficulty
            ? proof
            : { ...second, versionBits: hex32(other & mask) },
        ),
      );
    });
  }

  #hashAs(
    version: number,
    facts: WorkFacts,
    { job, share, algorithm }: ShareQuestion,
    hash: HeaderHash,
    then: (proof: ShareProof) => void,
  ): void {
    facts.template.write(
      this.#header,
      job.extranonce1 + share.extranonce2,
      version,
      Number.parseInt(share.ntime, 16),
      Number.parseInt(share.nonce, 16),
    );
    if (hash.hashHeaderLater === null) {
      hash.hashHeader(this.#header, this.#hash);
      then(proofOf(this.#hash, facts.poolTarget, algorithm.divider));
    } else {
      hash.hashHeaderLater(this.#header, (digest) =>
        then(proofOf(digest, facts.poolTarget, algorithm.divider)),
      );
    }
  }

  #factsOf(job: IssuedJob, divider: number, coinbaseHash: CoinbaseHash): WorkFacts {
    const { work, difficulty } = job;
    if (work?.family !== 'bitcoin') throw new Error('the job was issued without work that can be hashed');
    const known = this.#works.get(work);
    if (known?.difficulty === difficulty) return known;
    const extranonceBytes = job.extranonce1.length / 2 + job.extranonce2Bytes;
    const facts = {
      difficulty,
      template: known?.template ?? new HeaderTemplate(work, { extranonceBytes, coinbaseHash }),
      poolTarget: targetOfDifficulty(difficulty, divider),
    };
    this.#works.set(work, facts);
    return facts;
  }
}

function proofOf(hash: Uint8Array, poolTarget: Uint8Array, divider: number): ShareProof {
  return {
    difficulty: difficultyOfHash(hash, divider),
    meetsPool: hashMeetsTarget(hash, poolTarget),
    fingerprint: fingerprintOf(hash),
    versionBits: null,
  };
}

/** The low end of the hash: its high end is the same few zeros for every share. */
function fingerprintOf(hash: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < 6; i += 1) value = value * 256 + (hash[i] ?? 0);
  return value * 16 + ((hash[6] ?? 0) & 15);
}
