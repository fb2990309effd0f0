/** Whose work: what rows of the history are told apart by. */
export interface WorkLabels {
  readonly account: string;
  readonly worker: string;
  readonly pool: string;
  readonly algorithm: string;
}

type Nested<Value> = Map<string, Map<string, Map<string, Map<string, Value>>>>;

/** A map by labels. Nested, so that finding what is there makes no text: there are tens of thousands of rows, again and again. */
export class LabelMap<Value> {
  readonly #accounts: Nested<Value> = new Map();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get({ account, worker, pool, algorithm }: WorkLabels): Value | undefined {
    return this.#accounts.get(account)?.get(pool)?.get(algorithm)?.get(worker);
  }

  set({ account, worker, pool, algorithm }: WorkLabels, value: Value): void {
    const pools = within(this.#accounts, account);
    const workers = within(within(pools, pool), algorithm);
    if (!workers.has(worker)) this.#size += 1;
    workers.set(worker, value);
  }

  clear(): void {
    this.#accounts.clear();
    this.#size = 0;
  }

  *values(): Generator<Value, void, undefined> {
    for (const pools of this.#accounts.values())
      for (const algorithms of pools.values())
        for (const workers of algorithms.values()) yield* workers.values();
  }
}

function within<Inner extends Map<string, unknown>>(outer: Map<string, Inner>, key: string): Inner {
  const known = outer.get(key);
  if (known !== undefined) return known;
  const made = new Map() as Inner;
  outer.set(key, made);
  return made;
}
