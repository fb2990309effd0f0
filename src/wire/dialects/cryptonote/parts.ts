import type { RelayedWork, Work } from '../../../domain/job.ts';
import { isHex } from '../../../kit/hex.ts';
import type { PoolShare, RelayedShare } from '../../dialect.ts';
import { type JsonObject, jsonText, quote } from '../../json.ts';
import { layoutOf } from './algorithms.ts';
import { hashesOfT64, readTarget } from './target.ts';

/**
 * The parts of work and shares of the cryptonote family.
 *
 * Of work:
 * - `blob`: hex as the pool wrote it, the nonce's bytes in it too;
 * - `target`: hex as the pool wrote it, 4 or 8 bytes little-endian, for rx/yada a number as one reads it;
 * - `height`: a decimal number, missing where the pool gave none or something else;
 * - `seed_hash`: the pool's text, missing where it gave none;
 * - `algo`: the algorithm in the pool's spelling, missing where it names none;
 * - `more`: every other member of the job as JSON text, a comma before each, empty where there is none. `id` is not among them: it names the pool's session.
 *
 * Of a submit and of a share:
 * - `nonce`: 8 digits, lower case, the 4 bytes as they stand in the blob; always whole;
 * - `result`: 64 digits, lower case, the hash;
 * - `more`: as of work (`algo`, `sig`, `commitment`).
 */
export type CryptonoteParts = Readonly<Record<string, string>>;

/** [xmrig/xmrig Job.h] `kMaxBlobSize` is 408, and a blob has to be shorter. */
const MOST_BLOB_BYTES = 407;
const NONCE_BYTES = 4;
const MAX_JOB_ID = 256;
const MAX_ALGO = 64;
const MAX_SEED = 128;
const MAX_MORE = 4096;

const OF_JOB: ReadonlySet<string> = new Set([
  'blob',
  'job_id',
  'target',
  'id',
  'height',
  'seed_hash',
  'algo',
]);

/** A job object as work, or what is wrong with it. `line` is what it was parsed from. */
export function readJob(job: unknown, line: string): RelayedWork | string {
  if (typeof job !== 'object' || job === null || Array.isArray(job)) return 'a job that is no object';
  const { blob, job_id: id, target: text, height, seed_hash: seed, algo } = job as JsonObject;
  const poolJobId = typeof id === 'number' ? String(id) : id;
  if (typeof poolJobId !== 'string' || poolJobId === '' || poolJobId.length > MAX_JOB_ID) {
    return 'a job without an id that could be repeated';
  }
  if (typeof blob !== 'string') {
    return 'blocktemplate_blob' in job || 'pool_wallet' in job
      ? 'a block template, which only a solo miner can work on'
      : 'a job without a blob';
  }
  const algorithm = typeof algo === 'string' && algo !== '' && algo.length <= MAX_ALGO ? algo : null;
  if (/^kawpow/i.test(algorithm ?? '')) return 'a kawpow job, whose nonce has 8 bytes';
  const layout = layoutOf(algorithm);
  const bytes = blob.length / 2;
  if (!isHex(blob) || !Number.isInteger(bytes) || bytes < layout.nonceAt + NONCE_BYTES) {
    return 'a job with an unusable blob';
  }
  if (bytes > MOST_BLOB_BYTES) return 'a job with a blob too long for any miner';
  const t64 = typeof text === 'string' ? readTarget(text, algorithm) : null;
  if (typeof text !== 'string' || t64 === null) return 'a job with an unusable target';

  const parts: Record<string, string> = { blob, target: text };
  const taken = new Set(OF_JOB);
  if (typeof height === 'number') parts['height'] = numberText('height', height, new Compact(line));
  else taken.delete('height');
  if (typeof seed === 'string' && seed.length <= MAX_SEED) parts['seed_hash'] = seed;
  else taken.delete('seed_hash');
  if (algorithm !== null) parts['algo'] = algorithm;
  else taken.delete('algo');
  const more = readMore(job as JsonObject, taken, line, MAX_MORE);
  if (more === null) return 'a job with more beside it than can be kept';
  parts['more'] = more;

  return {
    family: 'cryptonote',
    poolJobId,
    block: blob.slice(layout.blockAt * 2, layout.blockEnd * 2).toLowerCase(),
    clean: true,
    target: { hashes: hashesOfT64(t64), text },
    algorithm,
    parts,
  };
}

