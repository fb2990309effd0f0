import { type Seed, seedOf } from './fuzz-corpus.ts';
import { Mutation } from './fuzz-mutation.ts';
import { FUZZ_TARGETS, type FuzzTarget } from './fuzz-targets.ts';
import { seededRandom } from './seeded-random.ts';

/** What may be kept of inputs with new shapes, per target. */
const MOST_KEPT = 1000;
const MOST_KEPT_BYTES = 4096;
/** No input may take longer to be fed. Measured again before it is called slow, since the machine may have had something else to do. */
const MOST_MS = 50;
/** What took longer is measured again, the best of several times. */
const SUSPICIOUS_MS = 5;
const SLOW_TRIES = 4;
const SHRINK_TRIES = 3000;

/** An input for which something does not hold, with all that it takes to see it again. */
export interface FuzzFailure {
  readonly target: string;
  readonly seed: number;
  /** Which input of the run, from 0. */
  readonly at: number;
  readonly problem: string;
  /** Base64 of the smallest input that was found to do the same. */
  readonly input: string;
  /** Of the chances that the target takes while it is fed. */
  readonly chance: number;
}

/** How a target fared. */
export interface FuzzFigures {
  readonly target: string;
  readonly inputs: number;
  readonly seconds: number;
  /** Shapes of results that were met. */
  readonly shapes: number;
  readonly slowestMs: number;
}

/** Counts inputs for who watches from outside, and shows the one that is being fed. */
export interface FuzzWatch {
  began(input: string, target: string): void;
}

/** The targets whose names contain `name`; all where it is undefined. */
export function targetsOf(name: string | undefined): readonly FuzzTarget[] {
  const found = FUZZ_TARGETS.filter((target) => name === undefined || target.name.includes(name));
  if (found.length === 0)
    throw new Error(`no target ${name}; there are ${FUZZ_TARGETS.map((one) => one.name).join(', ')}`);
  return found;
}

/** Feeds one target with inputs. The same seed is the same inputs. */
export class Fuzzer {
  readonly #target: FuzzTarget;
  readonly #seed: number;
  readonly #mostMs: number;
  readonly #mutation: Mutation;
  readonly #shapes = new Set<string>();
  /** Inputs with new shapes, from which others are made. */
  readonly #kept: Seed[] = [];
  #inputs = 0;
  #ms = 0;
  #slowestMs = 0;

  constructor(target: FuzzTarget, seed: number, mostMs = MOST_MS) {
    this.#target = target;
    this.#seed = seed;
    this.#mostMs = mostMs;
    this.#mutation = new Mutation(seededRandom(seed ^ hashOf(target.name)));
  }

  get figures(): FuzzFigures {
    const { name: target } = this.#target;
    return {
      target,
      inputs: this.#inputs,
      seconds: this.#ms / 1000,
      shapes: this.#shapes.size,
      slowestMs: this.#slowestMs,
    };
  }

  /** Feeds so many inputs; the first that fails ends it. */
  run(inputs: number, watch: FuzzWatch | null): FuzzFailure | null {
    const begun = performance.now();
    for (let left = inputs; left > 0; left -= 1) {
      const input = this.#nextInput();
      const chance = this.#mutation.below(2 ** 31);
      watch?.began(input, this.#target.name);
      const before = performance.now();
      const { shape, problem } = feed(this.#target, input, chance);
      const ms = performance.now() - before;
      const wrong = problem ?? this.#slowness(input, chance, ms);
      if (wrong !== null) return this.#failure(input, chance, wrong);
      this.#inputs += 1;
      this.#learn(input, shape);
    }
    this.#ms += performance.now() - begun;
    return null;
  }

  #nextInput(): string {
    const { own, others } = this.#target;
    const mutation = this.#mutation;
    const from = mutation.below(8);
    const seeds = from < 4 && this.#kept.length > 0 ? this.#kept : from < 7 ? own : others;
    return mutation.mutate(mutation.pick(seeds), mutation.pick(mutation.below(2) === 0 ? own : others));
  }

  #learn(input: string, shape: string): void {
    if (this.#shapes.has(shape) || this.#shapes.size >= MOST_KEPT * 4) return;
    this.#shapes.add(shape);
    if (input.length > MOST_KEPT_BYTES) return;
    const seed = seedOf(input);
    if (this.#kept.length < MOST_KEPT) this.#kept.push(seed);
    else this.#kept[this.#mutation.below(MOST_KEPT)] = seed;
  }

  /** What is wrong with the time that an input took; null where nothing is. */
  #slowness(input: string, chance: number, ms: number): string | null {
    const least = ms <= SUSPICIOUS_MS ? ms : leastMsOf(this.#target, input, chance);
    if (least > this.#slowestMs) this.#slowestMs = least;
    return least <= this.#mostMs ? null : slow(this.#mostMs);
  }

  #failure(input: string, chance: number, problem: string): FuzzFailure {
    const isSlow = problem === slow(this.#mostMs);
    const fails = (smaller: string): boolean =>
      isSlow
        ? leastMsOf(this.#target, smaller, chance) > this.#mostMs
        : feed(this.#target, smaller, chance).problem === problem;
    const least = shrink(input, fails, isSlow ? 100 : SHRINK_TRIES);
    return {
      target: this.#target.name,
      seed: this.#seed,
      at: this.#inputs,
      problem,
      input: Buffer.from(least, 'latin1').toString('base64'),
      chance,
    };
  }
}

const slow = (mostMs: number): string => `takes more than ${mostMs} ms`;

/** The best of several times. */
function leastMsOf(target: FuzzTarget, input: string, chance: number): number {
  let least = Infinity;
  for (let left = SLOW_TRIES; left > 0 && least > SUSPICIOUS_MS; left -= 1) {
    const begun = performance.now();
    feed(target, input, chance);
    least = Math.min(least, performance.now() - begun);
  }
  return least;
}

function feed(
  target: FuzzTarget,
  input: string,
  chance: number,
): { readonly shape: string; readonly problem: string | null } {
  try {
    return { shape: target.run(input, new Mutation(seededRandom(chance))), problem: null };
  } catch (error) {
    return { shape: '', problem: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
}

/** Feeds one input again, as a failure tells it. Returns what is wrong, or null. */
export function replay(target: FuzzTarget, input: string, chance: number): string | null {
  const text = Buffer.from(input, 'base64').toString('latin1');
  return (
    feed(target, text, chance).problem ?? (leastMsOf(target, text, chance) > MOST_MS ? slow(MOST_MS) : null)
  );
}

/** Takes ever smaller pieces out of an input for as long as it still fails. */
export function shrink(input: string, fails: (smaller: string) => boolean, tries: number): string {
  let least = input;
  let left = tries;
  for (let size = Math.ceil(least.length / 2); size > 0 && left > 0; ) {
    let hasShrunk = false;
    for (let at = 0; at < least.length && left > 0; left -= 1) {
      const smaller = least.slice(0, at) + least.slice(at + size);
      if (fails(smaller)) {
        least = smaller;
        hasShrunk = true;
      } else {
        at += size;
      }
    }
    if (!hasShrunk || size > 1) size = size === 1 ? 0 : Math.floor(size / 2);
  }
  return least;
}

/** A failure in words, with the command that shows it again. */
export function tell({ target, seed, at, problem, input, chance }: FuzzFailure): string {
  const text = JSON.stringify(Buffer.from(input, 'base64').toString('latin1'));
  return `${target}, seed ${seed}, input ${at}: ${problem}\n  ${text.slice(0, 2000)}\n  npm run fuzz -- --target ${target} --replay ${input} --chance ${chance}`;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  return hash >>> 0;
}
