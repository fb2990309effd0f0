import { randomBytes } from 'node:crypto';
import { isHexOf } from '../../kit/hex.ts';
import {
  autolykosValue,
  equihashValue,
  kaspaValue,
  kawpowMix,
  kawpowValue,
  solutionBytes,
  targetOf,
} from './proofs.ts';

/** Dialects in which a miner's nonce begins with what its pool told it. */
export type PrefixDialect = 'equihash' | 'kawpow' | 'kaspa' | 'autolykos';

/** What a client got with a job, and what its shares are held against. */
export interface PrefixTerms {
  /** Hex. */
  readonly prefix: string;
  /** Expected hashes per share. */
  readonly hashesPerShare: number;
}

/** A submit's proof: what makes two of them the same share, and the hash as a number; or why there is none. */
export type PrefixProof =
  | { readonly identity: string; readonly value: bigint }
  | { readonly problem: string };

/** One job of one coin, the same for all clients of the pool. */
export interface PrefixJob {
  readonly id: string;
  /** Identities of the shares received. */
  readonly seen: Set<string>;
  /** What goes out for it, ends of lines included. `isNew`: the terms are other than those of the client's last job. */
  lines(terms: PrefixTerms, clean: boolean, isNew: boolean): string;
  /** Reads the parameters behind worker and job id, as strictly as the strictest pool. */
  prove(rest: readonly unknown[], terms: PrefixTerms): PrefixProof;
  /** The highest value that is a share. */
  most(terms: PrefixTerms): bigint;
}

/** How the pool's side of a dialect is spoken, beside its jobs. */
export interface PrefixCoin {
  readonly nonceBytes: number;
  readonly prefixBytes: number;
  /** Null: this request is not what a client of this dialect sends. */
  subscribed(params: readonly unknown[], sessionId: string, prefix: string): string | null;
  /** Says the prefix: after authorize where subscribe does not, and when it changes. */
  extranonce(prefix: string): string;
  /** The prefix follows the login, and every client takes another. */
  readonly isToldLater: boolean;
  job(id: string, block: PracticeBlock): PrefixJob;
}

/** What jobs of one imaginary block have in common. */
export interface PracticeBlock {
  readonly height: number;
  /** 32 bytes, hex. */
  readonly parent: string;
}

export interface PrefixCoinOptions {
  /** Equihash: `n_k`; named in the jobs where it is not 200_9. Default 200_9. */
  readonly parameters?: string;
  /** Kaspa: how jobs are written. Default `array`. */
  readonly jobForm?: 'array' | 'hex';
  /** Autolykos: what the targets of jobs are to be multiplied with, a whole number. Default 1. */
  readonly scale?: number;
}

const notification = (method: string, params: readonly unknown[]): string =>
  `${JSON.stringify({ id: null, method, params })}\n`;
const hexTarget = (terms: PrefixTerms): string =>
  targetOf(terms.hashesPerShare).toString(16).padStart(64, '0');
const isText = (value: unknown): value is string => typeof value === 'string';
const unhex = (text: string): Buffer => Buffer.from(text, 'hex');

/** Bytes of hex with `0x` before them; null where it is something else. */
function bytesOf(value: unknown, bytes: number, mark: '0x' | ''): Buffer | null {
  if (!isText(value) || !value.startsWith(mark)) return null;
  const digits = value.slice(mark.length);
  return isHexOf(digits, bytes) ? unhex(digits) : null;
}

/** Why a whole nonce is not the client's; null where it is. */
function foreign(nonce: Buffer, prefix: string): string | null {
  return nonce.toString('hex').startsWith(prefix) ? null : `Nonce does not begin with ${prefix}`;
}

