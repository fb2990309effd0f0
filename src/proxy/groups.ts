import type { Account, AccountMode, PoolCredentials } from '../domain/account.ts';
import type { ProxyEvent } from '../domain/event.ts';
import type { Clock } from '../kit/clock.ts';
import type { Histogram } from '../kit/histogram.ts';
import type { Log } from '../kit/log.ts';
import type { Dialect } from '../wire/dialect.ts';
import { Group } from './group.ts';
import type { JobSequence } from './issued-job.ts';
import type { JobLabels } from './job-labels.ts';
import type { PoolFigures } from './pool-figures.ts';
import type { Dialer } from './pool-link.ts';
import type { ProxySettings } from './settings.ts';
import type { ShareVerifier } from './share-verifier.ts';
import type { Totals } from './totals.ts';

export interface GroupsParts {
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly log: Log;
  readonly jobs: JobSequence;
  readonly labels: JobLabels;
  readonly figures: PoolFigures;
  readonly totals: Totals;
  readonly verifier: Pick<ShareVerifier, 'canVerify'>;
  /** Seconds from a job's arrival to its last miner. */
  readonly fanOut: Histogram;
  /** Throws where there is none. */
  dialectNamed(name: string): Dialect;
  /** True where `host:port` is in the pool list. */
  isListed(host: string, port: number): boolean;
  emit(event: ProxyEvent): void;
  /** A pool has come up or gone down for one of the account's groups. */
  onHealthChanged(account: string): void;
}

type Mode = Exclude<AccountMode, 'auto'>;

/** The groups of all accounts: which entry is mined by which, and in which mode. */
export class Groups {
  readonly #parts: GroupsParts;
  readonly #settings: ProxySettings;
  readonly #groups = new Map<string, Group>();

  constructor(parts: GroupsParts, settings: ProxySettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  all(): Iterable<Group> {
    return this.#groups.values();
  }

  /** Groups that sessions mine in, or that have something to finish. */
  get count(): number {
    let count = 0;
    for (const group of this.#groups.values()) if (!group.isAtRest) count += 1;
    return count;
  }

  /** Connections to pools, those that are to be opened among them. */
  get upstreams(): number {
    let upstreams = 0;
    for (const group of this.#groups.values()) upstreams += group.upstreams.length;
    return upstreams;
  }

  /**
   * The group of one of an account's entries. The same login in the same mode is the same group, so a change that leaves an entry as it is costs its miners nothing; corrected facts
   * about a pool make another.
   */
  of(account: Account, credentials: PoolCredentials, isRented: boolean): Group {
    const { pool, user, password } = credentials;
    const dialect = this.#parts.dialectNamed(pool.dialect);
    const mode = this.#modeOf(account.mode, pool.algorithm.name, dialect, isRented);
    const key = JSON.stringify([account.name, pool, user, password, mode, account.workerTemplate]);
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const { name: algorithm, divider } = pool.algorithm;
    const { dialer, clock, log, jobs, labels, figures, totals, fanOut } = this.#parts;
    const group = new Group(
      {
        dialer,
        dialect,
        clock,
        log,
        jobs,
        stats: figures.of(pool.name, algorithm, divider),
        labels,
        statsOf: (named) => figures.ofJobs(pool.name, named, divider),
        tallyOf: (named) => totals.of({ account: account.name, pool: pool.name, algorithm: named }),
        isListed: (host, port) => this.#parts.isListed(host, port),
        fanOut,
        emit: (event) => this.#parts.emit(event),
        onHealthChanged: () => this.#parts.onHealthChanged(account.name),
      },
      {
        account: account.name,
        workerTemplate: account.workerTemplate,
        credentials,
        settings: this.#settings,
        mode,
        verifies: this.#verifies(mode, algorithm, dialect),
      },
    );
    this.#groups.set(key, group);
    return group;
  }

  /** `auto` is shared where a share can be judged here, else dedicated, and so for rented hashrate. */
  #modeOf(mode: AccountMode, algorithm: string, dialect: Dialect, isRented: boolean): Mode {
    if (mode !== 'auto') return mode;
    if (isRented && this.#settings.rental.mode === 'dedicated') return 'dedicated';
    if (this.#settings.verify === 'never') return 'dedicated';
    // Where the pool's prefix would have to grow by a byte for each miner, sharing is the account's to ask for.
    const isClaimed = dialect.claim !== null && dialect.miner.nonces.kind === 'job';
    return isClaimed || this.#canHash(algorithm, dialect) ? 'shared' : 'dedicated';
  }

  #canHash(algorithm: string, dialect: Dialect): boolean {
    return dialect.family === 'bitcoin' && this.#parts.verifier.canVerify(algorithm);
  }

  #verifies(mode: Mode, algorithm: string, dialect: Dialect): boolean {
    const { verify } = this.#settings;
    const isClaimed = dialect.claim !== null && dialect.claimsOf?.(algorithm) !== false;
    if (verify === 'never' || (!isClaimed && !this.#canHash(algorithm, dialect))) return false;
    return verify === 'always' || mode === 'shared';
  }

  /** `routed`: groups that a route leads to; the others go when nothing of them has to be known any more. */
  sweep(nowMs: number, routed: ReadonlySet<Group>): void {
    for (const [key, group] of this.#groups) {
      group.sweep(nowMs);
      if (!routed.has(group) && group.isForgettable(nowMs)) this.#groups.delete(key);
    }
  }

  /** Ends all connections to pools. */
  stop(): void {
    for (const group of this.#groups.values())
      for (const upstream of group.upstreams) upstream.close('shutdown');
  }

  clear(): void {
    this.#groups.clear();
  }
}
