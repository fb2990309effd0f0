import type { AlgorithmSum } from '../domain/report.ts';
import type { Binding } from './binding.ts';

interface OneAlgorithm {
  hashrateHs: number;
  /** By account; joined texts would be made anew for every miner every second. */
  readonly workers: Map<string, Set<string>>;
}

/** Sums over sessions in one pass, in which nothing is made per session. */
export class SessionSums {
  readonly #algorithms = new Map<string, OneAlgorithm>();
  readonly #perPool = new Map<string, Map<string, number>>();
  authorized = 0;

  add({ books, worker }: Pick<Binding, 'books' | 'worker'>, nowMs: number): void {
    const { account, pool, algorithm } = books.subject;
    this.authorized += 1;
    let sum = this.#algorithms.get(algorithm);
    if (sum === undefined) {
      sum = { hashrateHs: 0, workers: new Map() };
      this.#algorithms.set(algorithm, sum);
    }
    sum.hashrateHs += books.rate(5, nowMs).hs;
    const names = sum.workers.get(account);
    if (names === undefined) sum.workers.set(account, new Set([worker]));
    else names.add(worker);
    let onPool = this.#perPool.get(pool);
    if (onPool === undefined) {
      onPool = new Map();
      this.#perPool.set(pool, onPool);
    }
    onPool.set(algorithm, (onPool.get(algorithm) ?? 0) + 1);
  }

  /** Sessions that mine this on that pool. */
  onPool(pool: string, algorithm: string): number {
    return this.#perPool.get(pool)?.get(algorithm) ?? 0;
  }

  algorithms(): readonly AlgorithmSum[] {
    return Array.from(this.#algorithms, ([algorithm, { hashrateHs, workers }]) => {
      let count = 0;
      for (const names of workers.values()) count += names.size;
      return { algorithm, hashrateHs, workers: count };
    });
  }
}