function equihashCoin({ parameters = '200_9' }: PrefixCoinOptions): PrefixCoin {
  const size = solutionBytes(parameters);
  const mark = size < 0xfd ? Buffer.of(size) : Buffer.of(0xfd, size & 0xff, size >>> 8);
  return {
    nonceBytes: 32,
    prefixBytes: 4,
    isToldLater: false,
    subscribed(params, sessionId, prefix) {
      const [, session, host, port] = params;
      const isZip =
        params.length === 4 && (session === null || isText(session)) && isText(host) && Number(port) > 0;
      return isZip ? JSON.stringify([sessionId, prefix]) : null;
    },
    extranonce: (prefix) => notification('mining.set_extranonce', [prefix]),
    job(id, block) {
      const root = randomBytes(32).toString('hex');
      const reserved = randomBytes(32).toString('hex');
      const time = Buffer.alloc(4);
      time.writeUInt32LE(Math.floor(Date.now() / 1000));
      const bits = '1f07ffff';
      const fields = ['04000000', block.parent, root, reserved, time.toString('hex'), bits];
      const tail = parameters === '200_9' ? [] : [parameters, 'PracticePoW'];
      return {
        id,
        seen: new Set(),
        lines: (terms, clean, isNew) =>
          (isNew ? notification('mining.set_target', [hexTarget(terms)]) : '') +
          notification('mining.notify', [id, ...fields, clean, ...tail]),
        most: (terms) => targetOf(terms.hashesPerShare),
        prove(rest, { prefix }) {
          const [timeText, suffix, solutionText] = rest;
          if (rest.length !== 3) return { problem: 'Expected five parameters' };
          const own = bytesOf(timeText, 4, '');
          if (own === null || !own.equals(time)) return { problem: 'Time is not the one of the job' };
          const nonce2 = bytesOf(suffix, 32 - prefix.length / 2, '');
          if (nonce2 === null) return { problem: 'Incorrect size of nonce' };
          const solution = bytesOf(solutionText, mark.length + size, '');
          if (solution === null || !solution.subarray(0, mark.length).equals(mark)) {
            return { problem: 'Incorrect size of solution' };
          }
          const header = Buffer.concat([unhex(fields.join('')), unhex(prefix), nonce2]);
          const value = equihashValue(header, solution);
          return { identity: value.toString(16), value };
        },
      };
    },
  };
}

function kawpowCoin(): PrefixCoin {
  return {
    nonceBytes: 8,
    prefixBytes: 2,
    isToldLater: false,
    subscribed: (params, sessionId, prefix) =>
      isText(params[0])
        ? JSON.stringify([
            [
              ['mining.set_difficulty', sessionId],
              ['mining.notify', sessionId],
            ],
            prefix,
          ])
        : null,
    extranonce: (prefix) => notification('mining.set_extranonce', [prefix]),
    job(id, block) {
      const header = randomBytes(32);
      const seed = 'ab'.repeat(32);
      return {
        id,
        seen: new Set(),
        lines: (terms, clean) =>
          notification('mining.set_target', [hexTarget(terms)]) +
          notification('mining.notify', [
            id,
            header.toString('hex'),
            seed,
            hexTarget(terms),
            clean,
            block.height,
            '1b00c2a5',
          ]),
        most: (terms) => targetOf(terms.hashesPerShare),
        prove(rest, { prefix }) {
          const [nonceText, headerText, mixText] = rest;
          if (rest.length !== 3) return { problem: 'Expected five parameters' };
          const nonce = bytesOf(nonceText, 8, '0x');
          if (nonce === null) return { problem: 'incorrect size of nonce, must be 8 bytes' };
          const problem = foreign(nonce, prefix);
          if (problem !== null) return { problem };
          if (bytesOf(headerText, 32, '0x')?.equals(header) !== true) return { problem: 'Wrong header hash' };
          const mix = bytesOf(mixText, 32, '0x');
          if (mix?.equals(kawpowMix(header, nonce)) !== true) return { problem: 'Wrong mix hash' };
          return { identity: nonce.toString('hex'), value: kawpowValue(header, nonce, mix) };
        },
      };
    },
  };
}

const TWO_32 = 2 ** 32;
const DIFFICULTY_ONE = 0xffffn << 208n;

