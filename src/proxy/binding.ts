import type { Clock } from '../kit/clock.ts';
import type { Dialect, ShareCompletion } from '../wire/dialect.ts';
import type { FreshWork } from './fresh-work.ts';
import type { Group } from './group.ts';
import type { IssuedJob } from './issued-job.ts';
import type { Route } from './route.ts';
import { SessionBooks } from './session-books.ts';

/** A miner as books name it. */
export interface BookedMiner {
  readonly context: {
    readonly clock: Clock;
    readonly freshWork: FreshWork;
    /** Books that are closed, kept for a minute. */
    retire(books: SessionBooks): void;
  };
  readonly id: string;
  readonly address: string;
  readonly agent: string;
  readonly dialect: Dialect;
  readonly connectedAtMs: number;
}

/** What shares of a miner of this dialect lack at the pool; null where they lack nothing. */
export function completionAt(dialect: Dialect, group: Group): ShareCompletion | null {
  if (dialect.pairing(group.dialect.name) !== 'completed') return null;
  return group.dialect.completion ?? null;
}

/** What a session mines for: an account's route, the group of it, and the books its shares are entered in. Never changed, but replaced: shares hold on to the one of their time. */
export class Binding {
  readonly route: Route;
  readonly group: Group;
  /** What the miner's shares lack at the pool; null where they lack nothing. */
  readonly completion: ShareCompletion | null;
  /** Under the algorithm of the newest job. */
  readonly books: SessionBooks;
  /** Under algorithms of jobs before; null where there were none. */
  readonly formerBooks: ReadonlyMap<string, SessionBooks> | null;
  readonly worker: string;
  /** What the miner is called at the pool. */
  readonly nameAtPool: string;

  private constructor(
    parts: Pick<
      Binding,
      'route' | 'group' | 'completion' | 'books' | 'formerBooks' | 'worker' | 'nameAtPool'
    >,
  ) {
    this.route = parts.route;
    this.group = parts.group;
    this.completion = parts.completion;
    this.books = parts.books;
    this.formerBooks = parts.formerBooks;
    this.worker = parts.worker;
    this.nameAtPool = parts.nameAtPool;
  }

  /** Opens books for the miner at this pool. */
  static to(
    miner: BookedMiner,
    place: { readonly route: Route; readonly group: Group; readonly worker: string },
  ): Binding {
    const { route, group, worker } = place;
    return new Binding({
      route,
      group,
      completion: completionAt(miner.dialect, group),
      books: openBooks(miner, place, group.algorithm),
      formerBooks: null,
      worker,
      nameAtPool: group.nameOf(worker),
    });
  }

  /** The books in which shares of this job belong: those of its algorithm. */
  booksOf(job: IssuedJob): SessionBooks {
    const { books, formerBooks } = this;
    if (job.algorithm === books.subject.algorithm) return books;
    return formerBooks?.get(job.algorithm) ?? books;
  }

  /** Under a job of another algorithm, which opens other books: work is counted, and a rate is measured, under the algorithm that was hashed. */
  under(algorithm: string, miner: BookedMiner): Binding {
    const { route, group, completion, books, worker, nameAtPool } = this;
    let { formerBooks } = this;
    if (books.isUsed) {
      this.close(miner);
      formerBooks = new Map(formerBooks).set(books.subject.algorithm, books);
    }
    const other = openBooks(miner, this, algorithm);
    return new Binding({ route, group, completion, books: other, formerBooks, worker, nameAtPool });
  }

  /** The session has left the pool, or mines another algorithm there. */
  close({ context }: Pick<BookedMiner, 'context'>): void {
    this.books.endedAtMs = context.clock.monotonicMs();
    context.retire(this.books);
  }
}

function openBooks(
  { context, id, address, agent, dialect, connectedAtMs }: BookedMiner,
  { route, group, worker }: { readonly route: Route; readonly group: Group; readonly worker: string },
  algorithm: string,
): SessionBooks {
  const { pool } = group.credentials;
  return new SessionBooks(
    {
      subject: {
        sessionId: id,
        address,
        account: route.account.name,
        worker,
        agent,
        dialect: dialect.name,
        pool: pool.name,
        algorithm,
        divider: pool.algorithm.divider,
        connectedAtMs,
      },
      total: group.tallyOf(algorithm),
      freshWork: context.freshWork,
    },
    context.clock.monotonicMs(),
  );
}
