/** Counts observations per bucket; cheap enough for every share. Bounds are upper bounds, ascending. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;
  #count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = new Float64Array(bounds.length);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    for (let i = 0; i < this.bounds.length; i += 1) {
      if (value <= (this.bounds[i] ?? 0)) {
        this.#counts[i] = (this.#counts[i] ?? 0) + 1;
        return;
      }
    }
  }

  /** Cumulative counts per bound, as Prometheus writes them. */
  snapshot(): { bounds: readonly number[]; cumulative: number[]; sum: number; count: number } {
    let running = 0;
    const cumulative = Array.from(this.#counts, (n) => {
      running += n;
      return running;
    });
    return { bounds: this.bounds, cumulative, sum: this.#sum, count: this.#count };
  }
}
