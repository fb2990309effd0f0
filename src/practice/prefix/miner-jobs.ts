import { randomBytes } from 'node:crypto';
import { isHex, isHexOf } from '../../kit/hex.ts';
import type { PrefixDialect } from './coins.ts';
import {
  autolykosValue,
  equihashValue,
  kaspaValue,
  kawpowMix,
  kawpowValue,
  solutionBytes,
} from './proofs.ts';

/** What a miner has been told, and how it goes about its work. */
export interface MinerTerms {
  /** Hex. */
  readonly prefix: string;
  /** `set_target`, in numbers; null before. */
  readonly target: bigint | null;
  /** `set_difficulty`; null before. */
  readonly difficulty: number | null;
  /** Equihash: `n_k` that the miner was started with. */
  readonly parameters: string;
  /** Kaspa: the form of jobs that this program reads. */
  readonly jobForm: 'array' | 'hex';
  /** Kaspa, Ergo: submits what follows the prefix, not the whole nonce. */
  readonly isSuffixSent: boolean;
}

/** A job to try nonces of. */
export interface MinerJob {
  readonly jobId: string;
  /** What distinguishes it from another of the same id. */
  readonly identity: string;
  readonly isClean: boolean;
  /** Expected hashes behind a share of it. */
  readonly hashesPerShare: number;
  /** Hashes once; what follows worker and job id in a submit, or null. */
  attempt(): readonly unknown[] | null;
}

type Fields = readonly unknown[];

const SPACE = 2n ** 256n;
const TWO_32 = 2 ** 32;
const hashesOf = (most: bigint): number => Number(SPACE / (most + 1n));

/** Counts through what follows the prefix, from a random place on. */
class Nonces {
  readonly #nonce: Buffer;
  readonly #from: number;

  constructor(prefix: string, bytes: number) {
    this.#nonce = Buffer.concat([Buffer.from(prefix, 'hex'), randomBytes(bytes - prefix.length / 2)]);
    this.#from = prefix.length / 2;
  }

  /** The next one, the same buffer each time. */
  next(): Buffer {
    for (let at = this.#nonce.length - 1; at >= this.#from; at -= 1) {
      const byte = this.#nonce[at] ?? 0;
      this.#nonce[at] = byte + 1;
      if (byte !== 255) break;
    }
    return this.#nonce;
  }
}

/** 64 digits as they have to be written: no `0x`, padded. */
function numberOf(value: unknown): bigint | null {
  return typeof value === 'string' && isHexOf(value, 32) ? BigInt(`0x${value}`) : null;
}

function textOf(value: unknown, bytes: number): string | null {
  return typeof value === 'string' && isHexOf(value, bytes) ? value : null;
}

/** `[id, six header fields, clean]`, and where the coin has other parameters than Zcash, their name and personalization. */
function equihashJob(fields: Fields, terms: MinerTerms): MinerJob | string {
  const [id, ...rest] = fields;
  const header = [4, 32, 32, 32, 4, 4].map((bytes, at) => textOf(rest[at], bytes));
  const clean = rest[6];
  if (typeof id !== 'string' || header.includes(null) || typeof clean !== 'boolean') return 'not a job';
  // [ZIP-301] Miners ignore versions that they do not know.
  if (header[0] !== '04000000') return 'a job of an unknown version';
  const named = fields[8] ?? '200_9';
  if (named !== terms.parameters) return `solution parameters are incorrect: ${JSON.stringify(named)}`;
  if (terms.target === null) return 'a job before the first target';
  const most = terms.target;
  const size = solutionBytes(terms.parameters);
  const mark = size < 0xfd ? Buffer.of(size) : Buffer.of(0xfd, size & 0xff, size >>> 8);
  const solution = Buffer.concat([mark, randomBytes(size)]);
  const start = Buffer.from(header.join(''), 'hex');
  const nonces = new Nonces(terms.prefix, 32);
  return {
    jobId: id,
    identity: header.join(''),
    isClean: clean,
    hashesPerShare: hashesOf(most),
    attempt() {
      const nonce = nonces.next();
      if (equihashValue(Buffer.concat([start, nonce]), solution) > most) return null;
      const suffix = nonce.toString('hex').slice(terms.prefix.length);
      return [header[4], suffix, solution.toString('hex')];
    },
  };
}

/** `[id, header, seed, target, clean, height, bits]`, read as xmrig does: no `0x`, the height a number. */
function kawpowJob(fields: Fields, terms: MinerTerms): MinerJob | string {
  const [id, headerText, seedText, targetText, clean, height] = fields;
  const header = textOf(headerText, 32);
  const most = numberOf(targetText);
  if (typeof id !== 'string' || header === null || textOf(seedText, 32) === null || most === null) {
    return 'not a job';
  }
  if (typeof clean !== 'boolean' || typeof height !== 'number') return 'a job without clean or height';
  if (terms.target !== most) return 'a job of another target than set_target said';
  const bytes = Buffer.from(header, 'hex');
  const nonces = new Nonces(terms.prefix, 8);
  return {
    jobId: id,
    identity: `${header} ${String(targetText)}`,
    isClean: clean,
    hashesPerShare: hashesOf(most),
    attempt() {
      const nonce = nonces.next();
      const mix = kawpowMix(bytes, nonce);
      if (kawpowValue(bytes, nonce, mix) > most) return null;
      return [`0x${nonce.toString('hex')}`, `0x${header}`, `0x${mix.toString('hex')}`];
    },
  };
}

