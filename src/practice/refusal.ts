/** Why the practice pool refused something, with the code that pools share (20 to 25) and its words. */
export const REFUSALS = {
  malformed: { code: 20, text: 'Invalid parameters' },
  'ntime-out-of-range': { code: 20, text: 'Ntime out of range' },
  'bad-version-bits': { code: 20, text: 'Invalid version mask' },
  'unknown-job': { code: 21, text: 'Job not found' },
  stale: { code: 21, text: 'Stale share' },
  duplicate: { code: 22, text: 'Duplicate share' },
  'low-difficulty': { code: 23, text: 'Low difficulty share' },
  'wrong-hash': { code: 20, text: 'Wrong hash' },
  unauthorized: { code: 24, text: 'Unauthorized worker' },
  'not-subscribed': { code: 25, text: 'Not subscribed' },
} as const satisfies Readonly<Record<string, { readonly code: number; readonly text: string }>>;

export type RefusalReason = keyof typeof REFUSALS;

/**
 * How real pools write a refusal:
 * - `array`: `result` null, `error` `[code, text, null]`;
 * - `result-false`: the same with `result` false (NOMP, Ocean);
 * - `array2`: `error` of two elements; `array-empty`: its third one `""` (public-pool);
 * - `reject-reason`: `error` null and the text in a member of that name (ckpool);
 * - `string`: `error` is the text (ckpool);
 * - `object`: `error` `{code, message, data}` and a `jsonrpc` member (miningcore);
 * - `no-error-member`: `result` false and nothing else.
 */
export type ErrorShape =
  | 'array'
  | 'result-false'
  | 'array2'
  | 'array-empty'
  | 'reject-reason'
  | 'string'
  | 'object'
  | 'no-error-member';

type RefusalWriter = (id: string, code: number, words: string) => string;

const WRITERS: Readonly<Record<ErrorShape, RefusalWriter>> = {
  array: (id, code, words) => `{"id":${id},"result":null,"error":[${code},${words},null]}\n`,
  'result-false': (id, code, words) => `{"id":${id},"result":false,"error":[${code},${words},null]}\n`,
  array2: (id, code, words) => `{"error":[${code},${words}],"id":${id},"result":null}\n`,
  'array-empty': (id, code, words) => `{"id":${id},"result":null,"error":[${code},${words},""]}\n`,
  'reject-reason': (id, _code, words) =>
    `{"reject-reason":${words},"result":false,"error":null,"id":${id}}\n`,
  string: (id, _code, words) => `{"result":false,"error":${words},"id":${id}}\n`,
  object: (id, code, words) =>
    `{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":${words},"data":null}}\n`,
  'no-error-member': (id) => `{"id":${id},"result":false}\n`,
};

/** A refusal as one line, end included. `id` is JSON text. */
export function refusalLine(shape: ErrorShape, id: string, code: number, text: string): string {
  return WRITERS[shape](id, code, JSON.stringify(text));
}

/** A success as one line, end included, in the same pool's manner. `id` and `result` are JSON text. */
export function successLine(shape: ErrorShape, id: string, result: string): string {
  if (shape === 'object') return `{"jsonrpc":"2.0","id":${id},"result":${result},"error":null}\n`;
  if (shape === 'no-error-member') return `{"id":${id},"result":${result}}\n`;
  return `{"id":${id},"result":${result},"error":null}\n`;
}
