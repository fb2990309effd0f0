/**
 * A map that never holds more than `capacity` entries and forgets what is older than `ttlMs`.
 * Invariant: entries stand in order of their last `set`, so the oldest is always the first and expiry never scans.
 */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly expiresAtMs: number }>();
  readonly #capacity: number;
  #ttlMs: number;
  readonly #onDrop: ((value: V, key: K) => void) | null;

  /** `onDrop` is told of every entry that leaves by age or by lack of room, not of one that is deleted or replaced. */
  constructor(
    limits: { capacity: number; ttlMs: number },
    onDrop: ((value: V, key: K) => void) | null = null,
  ) {
    this.#capacity = limits.capacity;
    this.#ttlMs = limits.ttlMs;
    this.#onDrop = onDrop;
  }

  /**
   * Counts for what is set from now on. Where it gets shorter, what was set before keeps its time and what stands behind it is forgotten when that is over.
   */
  set ttlMs(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K, nowMs: number): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresAtMs <= nowMs) {
      this.#drop(key, entry.value);
      return undefined;
    }
    return entry.value;
  }

  set(key: K, value: V, nowMs: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, expiresAtMs: nowMs + this.#ttlMs });
    while (this.#entries.size > this.#capacity) {
      const oldest = this.#entries.entries().next();
      if (oldest.done === true) return;
      this.#drop(oldest.value[0], oldest.value[1].value);
    }
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Forgets what has expired; cheap when nothing has. */
  expire(nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      if (entry.expiresAtMs > nowMs) return;
      this.#drop(key, entry.value);
    }
  }

  *values(): IterableIterator<V> {
    for (const entry of this.#entries.values()) yield entry.value;
  }

  *entries(): IterableIterator<readonly [K, V]> {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }

  #drop(key: K, value: V): void {
    this.#entries.delete(key);
    this.#onDrop?.(value, key);
  }
}
