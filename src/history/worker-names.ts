const DAY_MS = 86_400_000;

/** The worker names of each account that have come up in a day (UTC), so many at most: whoever may mine may call a miner anything, and every name costs room on the disk. */
export class WorkerNames {
  readonly #most: number;
  readonly #byAccount = new Map<string, Set<string>>();
  #day = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** False for a name beyond them. Without a name there is nothing to make up. */
  take({ account, worker }: { readonly account: string; readonly worker: string }, atMs: number): boolean {
    if (worker === '') return true;
    const day = Math.floor(atMs / DAY_MS);
    if (day !== this.#day) this.#byAccount.clear();
    this.#day = day;
    let names = this.#byAccount.get(account);
    if (names === undefined) {
      names = new Set();
      this.#byAccount.set(account, names);
    }
    if (names.has(worker)) return true;
    if (names.size >= this.#most) return false;
    names.add(worker);
    return true;
  }
}
