import type { Account } from '../domain/account.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock } from '../kit/clock.ts';
import type { AccountAnswer } from './messages.ts';

const CAPACITY = 100_000;
const TTL_MS = 24 * 3_600_000;

type Then = (answer: AccountAnswer) => void;

/**
 * A worker's memory of accounts with the supervisor's store behind it. A known account is answered within the call; many miners that ask
 * for the same one at once cost one question. Unknown names are not remembered: they may be registered the next second.
 */
export class AccountCache {
  readonly #accounts = new BoundedMap<string, Account>({ capacity: CAPACITY, ttlMs: TTL_MS });
  readonly #asked = new Map<number, { readonly name: string; readonly waiting: Then[] }>();
  readonly #callOf = new Map<string, number>();
  readonly #ask: (call: number, name: string) => void;
  readonly #clock: Clock;
  #lastCall = 0;
  /** Answers to questions up to this one may be older than a change. */
  #lastStaleCall = 0;

  constructor(parts: { clock: Clock; ask: (call: number, name: string) => void }) {
    this.#clock = parts.clock;
    this.#ask = parts.ask;
  }

  find(name: string, then: Then): void {
    const account = this.#accounts.get(name, this.#clock.monotonicMs());
    if (account !== undefined) {
      then({ kind: 'found', account });
      return;
    }
    const open = this.#asked.get(this.#callOf.get(name) ?? -1);
    if (open !== undefined) {
      open.waiting.push(then);
      return;
    }
    this.#lastCall += 1;
    this.#asked.set(this.#lastCall, { name, waiting: [then] });
    this.#callOf.set(name, this.#lastCall);
    this.#ask(this.#lastCall, name);
  }

  answered(call: number, answer: AccountAnswer): void {
    const question = this.#asked.get(call);
    if (question === undefined) return;
    this.#asked.delete(call);
    const isNewest = this.#callOf.get(question.name) === call;
    if (isNewest) this.#callOf.delete(question.name);
    if (answer.kind === 'found' && isNewest && call > this.#lastStaleCall) {
      this.#accounts.set(question.name, answer.account, this.#clock.monotonicMs());
    }
    for (const then of question.waiting) then(answer);
  }

  /** What is remembered of one account is void; a question under way may be answered from before the change, so the next one asks anew. */
  forgetOne(name: string): void {
    this.#accounts.delete(name);
    this.#callOf.delete(name);
  }

  /** Nothing that was remembered counts any more, nor what was asked before. */
  forget(): void {
    this.#accounts.clear();
    this.#callOf.clear();
    this.#lastStaleCall = this.#lastCall;
  }
}