/** The members that are not `known` as JSON text, a comma before each; null where they cannot be written again, or in no more than `most` characters. */
export function readMore(
  object: JsonObject,
  known: ReadonlySet<string>,
  line: string,
  most: number,
): string | null {
  const compact = new Compact(line);
  let more = '';
  try {
    // Parsed objects inherit nothing, and a list of the keys would cost a share more than all the rest.
    for (const name in object) {
      if (known.has(name)) continue;
      const value = object[name];
      const text =
        typeof value === 'string'
          ? quote(value)
          : typeof value === 'number'
            ? numberText(name, value, compact)
            : jsonText(value);
      more += `,${quote(name)}:${text}`;
      // Not only at the end: each number is looked up in the line.
      if (more.length > most) return null;
    }
  } catch {
    // Serialising recurses, parsing does not.
    return null;
  }
  return more;
}

/** A line without its white space, which is only taken out of one that is looked into, and once. */
class Compact {
  readonly #line: string;
  #text: string | null = null;

  constructor(line: string) {
    this.#line = line;
  }

  get text(): string {
    this.#text ??= this.#line.replace(/\s+/g, '');
    return this.#text;
  }
}

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The digits of a member as they were sent: parsing rounds what is beyond 2^53. */
function numberText(name: string, value: number, line: Compact): string {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  const member = `${JSON.stringify(name)}:`;
  const { text } = line;
  for (let at = text.indexOf(member); at >= 0; at = text.indexOf(member, at + 1)) {
    NUMBER.lastIndex = at + member.length;
    const [digits] = NUMBER.exec(text) ?? [];
    if (digits !== undefined && Number(digits) === value) return digits;
  }
  return Number.isFinite(value) ? String(value) : 'null';
}

/** The members of a job object, braces left out. `lane` is hex of the nonce's last byte, empty where the blob stays as it is. */
export function writeJob(
  work: RelayedWork,
  given: {
    readonly jobId: string;
    readonly lane: string;
    readonly target: string;
    readonly algo: string | null;
  },
): string {
  const { blob = '', height, seed_hash: seed, more = '' } = work.parts;
  const { nonceAt } = layoutOf(work.algorithm);
  const at = (nonceAt + NONCE_BYTES - 1) * 2;
  const ours = given.lane === '' ? blob : blob.slice(0, at) + given.lane + blob.slice(at + 2);
  return (
    `"blob":"${ours}","job_id":"${given.jobId}","target":"${given.target}"` +
    (given.algo === null ? '' : `,"algo":${quote(given.algo)}`) +
    (height === undefined ? '' : `,"height":${height}`) +
    (seed === undefined ? '' : `,"seed_hash":${quote(seed)}`) +
    more
  );
}

/** The last byte of the nonce as the pool has set it; null where the pool leaves the nonce free, its 4 bytes being zero (xmrig/xmrig Job.cpp). */
export function fixedByteOf(work: RelayedWork): string | null {
  const { blob = '' } = work.parts;
  const at = layoutOf(work.algorithm).nonceAt * 2;
  const nonce = blob.slice(at, at + NONCE_BYTES * 2);
  return nonce === '00000000' ? null : nonce.slice(-2).toLowerCase();
}

/** The work of a job of this family. Throws for another's. */
export function cryptonoteWork(work: Work): RelayedWork {
  if (work.family !== 'cryptonote') throw new Error(`work of ${work.family} in a cryptonote dialect`);
  return work;
}

/** A share of this family. Throws for another's. */
export function cryptonoteShare(share: PoolShare): RelayedShare {
  if (share.family !== 'cryptonote') throw new Error(`a share of ${share.family} in a cryptonote dialect`);
  return share;
}
