import type { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock } from '../kit/clock.ts';
import type { Dialect } from '../wire/dialect.ts';
import type { HintBook, LaneHint } from './hint-book.ts';
import { hintKey } from './hint-key.ts';

/** A miner by what it can be recognised by. */
export interface RecognisableMiner {
  readonly context: {
    readonly clock: Clock;
    readonly hints: HintBook;
    readonly dialectsSeen: BoundedMap<string, string>;
    readonly dialectsMistaken: BoundedMap<string, readonly string[]>;
    dialectNamed(name: string): Dialect | null;
  };
  readonly ip: string;
  readonly agent: string;
  /** Empty before it has been given one. */
  readonly id: string;
  /** Under which a pool connection is kept for it. */
  readonly origin: string;
  readonly dialect: Dialect;
}

/** Whom one miner was taken for when it came, and what is remembered of it for when it comes back. */
export class Recognition {
  readonly #miner: RecognisableMiner;
  /** Nothing it has said yet proves that it speaks what it is taken to. */
  #isGuess: boolean;
  /** What was known of the miner when it came; null where nothing was, or it was about another. */
  #adopted: LaneHint | null = null;

  constructor(miner: RecognisableMiner, isGuess: boolean) {
    this.#miner = miner;
    this.#isGuess = isGuess;
  }

  /** The miner has said what only one of its dialect says. */
  confirmDialect(): void {
    this.#isGuess = false;
  }

  /** Its next connection is taken to speak this. */
  rememberDialect(name: string): void {
    const { id, context } = this.#miner;
    const { dialectsSeen, dialectsMistaken, clock } = context;
    const nowMs = clock.monotonicMs();
    dialectsSeen.set(this.#place, name, nowMs);
    dialectsMistaken.delete(this.#place);
    if (id !== '') dialectsSeen.set(id, name, nowMs);
  }

  /** It is refused, and comes back speaking what the account's pool does: then it is to be told that pool's own prefix at once. */
  expectAs(dialect: string, account: string): void {
    const { context, id, origin } = this.#miner;
    this.rememberDialect(dialect);
    const nonces = context.dialectNamed(dialect)?.miner.nonces;
    if (nonces?.kind !== 'prefix' || nonces.told !== 'at-subscribe') return;
    const hint = { account, poolExtranonce2Bytes: null, origin };
    context.hints.add(this.#place, id, hint, context.clock.monotonicMs());
  }

  /** This is the miner that the hint is about, as far as can be known. */
  adopt(hint: LaneHint): void {
    const { hints, clock } = this.#miner.context;
    this.#adopted = hint;
    hints.take(this.#place, hint, clock.monotonicMs());
  }

  /** It has nothing to do with whom it was taken for. */
  disown(): void {
    this.#adopted = null;
  }

  /** It waited in vain for the pool of whom it was taken for, and must not again. */
  disownAll(): void {
    this.disown();
    this.#miner.context.hints.forgetLast(this.#place);
  }

  /** It is closed because it has to be told another extranonce or prefix: when it comes back that is known. */
  expectAt(account: string, poolExtranonce2Bytes: number): void {
    const { context, id, origin } = this.#miner;
    const { hints, clock } = context;
    const nowMs = clock.monotonicMs();
    // Whom it was taken for is still to come.
    const mistaken = this.#adopted !== null && this.#adopted.account !== account ? this.#adopted : null;
    if (mistaken !== null) hints.add(this.#place, '', mistaken, nowMs);
    hints.add(this.#place, id, { account, poolExtranonce2Bytes, origin }, nowMs, mistaken !== null);
    this.#adopted = null;
  }

  /** `isUnheeded`: it went away, or fell silent, after what it was answered. */
  leave(isUnheeded: boolean, nowMs: number): void {
    if (this.#isGuess && isUnheeded) this.#noteMistaken(nowMs);
    // Whoever mines on its pool's own prefix has to be known at once when it comes back.
    if (this.#adopted !== null)
      this.#miner.context.hints.add(this.#place, this.#miner.id, this.#adopted, nowMs);
  }

  /** It was answered in another dialect than its own, went away, and is not to be answered so again. */
  #noteMistaken(nowMs: number): void {
    const { context, dialect } = this.#miner;
    const before = context.dialectsMistaken.get(this.#place, nowMs) ?? [];
    // A second time: all have been tried, and another round begins.
    const others = before.includes(dialect.name) ? [] : before;
    context.dialectsMistaken.set(this.#place, [...others, dialect.name], nowMs);
  }

  /** Address and agent. */
  get #place(): string {
    return hintKey(this.#miner.ip, this.#miner.agent);
  }
}
