import { clip, type JsonObject } from '../../json.ts';
import type { PoolEvent, PoolRefusal } from '../../messages.ts';
import { readSay as readAnySay, readText, replyOf, type Say } from '../mining-methods/events.ts';
import { MAX_JOB_ID } from '../mining-methods/requests.ts';

export { fault, notice } from '../mining-methods/events.ts';

/** A line as a notification that a dialect has to read itself, or as what it is instead. */
export function readSay(line: string): { readonly say: Say } | { readonly other: PoolEvent } {
  const read = readAnySay(line);
  return 'reply' in read ? { other: replyOf(read.reply, readRefusal(read.reply)) } : read;
}

/**
 * Null where the pool said yes: no error of any shape, and a result that is neither false nor null nor missing. Errors come as lists (slush and all
 * that descend from it), as objects (miningcore) and as plain text.
 */
function readRefusal({ error, result, 'reject-reason': reason }: JsonObject): PoolRefusal | null {
  if (Array.isArray(error)) {
    const [code, text] = error as readonly unknown[];
    if (error.length > 0) return { code: readCode(code), message: readText(text ?? code) };
  } else if (typeof error === 'object' && error !== null) {
    const { code, message } = error as JsonObject;
    return { code: readCode(code), message: readText(message) };
  } else if (error !== undefined && error !== null && error !== false && error !== '') {
    return { code: readCode(error), message: readText(error) };
  }
  const isYes = result !== false && result !== null && result !== undefined;
  return isYes ? null : { code: null, message: readText(reason) };
}

function readCode(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

/** The id of a pool's job; null where it is none, or longer than a miner's may be. */
export function readPoolJobId(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null;
  return typeof value === 'string' && value.length <= MAX_JOB_ID ? value : null;
}

/** The session id of a subscribe's answer: a string, or the id that goes with `mining.notify` in a list of pairs. */
export function readSessionId(names: unknown): string | null {
  if (typeof names === 'string') return names === '' ? null : clip(names, MAX_JOB_ID);
  if (!Array.isArray(names)) return null;
  // [quirk: one pair instead of a list of pairs]
  const pairs = typeof names[0] === 'string' ? [names] : (names as readonly unknown[]);
  for (const pair of pairs) {
    if (!Array.isArray(pair)) continue;
    const [name, id] = pair as readonly unknown[];
    if (name === 'mining.notify' && typeof id === 'string' && id !== '') return clip(id, MAX_JOB_ID);
  }
  return null;
}
