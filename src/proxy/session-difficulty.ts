import type { DifficultyBounds } from '../domain/account.ts';
import { type MinerWishes, startDifficulty, withWishes } from '../domain/start-difficulty.ts';
import {
  DEFAULT_VARDIFF,
  isMeasuring,
  noteDifficulty,
  noteShare,
  openVardiff,
  resumeVardiff,
  retarget,
  type VardiffPolicy,
  type VardiffState,
} from '../domain/vardiff.ts';
import type { MeasuringLoad } from './measuring-load.ts';

/** What a session's difficulty starts from. */
export interface DifficultyFacts {
  readonly agent: string;
  /** Rate when last seen, H/s, or null. */
  readonly lastRateHs: number | null;
  readonly divider: number;
  readonly sharesPerMinute: number;
  readonly bounds: DifficultyBounds;
}

/**
 * The difficulty of one session of a group that judges shares here: which the next job should have, and which a share of an earlier
 * job was sent at. Never above the pool's, since shares between the two would be lost income.
 */
export class SessionDifficulty {
  readonly #facts: DifficultyFacts;
  #wishes: MinerWishes = { floor: null, fixed: null };
  #wished: number | null = null;
  #state: VardiffState | null = null;
  readonly #load: MeasuringLoad;
  /** Of the measurement under way, or of the next; in shares a minute. */
  #measuringPace: number = DEFAULT_VARDIFF.measureSharesPerMinute;
  #isAway = false;
  /** The session is among the load's. */
  #isCounted = false;

  constructor(facts: DifficultyFacts, load: MeasuringLoad) {
    this.#facts = facts;
    this.#load = load;
  }

  get divider(): number {
    return this.#facts.divider;
  }

  /** The miner asks for a difficulty to start from; what its shares say later counts more. */
  wish(difficulty: number): void {
    this.#wished = difficulty;
    this.#state = null;
    this.#count();
  }

  /** The miner asks for a floor, or for one difficulty always. */
  demand(wishes: MinerWishes): void {
    this.#wishes = wishes;
    this.#state = null;
    this.#count();
  }

  /** What the next job should be sent at. */
  next(poolDifficulty: number, nowMs: number): number {
    const policy = this.#policy(poolDifficulty);
    this.#isAway = false;
    if (this.#state === null) {
      const { lastRateHs, agent, divider } = this.#facts;
      const start = startDifficulty({ lastRateHs, agent, wished: this.#wished, policy, divider });
      this.#state = openVardiff(start, nowMs);
      this.#count();
      return Math.min(start.difficulty, poolDifficulty);
    }
    const next = retarget(this.#state, policy, nowMs) ?? this.#state.difficulty;
    this.#count();
    return Math.min(next, poolDifficulty);
  }

  /** The difficulty that should be sent although there is no new job; null where the present one stays. */
  advice(poolDifficulty: number, nowMs: number): number | null {
    if (this.#state === null) return null;
    const advice = retarget(this.#state, this.#policy(poolDifficulty), nowMs);
    this.#count();
    return advice;
  }

  /** The first job of this difficulty has gone out. */
  sent(difficulty: number, nowMs: number): void {
    if (this.#state !== null && this.#state.difficulty !== difficulty)
      noteDifficulty(this.#state, difficulty, nowMs);
    this.#count();
  }

  /** A valid share came, found on a job of this difficulty. */
  share(difficulty: number, nowMs: number): void {
    if (this.#state !== null) noteShare(this.#state, difficulty, nowMs);
    this.#count();
  }

  /** The miner works again after a time without a pool, which says nothing of its rate. */
  resume(nowMs: number): void {
    if (this.#state !== null) resumeVardiff(this.#state, nowMs);
  }

  /** The session has closed or left its pool: until its next job it is no load. */
  leave(): void {
    this.#isAway = true;
    this.#count();
  }

  #count(): void {
    const isCounted = !this.#isAway && this.#state !== null && isMeasuring(this.#state);
    if (isCounted === this.#isCounted) return;
    this.#isCounted = isCounted;
    if (isCounted) this.#load.enter();
    else this.#load.leave();
  }

  #policy(poolDifficulty: number): VardiffPolicy {
    const { bounds, sharesPerMinute } = this.#facts;
    if (this.#state === null || !isMeasuring(this.#state))
      this.#measuringPace = this.#load.pace(sharesPerMinute);
    const policy = {
      ...DEFAULT_VARDIFF,
      sharesPerMinute,
      measureSharesPerMinute: this.#measuringPace,
      minDifficulty: bounds.min,
      maxDifficulty: Math.min(poolDifficulty, bounds.max ?? poolDifficulty),
    };
    return withWishes(policy, this.#wishes);
  }
}

const OPTION = /(?:^|[,;\s])(m?d)=(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?=$|[,;\s])/gi;

/** `d=` (one difficulty always) and `md=` (a floor) in a miner's password, as pools take them (miningcore, ckpool forks). */
export function readWishes(password: string): MinerWishes {
  const wishes: { floor: number | null; fixed: number | null } = { floor: null, fixed: null };
  for (const [, key, value] of password.matchAll(OPTION)) {
    const difficulty = Number(value);
    if (!(difficulty > 0)) continue;
    if (key?.toLowerCase() === 'md') wishes.floor = difficulty;
    else wishes.fixed = difficulty;
  }
  return wishes;
}
