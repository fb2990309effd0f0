import { readMore } from '../nonce-prefix/fields.ts';

/**
 * The parts of the equihash family. Hex is lower case, in the order of the header's bytes.
 *
 * Of work, all of it as it stands in the header: `version` (8 digits), `prevhash`, `merkleroot`, `reserved` (64 digits each), `time`, `bits` (8 digits each); and `more`:
 * JSON text of the elements behind `clean`, a comma before each (`,"144_5","BgoldPoW"`, or VerusHash's template of the solution), missing where there are none.
 * The target is said apart from the jobs: 64 digits, big-endian. The algorithm is `144_5` where the job names its parameters.
 *
 * Of a submit: `time` (8 digits), `nonce` (what follows the prefix), `solution` (with its compactSize in front). Of a share the same, `nonce` being whole: 64 digits.
 */
export const NONCE_BYTES = 32;

/** VerusHash's template of a solution has 1347 bytes. */
const MAX_MORE = 8192;

/** An element that names the parameters: `144_5`. [nicehash/Specifications Zhash_NiceHash_v1.0.txt] */
const PARAMETERS = /^(\d{2,3})_(\d{1,2})$/;

/** What stands behind `clean` in a job: as JSON text, and the parameters that it names. Null where it cannot be repeated. */
export function readTail(
  rest: readonly unknown[],
): { readonly more: string; readonly algorithm: string | null } | null {
  const [first] = rest;
  const more = readMore(rest, MAX_MORE);
  if (more === null) return null;
  return { more, algorithm: typeof first === 'string' && PARAMETERS.test(first) ? first : null };
}

/** `n_k` of the parameters in use, and how many bytes such a solution has: `2^k · (n / (k + 1) + 1) / 8`. */
const SIZES: Readonly<Record<string, number>> = {
  '200_9': 1344,
  '144_5': 100,
  '192_7': 400,
  '125_4': 52,
  '150_5': 104,
  '96_5': 68,
  '210_9': 1408,
};

const AION_SIZE = 'fd8005';

/** Digits of the longest solution with its compactSize. */
export const MAX_SOLUTION_DIGITS = 2 * (1408 + 3);

/** What is wrong with the size of a solution (hex, compactSize in front) for a job of these parameters, null: unknown ones; null where nothing is. */
export function sizeProblem(solution: string, algorithm: string | null): string | null {
  const bytes = solution.length / 2;
  const wanted = algorithm === null ? undefined : SIZES[algorithm];
  for (const size of wanted === undefined ? Object.values(SIZES) : [wanted]) {
    const prefix = compactSize(size);
    if (bytes !== size + prefix.length / 2) continue;
    return solution.startsWith(prefix) ? null : `a solution of ${size} bytes must begin with ${prefix}`;
  }
  return wanted === undefined
    ? `a solution of ${bytes} bytes is none of any known parameters`
    : `the solution must have ${wanted} bytes behind its size`;
}

/** The size as hex, in the form that stands before byte strings in blocks. */
export function compactSize(bytes: number): string {
  if (bytes < 0xfd) return bytes.toString(16).padStart(2, '0');
  const text = bytes.toString(16).padStart(4, '0');
  return `fd${text.slice(2)}${text.slice(0, 2)}`;
}

/**
 * Work whose hash is not sha256d of header and solution, which is all that is computed here: VerusHash, whose jobs carry a template of the solution, and Aion's 210,9, which
 * is blake2b of another header (miningcore, Blockchain/Aion/AionJob.cs), known by the size of its solutions. `more` is of the job, `solution` of the share.
 */
export function isHashedOtherwise(more: string, solution: string): boolean {
  return more.length > 256 || solution.startsWith(AION_SIZE);
}
