import { isHex } from '../../../kit/hex.ts';

/**
 * The parts of the kaspa family (kHeavyHash and its forks). Hex is lower case without `0x` whatever the wire had.
 *
 * Of work: `hash` (64 digits, the pre-PoW hash, bytes as hashed) and `timestamp` (decimal digits, milliseconds, up to 64 bits): both forms of a job say these two and nothing else,
 * so either is written from them. `more`: JSON text of elements behind what is known, a comma before each, missing where there are none.
 *
 * Of a submit and of a share: `nonce`. A share's is whole: 16 digits, big-endian; a submit's is whole, with its leading zeros missing, or what follows the prefix.
 */
export const NONCE_BYTES = 8;
export const NONCE_DIGITS = NONCE_BYTES * 2;
export const MAX_MORE = 1024;

const MAX_WORD = 2n ** 64n - 1n;

/** `array`: four 64-bit numbers and the timestamp. `hex`: 80 digits. */
export type JobForm = 'array' | 'hex';

/**
 * Which form a program reads. [onemorebsmith/kaspa-stratum-bridge: BzMiner; blackmennewstyle/miningcore KaspaConstants.cs: IceRiver and Goldshell too]
 * GodMiner of Bitmain takes the array.
 */
export function jobFormOf(agent: string): JobForm {
  return /bzminer|iceriver|goldshell/i.test(agent) ? 'hex' : 'array';
}

/** Bitmain's ASICs, to whom subscribe is answered otherwise. [rdugan/kaspa-stratum-bridge default_client.go] */
export function isGodMiner(agent: string): boolean {
  return agent.includes('GodMiner');
}

/**
 * Programs that have to be told a prefix. [quirk: tmrlvi/kaspa-miner and its forks search the nonce 0 alone before they have been, client/stratum.rs `nonce_mask: 0`; IceRiver
 * needs two bytes, rdugan/kaspa-stratum-bridge README]
 */
export function isLostWithoutPrefix(agent: string): boolean {
  return /^[a-z]+-miner\/|iceriver/i.test(agent.trimStart());
}

/** What both forms of a job say. */
export interface KaspaJob {
  readonly hash: string;
  readonly timestamp: string;
}

/** Four words and a timestamp as they stand in a line. Bounded everywhere, so that no line makes it slow. */
const ARRAY = /\[\s*(\d{1,20})\s*,\s*(\d{1,20})\s*,\s*(\d{1,20})\s*,\s*(\d{1,20})\s*\]\s*,\s*(\d{1,20})/g;

/**
 * The array form. The numbers are beyond what `JSON.parse` keeps, so their digits are looked up in the text of the line; what is found has to be what was parsed, as far as
 * that goes. (A reviver would see the digits, but recurses.) Null where it is no job.
 */
export function readArrayJob(words: unknown, timestamp: unknown, line: string): KaspaJob | null {
  if (!Array.isArray(words) || words.length !== 4 || typeof timestamp !== 'number') return null;
  const parsed: readonly unknown[] = [...(words as readonly unknown[]), timestamp];
  for (const [, ...digits] of line.matchAll(ARRAY)) {
    if (!digits.every((text, at) => Number(text) === parsed[at])) continue;
    const numbers = digits.map(BigInt);
    if (numbers.some((number) => number > MAX_WORD)) return null;
    const [first = 0n, second = 0n, third = 0n, fourth = 0n, time = 0n] = numbers;
    return {
      hash: [first, second, third, fourth].map(hexOfWord).join(''),
      timestamp: String(time),
    };
  }
  return null;
}

/** The hex form: the hash, and the timestamp little-endian. */
export function readHexJob(text: string): KaspaJob | null {
  if (text.length !== 80 || !isHex(text)) return null;
  const hash = text.slice(0, 64).toLowerCase();
  return { hash, timestamp: String(wordOfHex(text.slice(64))) };
}

/** The words of the array form, as JSON text. */
export function arrayOfHash(hash: string): string {
  return `[${[0, 16, 32, 48].map((at) => wordOfHex(hash.slice(at, at + 16))).join(',')}]`;
}

/** The 80 digits of the hex form. */
export function hexOfJob({ hash, timestamp }: KaspaJob): string {
  return hash + hexOfWord(BigInt(timestamp));
}

/** 8 bytes of hex, little-endian. */
function hexOfWord(word: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(word);
  return bytes.toString('hex');
}

function wordOfHex(digits: string): bigint {
  return Buffer.from(digits, 'hex').readBigUInt64LE();
}
