import type { Pool } from '../domain/account.ts';
import type { Work } from '../domain/job.ts';
import type { Log } from '../kit/log.ts';
import type { PoolDialect } from '../wire/dialect.ts';

export interface JobLabelsParts {
  /** The catalogue's name of the algorithm that is known by this name or alias; null where none is. */
  algorithmNamed(nameOrAlias: string): string | null;
  readonly log: Log;
}

/** A pool that made up names would else fill the log and the memory. */
const MOST_TOLD = 256;

/**
 * Which algorithm a job's shares are counted under: what the job itself names goes before what the pool list says of its pool.
 * It is a name and nothing more. The scale of difficulties stays the one of the pool's entry: the dialects whose jobs name algorithms say by a target
 * how many hashes a share takes, so a share's work is the same on any scale, and a session's difficulty means the same before and after.
 */
export class JobLabels {
  readonly #parts: JobLabelsParts;
  /** What was logged already. */
  readonly #told = new Set<string>();

  constructor(parts: JobLabelsParts) {
    this.#parts = parts;
  }

  /** The name, of the catalogue. A pool whose jobs name another than its entry, or one that nobody knows, is logged once for each. */
  labelOf(work: Work, dialect: PoolDialect, pool: Pool): string {
    const listed = pool.algorithm.name;
    const named = dialect.namedAlgorithm?.(work) ?? null;
    if (named === null || named === listed) return listed;
    const known = this.#parts.algorithmNamed(named);
    if (known === listed) return listed;
    const key = `${pool.name} ${listed} ${named}`;
    if (!this.#told.has(key) && this.#told.size < MOST_TOLD) {
      this.#told.add(key);
      this.#tell(pool, listed, named, known);
    }
    return known ?? listed;
  }

  #tell(pool: Pool, listed: string, named: string, known: string | null): void {
    const { log } = this.#parts;
    if (known === null)
      log.warn('jobs name an algorithm that the catalogue does not know; counted as the pool list says', {
        pool: pool.name,
        named,
        algorithm: listed,
      });
    else
      log.warn('jobs name another algorithm than the pool list; counted as the jobs say', {
        pool: pool.name,
        listed,
        algorithm: known,
      });
  }
}