const WORDS = /"params":\["[^"]*",\[(\d+),(\d+),(\d+),(\d+)\],(\d+)\]/;

/** The two forms, each by the miner that reads it and no other. */
function kaspaFields(fields: Fields, line: string, form: MinerTerms['jobForm']): [Buffer, bigint] | null {
  if (form === 'hex') {
    const text = textOf(fields[1], 40);
    if (text === null || fields.length !== 2) return null;
    const bytes = Buffer.from(text, 'hex');
    return [bytes.subarray(0, 32), bytes.readBigUInt64LE(32)];
  }
  const found = WORDS.exec(line);
  if (found === null || fields.length !== 3) return null;
  const hash = Buffer.alloc(32);
  for (let word = 0; word < 4; word += 1) hash.writeBigUInt64LE(BigInt(found[word + 1] ?? 0), word * 8);
  return [hash, BigInt(found[5] ?? 0)];
}

function kaspaJob(fields: Fields, terms: MinerTerms, line: string): MinerJob | string {
  const [id] = fields;
  const told = kaspaFields(fields, line, terms.jobForm);
  if (typeof id !== 'string' || told === null) return `not a job in the form ${terms.jobForm}`;
  if (terms.difficulty === null) return 'a job before the first difficulty';
  const [hash, timestamp] = told;
  // As tmrlvi's miner: 0xffff × 2^208 over the difficulty.
  const most = ((0xffffn << 208n) << 32n) / BigInt(Math.round(terms.difficulty * TWO_32));
  const nonces = new Nonces(terms.prefix, 8);
  return {
    jobId: id,
    identity: hash.toString('hex'),
    isClean: true,
    hashesPerShare: terms.difficulty * TWO_32,
    attempt() {
      const nonce = nonces.next();
      if (kaspaValue(hash, timestamp, nonce) > most) return null;
      const digits = nonce.toString('hex');
      return [terms.isSuffixSent ? digits.slice(terms.prefix.length) : `0x${digits}`];
    },
  };
}

/** `[id, height, msg, "", "", version, b, "", clean]`. */
function autolykosJob(fields: Fields, terms: MinerTerms): MinerJob | string {
  const [id, height, msgText, , , version, b, , clean] = fields;
  const msg = textOf(msgText, 32);
  if (typeof id !== 'string' || typeof height !== 'number' || msg === null || textOf(version, 4) === null) {
    return 'not a job';
  }
  if (typeof b !== 'string' || !/^\d{1,77}$/.test(b) || typeof clean !== 'boolean')
    return 'a job without target';
  if (terms.difficulty === null) return 'a job before the first difficulty';
  // The factor may be a fraction.
  const most = (BigInt(b) * BigInt(Math.round(terms.difficulty * TWO_32))) / BigInt(TWO_32) - 1n;
  const bytes = Buffer.from(msg, 'hex');
  const nonces = new Nonces(terms.prefix, 8);
  return {
    jobId: id,
    identity: `${msg} ${b} ${terms.difficulty}`,
    isClean: clean,
    hashesPerShare: hashesOf(most),
    attempt() {
      const nonce = nonces.next();
      if (autolykosValue(bytes, nonce) > most) return null;
      const digits = nonce.toString('hex');
      const suffix = digits.slice(terms.prefix.length);
      return terms.isSuffixSent ? [suffix, ''] : [suffix, 'undefined', digits];
    },
  };
}

/** The job in the parameters of `mining.notify`; or, in words, why a miner in the field would not mine it. */
export function readMinerJob(
  dialect: PrefixDialect,
  fields: Fields,
  terms: MinerTerms,
  line: string,
): MinerJob | string {
  switch (dialect) {
    case 'equihash':
      return equihashJob(fields, terms);
    case 'kawpow':
      return kawpowJob(fields, terms);
    case 'kaspa':
      return kaspaJob(fields, terms, line);
    case 'autolykos':
      return autolykosJob(fields, terms);
  }
}

/** The target of `mining.set_target`; null where no miner could read it. */
export function readMinerTarget(value: unknown): bigint | null {
  return numberOf(value);
}

/** A prefix as it has to be written; null where it is none, or longer than the dialect's miners take. */
export function readMinerPrefix(dialect: PrefixDialect, value: unknown): string | null {
  const most = { equihash: 12, kawpow: 4, kaspa: 3, autolykos: 7 }[dialect];
  if (typeof value !== 'string' || value.length % 2 !== 0 || !isHex(value)) return null;
  return value.length <= most * 2 ? value.toLowerCase() : null;
}
