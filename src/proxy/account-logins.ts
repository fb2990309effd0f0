import type { LoginRow } from '../domain/report.ts';
import type { Group } from './group.ts';
import type { MinerSession } from './miner-session.ts';
import { noUpstreams, type PoolFigures } from './pool-figures.ts';

/** A session as it is counted: where it mines, or would if it were let. */
type CountedSession = Pick<MinerSession, 'binding' | 'isMining' | 'logins'>;

interface Counted {
  sessions: number;
  waiting: number;
}

/** A row while groups are added to it. */
type GrowingRow = { -readonly [Key in keyof LoginRow]: LoginRow[Key] } & {
  readonly upstreams: Record<keyof LoginRow['upstreams'], number>;
};

/**
 * What each account is at each of its pools. Several groups may serve one login there (of rented hashrate, of a mode or password before), and what was refused may be known of a login that
 * no group has any more.
 */
export class AccountLogins {
  readonly #byGroup = new Map<Group, Counted>();
  /** By account: a text joined of all four names would be made anew for each. */
  readonly #rows = new Map<string, GrowingRow[]>();
  /** The last connection failed for another reason than a refusal. */
  readonly #failedOtherwise = new Set<LoginRow>();

  /** A miner that is connected. */
  add({ binding, isMining, logins }: CountedSession): void {
    const group = binding?.group ?? logins.turnedAwayFrom;
    if (group === null) return;
    let counted = this.#byGroup.get(group);
    if (counted === undefined) {
      counted = { sessions: 0, waiting: 0 };
      this.#byGroup.set(group, counted);
    }
    counted.sessions += 1;
    if (!isMining) counted.waiting += 1;
  }

  /** What it comes to, after all miners have been added; to be asked for once. */
  rows(groups: Iterable<Group>, figures: Pick<PoolFigures, 'all'>, nowMs: number): LoginRow[] {
    for (const group of groups) {
      const counted = this.#byGroup.get(group);
      this.#byGroup.delete(group);
      const isAtRest = group.upstreams.length === 0 && group.health.kind !== 'down';
      if (counted !== undefined || !isAtRest) this.#addGroup(group, counted ?? NOBODY);
    }
    // Where miners wait that were refused, the group itself may be forgotten.
    for (const [group, counted] of this.#byGroup) this.#addGroup(group, counted);
    for (const stats of figures.all()) {
      const { algorithm } = stats.supersededBy ?? stats;
      for (const { account, user, refusal } of stats.logins.all(nowMs)) {
        const row = this.#rowOf(account, stats.pool, algorithm, user);
        row.lastRefusal = refusal;
        row.isRefusing = !refusal.isOver && !this.#failedOtherwise.has(row);
      }
    }
    return [...this.#rows.values()].flat();
  }

  #addGroup(group: Group, { sessions, waiting }: Readonly<Counted>): void {
    const { account, algorithm, credentials, health, lastFailure, upstreams } = group;
    const row = this.#rowOf(account, credentials.pool.name, algorithm, credentials.user);
    row.sessions += sessions;
    row.waiting += waiting;
    row.isFailing ||= health.kind === 'down';
    if (lastFailure?.isRefusal === false) this.#failedOtherwise.add(row);
    for (const { state } of upstreams) if (state.kind !== 'closed') row.upstreams[state.kind] += 1;
  }

  #rowOf(account: string, pool: string, algorithm: string, user: string): GrowingRow {
    const known = this.#rows.get(account);
    const same = known?.find((row) => row.pool === pool && row.algorithm === algorithm && row.user === user);
    if (same !== undefined) return same;
    const row: GrowingRow = { account, pool, algorithm, user, ...NOTHING, upstreams: noUpstreams() };
    if (known === undefined) this.#rows.set(account, [row]);
    else known.push(row);
    return row;
  }
}

const NOBODY: Readonly<Counted> = { sessions: 0, waiting: 0 };
const NOTHING = {
  sessions: 0,
  waiting: 0,
  isFailing: false,
  isRefusing: false,
  lastRefusal: null,
} as const satisfies Partial<LoginRow>;
