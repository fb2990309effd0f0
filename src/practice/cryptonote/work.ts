import { hash, randomBytes } from 'node:crypto';

/**
 * The imaginary coin of the cryptonote practice pool and miner. Blobs, targets and nonces are those of Monero; the proof of work is a stand-in, SHA3-256 over the seed hash
 * and the blob, since RandomX needs hundreds of megabytes and native code: as real as it gets for everything around it.
 */

/** Of the nonce, 4 bytes. */
export const NONCE_AT = 39;
/** The byte that pools of the NiceHash kind, and proxies, keep to themselves. */
export const FIXED_AT = NONCE_AT + 3;

/** 32 bytes, to be read as pools do: the last 8, little-endian. */
export function practiceHash(seed: Buffer, blob: Buffer): Buffer {
  return hash('sha3-256', Buffer.concat([seed, blob]), 'buffer');
}

/** The last 8 bytes of a hash as a number: a share is valid where it is below the target. */
export function tailOf(result: Buffer): bigint {
  return result.readBigUInt64LE(24);
}

const ALL = 2n ** 64n - 1n;

/** `difficulty` as target text of 4 or 8 bytes. Four bytes are not exact: what counts is the text. */
export function targetText(difficulty: number, bytes: 4 | 8): string {
  const wanted = ALL / BigInt(Math.max(1, Math.round(difficulty)));
  const text = Buffer.alloc(8);
  text.writeBigUInt64LE(wanted);
  return text.toString('hex', 8 - bytes);
}

/** What the text of a target means (xmrig Job.cpp); null where xmrig would not take it. */
export function limitOf(text: string): bigint | null {
  if (!/^(?:[0-9a-f]{8}|[0-9a-f]{16})$/.test(text)) return null;
  const bytes = Buffer.from(text, 'hex');
  if (bytes.length === 8) return bytes.readBigUInt64LE() || null;
  const short = BigInt(bytes.readUInt32LE());
  return short === 0n ? null : ALL / (0xffffffffn / short);
}

/** As pools credit it. */
export function difficultyOf(limit: bigint): number {
  return Number(ALL / limit);
}

/** One job of one connection: pools give each a tree root of its own, so that nobody mines what another does. */
export interface PracticeBlobJob {
  readonly id: string;
  readonly blob: string;
  readonly height: number;
  readonly seedHash: string;
  readonly target: string;
  readonly limit: bigint;
}

/** Makes jobs on one chain. */
export class BlobMaker {
  #height = 3_000_000;
  #previous = randomBytes(32);
  #seed = randomBytes(32);

  get height(): number {
    return this.#height;
  }

  nextBlock(): void {
    this.#height += 1;
    this.#previous = randomBytes(32);
  }

  /** As every 2048 blocks: what miners need minutes for. */
  nextSeed(): void {
    this.#seed = randomBytes(32);
  }

  next(given: {
    readonly nowMs: number;
    readonly target: string;
    readonly fixedByte: number | null;
  }): PracticeBlobJob {
    const time = varint(Math.floor(given.nowMs / 1000));
    const nonce = Buffer.of(0, 0, 0, given.fixedByte ?? 0);
    const blob = Buffer.concat([
      Buffer.of(16, 16),
      time,
      this.#previous,
      nonce,
      randomBytes(32),
      varint(1 + (this.#height % 90)),
    ]);
    const limit = limitOf(given.target);
    if (limit === null) throw new RangeError(`no target: ${given.target}`);
    return {
      id: randomBytes(12).toString('base64'),
      blob: blob.toString('hex'),
      height: this.#height,
      seedHash: this.#seed.toString('hex'),
      target: given.target,
      limit,
    };
  }
}

/** Seven bits at a time, the lowest first. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
