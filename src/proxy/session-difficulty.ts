import type { AccountDifficulty } from '../domain/account.ts';
import { hashesOfDifficulty } from '../domain/difficulty.ts';
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
import { NO_WISHES } from './wishes.ts';

/** What a session's difficulty starts from. */
export interface DifficultyFacts {
  readonly agent: string;
  /** Rate when last seen, H/s, or null. */
  readonly lastRateHs: number | null;
  readonly divider: number;
  /** Where the account has none of its own. */
  readonly sharesPerMinute: number;
}

/**
 * The difficulty of one session of a group that judges shares here: which the next job should have, and which a share of an earlier
 * job was sent at. Never above the pool's, since shares between the two would be lost income.
 */
export class SessionDifficulty {
  readonly #facts: DifficultyFacts;
  #rules: AccountDifficulty;
  /** What its place says of a miner's rate, until its next start. */
  #placedRateHs: number | null = null;
  #wishes: MinerWishes = NO_WISHES;
  #wished: number | null = null;
  #state: VardiffState | null = null;
  readonly #load: MeasuringLoad;
  /** Of the measurement under way, or of the next; in shares a minute. */
  #measuringPace: number = DEFAULT_VARDIFF.measureSharesPerMinute;
  #isAway = false;
  /** The session is among the load's. */
  #isCounted = false;

  constructor({ load }: { readonly load: MeasuringLoad }, facts: DifficultyFacts, rules: AccountDifficulty) {
    this.#facts = facts;
    this.#rules = rules;
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

  /** The account's rules from now on. True where the newest job had better be sent again: the session's place is another at once. */
  follow(rules: AccountDifficulty): boolean {
    if (rules === this.#rules) return false;
    const before = this.#sharesPerMinute;
    this.#rules = rules;
    const state = this.#state;
    // One that is still being measured is put in its place by the new rate when it has been.
    if (before === this.#sharesPerMinute || state?.phase !== 'settled') return false;
    // Between one and two times the rate that was asked for, most likely in the middle.
    const perSecond = (before / 60) * Math.SQRT2;
    this.#placedRateHs = hashesOfDifficulty(state.difficulty, this.#facts.divider) * perSecond;
    this.#state = null;
    this.#count();
    return true;
  }

  /** What the next job should be sent at. */
  next(poolDifficulty: number, nowMs: number): number {
    const policy = this.#policy(poolDifficulty);
    this.#isAway = false;
    if (this.#state === null) {
      const { agent, divider } = this.#facts;
      const lastRateHs = this.#placedRateHs ?? this.#facts.lastRateHs;
      this.#placedRateHs = null;
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

  get #sharesPerMinute(): number {
    return this.#rules.sharesPerMinute ?? this.#facts.sharesPerMinute;
  }

  #policy(poolDifficulty: number): VardiffPolicy {
    const { min, max } = this.#rules;
    if (this.#state === null || !isMeasuring(this.#state))
      this.#measuringPace = this.#load.pace(this.#sharesPerMinute);
    const policy = {
      ...DEFAULT_VARDIFF,
      sharesPerMinute: this.#sharesPerMinute,
      measureSharesPerMinute: this.#measuringPace,
      minDifficulty: min,
      maxDifficulty: Math.min(poolDifficulty, max ?? poolDifficulty),
    };
    return withWishes(policy, this.#wishes);
  }
}

const OPTION = /(?:^|[,;\s])(m?d)=(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?=$|[,;\s])/gi;

/** `d=` (one difficulty always) and `md=` (a floor) in a miner's password, as pools take them (miningcore, ckpool forks). */
export function readWishes(password: string): MinerWishes {
  let { floor, fixed } = NO_WISHES;
  for (const [, key, value] of password.matchAll(OPTION)) {
    const difficulty = Number(value);
    if (!(difficulty > 0)) continue;
    if (key?.toLowerCase() === 'md') floor = difficulty;
    else fixed = difficulty;
  }
  return floor === null && fixed === null ? NO_WISHES : { floor, fixed };
}
