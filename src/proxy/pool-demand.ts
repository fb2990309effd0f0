import { difficultyOfHashes, type ShareTarget, type Work } from '../domain/job.ts';

/** What a pool demands of shares. */
export interface Demand {
  readonly difficulty: number;
  /** In the pool's words, where it said it by a target. */
  readonly target: ShareTarget | null;
}

const DIFFICULTY_ONE: Demand = { difficulty: 1, target: null };

/** What the pool of one upstream demands of the shares of its next jobs: a difficulty, a target, or what each job says itself. */
export class PoolDemand {
  /** Of the pool's entry: on its scale are difficulties. */
  readonly #divider: number;
  /** As this connection has said it; null: not yet. */
  #said: Demand | null = null;
  /** Holds until then. */
  #assumed: Demand = DIFFICULTY_ONE;
  #scale = 1;

  constructor(divider: number) {
    this.#divider = divider;
  }

  /** A new connection, which says everything anew. */
  begin(): void {
    this.#said = null;
    this.#assumed = DIFFICULTY_ONE;
    this.#scale = 1;
  }

  /** What the targets of jobs are multiplied with. */
  get scale(): number {
    return this.#scale;
  }

  scaleBy(factor: number): void {
    this.#scale = factor;
  }

  get isSaid(): boolean {
    return this.#said !== null;
  }

  get inForce(): Demand {
    return this.#said ?? this.#assumed;
  }

  /** True where it is the first that this connection says. */
  say(difficulty: number): boolean {
    return this.#take({ difficulty, target: null });
  }

  /** True where it is the first that this connection says. */
  sayTarget(target: ShareTarget): boolean {
    return this.#take(this.#demandOf(target, 1));
  }

  #take(demand: Demand): boolean {
    const isFirst = this.#said === null;
    this.#said = demand;
    return isFirst;
  }

  /** A pool that takes a session up again and names no difficulty means the one of before. */
  resume({ difficulty, target }: Demand): void {
    if (this.#said === null) this.#assumed = { difficulty, target };
  }

  /** What the job's shares must meet: as the job itself says, else as the pool said before; null where it has not said. */
  of(work: Work): Demand | null {
    if (work.family !== 'bitcoin' && work.target !== null) return this.#demandOf(work.target, this.#scale);
    return this.#said;
  }

  /** What a target, times a factor, means. */
  #demandOf(target: ShareTarget, scale: number): Demand {
    return { difficulty: difficultyOfHashes(target.hashes / scale, this.#divider), target };
  }
}