function kaspaCoin({ jobForm = 'array' }: PrefixCoinOptions): PrefixCoin {
  return {
    nonceBytes: 8,
    prefixBytes: 2,
    isToldLater: true,
    subscribed: (params) => (isText(params[0]) ? '[true,"EthereumStratum/1.0.0"]' : null),
    extranonce: (prefix) => notification('mining.set_extranonce', [prefix, 8 - prefix.length / 2]),
    job(id) {
      const hash = randomBytes(32);
      const timestamp = BigInt(Date.now());
      const words = [0, 8, 16, 24].map((at) => hash.readBigUInt64LE(at));
      const time = Buffer.alloc(8);
      time.writeBigUInt64LE(timestamp);
      const told =
        jobForm === 'hex'
          ? `"${hash.toString('hex')}${time.toString('hex')}"`
          : `[${words.join(',')}],${timestamp}`;
      return {
        id,
        seen: new Set(),
        // The id of the job stands for the id of the message too, as the bridges have it.
        lines: (terms, _clean, isNew) =>
          (isNew ? notification('mining.set_difficulty', [terms.hashesPerShare / TWO_32]) : '') +
          `{"jsonrpc":"2.0","method":"mining.notify","params":["${id}",${told}],"id":${id}}\n`,
        // The difficulty as an exact fraction of 2^-32.
        most: (terms) => (DIFFICULTY_ONE << 32n) / BigInt(Math.round(terms.hashesPerShare)),
        prove(rest, { prefix }) {
          if (rest.length !== 1) return { problem: 'Expected three parameters' };
          const nonce = bytesOf(rest[0], 8, '0x');
          if (nonce === null) return { problem: 'Nonce must be 0x and 16 hex digits' };
          const problem = foreign(nonce, prefix);
          if (problem !== null) return { problem };
          return { identity: nonce.toString('hex'), value: kaspaValue(hash, timestamp, nonce) };
        },
      };
    },
  };
}

function autolykosCoin({ scale = 1 }: PrefixCoinOptions): PrefixCoin {
  const baseOf = (terms: PrefixTerms): bigint => (targetOf(terms.hashesPerShare) + 1n) / BigInt(scale);
  return {
    nonceBytes: 8,
    prefixBytes: 2,
    isToldLater: false,
    subscribed: (params, sessionId, prefix) =>
      isText(params[0])
        ? JSON.stringify([
            [
              ['mining.set_difficulty', sessionId],
              ['mining.notify', sessionId],
            ],
            prefix,
            8 - prefix.length / 2,
          ])
        : null,
    extranonce: (prefix) => notification('mining.set_extranonce', [prefix, 8 - prefix.length / 2]),
    job(id, block) {
      const msg = randomBytes(32);
      return {
        id,
        seen: new Set(),
        lines: (terms, clean) =>
          notification('mining.set_difficulty', [scale]) +
          notification('mining.notify', [
            id,
            block.height,
            msg.toString('hex'),
            '',
            '',
            '00000003',
            String(baseOf(terms)),
            '',
            clean,
          ]),
        most: (terms) => baseOf(terms) * BigInt(scale) - 1n,
        prove(rest, { prefix }) {
          const [suffix, , nonceText] = rest;
          if (rest.length !== 3) return { problem: 'Expected five parameters' };
          const nonce = bytesOf(nonceText, 8, '');
          if (nonce === null) return { problem: 'Nonce must be 16 hex digits' };
          const problem = foreign(nonce, prefix);
          if (problem !== null) return { problem };
          if (suffix !== nonce.toString('hex').slice(prefix.length)) {
            return { problem: 'Extranonce2 is not the end of the nonce' };
          }
          return { identity: nonce.toString('hex'), value: autolykosValue(msg, nonce) };
        },
      };
    },
  };
}

/** The pool's side of a practice coin. */
export function prefixCoin(dialect: PrefixDialect, options: PrefixCoinOptions): PrefixCoin {
  switch (dialect) {
    case 'equihash':
      return equihashCoin(options);
    case 'kawpow':
      return kawpowCoin();
    case 'kaspa':
      return kaspaCoin(options);
    case 'autolykos':
      return autolykosCoin(options);
  }
}
