import { type AccountDifficulty, difficultyAtPort } from '../domain/account.ts';
import type { ListenerPolicy } from '../domain/listener.ts';
import { isRentalAgent } from '../domain/rental.ts';
import type { BoundedMap } from '../kit/bounded-map.ts';
import type { Binding } from './binding.ts';
import type { IssuedJob } from './issued-job.ts';
import type { MeasuringLoad } from './measuring-load.ts';
import { SessionDifficulty } from './session-difficulty.ts';
import type { ProxySettings } from './settings.ts';
import { type Wish, type Wishes, wishedDifficulty } from './wishes.ts';

/** A miner as its difficulty depends on it. */
export interface RatedMiner {
  readonly context: {
    readonly settings: ProxySettings;
    /** Rates of miners that left, H/s. */
    readonly lastRates: BoundedMap<string, number>;
    readonly measuring: MeasuringLoad;
  };
  readonly agent: string;
  readonly origin: string;
  readonly policy: ListenerPolicy;
  readonly wishes: Wishes;
}

/** A rate measured for less than this is no better a start than the device's kind. */
const RATE_KNOWN_AFTER_MS = 180_000;

/** How hard one miner's shares are to be, wherever it mines: the pool's difficulty, or where shares are judged here one of its own, by the rules of account and port. */
export class MinerDifficulty {
  readonly #miner: RatedMiner;
  /** Made when it is first needed, and anew where the pool counts with another divider; null before. */
  #own: SessionDifficulty | null = null;
  #rules: { readonly of: AccountDifficulty; readonly rules: AccountDifficulty } | null = null;

  constructor(miner: RatedMiner) {
    this.#miner = miner;
  }

  /** What a market for hashrate needs at least: it says nothing, and leaves where the difficulty is too low. Null for other miners. */
  get rentalFloor(): number | null {
    const { agent, context } = this.#miner;
    const { minDifficulty } = context.settings.rental;
    return isRentalAgent(agent) && minDifficulty > 0 ? minDifficulty : null;
  }

  /** What this job is sent at. Never above the pool's: shares between the two would be lost income. */
  of(job: IssuedJob, binding: Binding, nowMs: number): number {
    return binding.group.judges ? this.#ownAt(binding, nowMs).next(job.difficulty, nowMs) : job.difficulty;
  }

  /** The first job of this difficulty has gone out. */
  sent(difficulty: number, nowMs: number): void {
    this.#own?.sent(difficulty, nowMs);
  }

  /** A valid share came. False where nothing was to be learnt of it. */
  share(difficulty: number, nowMs: number): boolean {
    this.#own?.share(difficulty, nowMs);
    return this.#own !== null;
  }

  /** Whether the newest job had better be sent again, because shares come too fast or too slowly (`retarget`), or by other rules (`follow`). */
  advice(job: IssuedJob, binding: Binding, nowMs: number): 'keep' | 'follow' | 'retarget' {
    const own = this.#ownAt(binding, nowMs);
    if (own.follow(this.#rulesAt(binding))) return 'follow';
    return own.advice(job.difficulty, nowMs) === null ? 'keep' : 'retarget';
  }

  wish(wish: Wish, { books }: Binding): void {
    this.#own?.wish(wishedDifficulty(wish, books.subject.divider));
  }

  /** The miner works again after a time that says nothing of its rate. */
  resume(nowMs: number): void {
    this.#own?.resume(nowMs);
  }

  /** The session has closed or left its pool. */
  leave(): void {
    this.#own?.leave();
  }

  /** The miner is gone: its rate is the best guess when it comes back. */
  remember(binding: Binding, nowMs: number): void {
    const { books } = binding;
    if (nowMs - books.openedAtMs < RATE_KNOWN_AFTER_MS) return;
    const { hs } = books.rate(15, nowMs);
    if (hs > 0) this.#miner.context.lastRates.set(this.#rateKey(binding), hs, nowMs);
  }

  #ownAt(binding: Binding, nowMs: number): SessionDifficulty {
    const { divider } = binding.books.subject;
    if (this.#own?.divider === divider) return this.#own;
    const { agent, context, wishes } = this.#miner;
    this.#own?.leave();
    const facts = {
      agent,
      lastRateHs: context.lastRates.get(this.#rateKey(binding), nowMs) ?? null,
      divider,
      sharesPerMinute: context.settings.vardiff.sharesPerMinute,
    };
    const own = new SessionDifficulty({ load: context.measuring }, facts, this.#rulesAt(binding));
    own.demand({ ...wishes.password, floor: wishes.least(this.rentalFloor) });
    if (wishes.last !== null) own.wish(wishedDifficulty(wishes.last, divider));
    this.#own = own;
    return own;
  }

  /** The same object while the account's are. */
  #rulesAt({ route }: Binding): AccountDifficulty {
    const { difficulty } = route.account;
    if (this.#rules?.of !== difficulty)
      this.#rules = { of: difficulty, rules: difficultyAtPort(difficulty, this.#miner.policy.difficulty) };
    return this.#rules.rules;
  }

  /** The same device in the same place. */
  #rateKey({ books, worker }: Binding): string {
    return `${books.subject.account}.${worker} ${this.#miner.origin}`;
  }
}
