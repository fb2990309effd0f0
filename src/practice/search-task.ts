import { HEADER_BYTES, HeaderTemplate, type HeaderWork, rollVersion } from '../domain/block-header.ts';
import { hex32 } from '../kit/hex.ts';
import { type NonceSearch, searchFor } from './nonce-search.ts';
import { type PracticeAlgorithmName, practiceAlgorithms } from './practice-algorithms.ts';

/** What a miner wants searched: one job with its own part of the search space. Plain data, sent to a hash thread. */
export interface SearchOrder {
  /** Given back with every share, so that the miner knows which job it was. */
  readonly serial: number;
  readonly algorithm: PracticeAlgorithmName;
  readonly work: HeaderWork;
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
  readonly version: number;
  /** Bits that may roll; null where rolling was not negotiated. */
  readonly versionMask: number | null;
  readonly ntime: number;
  /** 32 bytes, big-endian. */
  readonly target: Uint8Array;
  /** Where to begin, so that no two searches of one job overlap: hex of `extranonce2Bytes`, and a nonce. */
  readonly firstExtranonce2: string;
  readonly firstNonce: number;
}

/** A share as it goes into a submit. */
export interface FoundShare {
  readonly serial: number;
  readonly extranonce2: string;
  readonly ntime: string;
  readonly nonce: string;
  /** Null where rolling was not negotiated. */
  readonly versionBits: string | null;
}

/** Hashes under one version and extranonce2 before the next: small, so that rolling them is exercised at CPU speed. */
const NONCES_PER_ROLL = { sha256d: 1 << 15, scrypt: 1 << 7 } as const;
/** Versions under one extranonce2. */
const VERSIONS_PER_EXTRANONCE = 4;

/** One search in progress, advanced in slices. */
export class SearchTask {
  readonly order: SearchOrder;
  readonly #template: HeaderTemplate;
  readonly #search: NonceSearch;
  readonly #header = new Uint8Array(HEADER_BYTES);
  readonly #extranonce2: Buffer;
  readonly #rollAfter: number;
  #bits = 0;
  #rolls = 0;
  #nonce: number;
  #left: number;

  constructor(order: SearchOrder) {
    const { algorithm } = practiceAlgorithms[order.algorithm];
    this.order = order;
    this.#template = new HeaderTemplate(order.work, {
      extranonceBytes: order.extranonce1.length / 2 + order.extranonce2Bytes,
      coinbaseHash: algorithm.coinbaseHash,
      rootsKept: 1,
    });
    this.#search = searchFor(algorithm);
    this.#extranonce2 = Buffer.from(order.firstExtranonce2, 'hex');
    this.#rollAfter = NONCES_PER_ROLL[order.algorithm];
    this.#nonce = order.firstNonce;
    this.#left = this.#rollAfter;
    this.#load();
  }

  /** Tries exactly `count` hashes and hands on what it finds. */
  run(count: number, onShare: (share: FoundShare) => void): void {
    for (let left = count; left > 0; ) {
      if (this.#left === 0) this.#roll();
      const batch = Math.min(left, this.#left, 2 ** 32 - this.#nonce);
      const found = this.#search.run(this.#nonce, batch);
      const tried = found < 0 ? batch : found - this.#nonce + 1;
      this.#nonce = (this.#nonce + tried) % 2 ** 32;
      this.#left -= tried;
      left -= tried;
      if (found >= 0) onShare(this.#share(found));
    }
  }

  #roll(): void {
    const { versionMask } = this.order;
    this.#rolls += 1;
    this.#left = this.#rollAfter;
    if (versionMask !== null && versionMask !== 0 && this.#rolls % VERSIONS_PER_EXTRANONCE !== 0) {
      // Counts in the bits of the mask alone.
      this.#bits = ((this.#bits | ~versionMask) + 1) & versionMask;
    } else {
      increment(this.#extranonce2);
    }
    this.#load();
  }

  #load(): void {
    const { extranonce1, version, versionMask, ntime, target } = this.order;
    this.#template.write(
      this.#header,
      extranonce1 + this.#extranonce2.toString('hex'),
      rollVersion(version, versionMask ?? 0, this.#bits),
      ntime,
      0,
    );
    this.#search.load(this.#header, target);
  }

  #share(nonce: number): FoundShare {
    const { serial, ntime, versionMask } = this.order;
    return {
      serial,
      extranonce2: this.#extranonce2.toString('hex'),
      ntime: hex32(ntime),
      nonce: hex32(nonce),
      versionBits: versionMask === null ? null : hex32(this.#bits),
    };
  }
}

/** Adds one to a big-endian number in place, from all ones to zero. */
function increment(bytes: Uint8Array): void {
  for (let i = bytes.length - 1; i >= 0; i--) {
    const next = (bytes[i]! + 1) & 0xff;
    bytes[i] = next;
    if (next !== 0) return;
  }
}
