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

type Mutable<Row> = { -readonly [Key in keyof Row]: Row[Key] };

/**
 * What each account is at each of its pools. Several groups may serve one login there (of rented hashrate, of a mode or password before), and what was refused may be known of a login that
 * no group has any more.
 */
export class AccountLogins {
  readonly #byGroup = new Map<Group, Counted>();

  /** A miner that is connected. */
  add({ binding, isMining, logins }: CountedSession): void {
    const group = binding?.group ?? logins.turnedAwayFrom;
    if (group === null) return;
    const counted = this.#byGroup.get(group) ?? { sessions: 0, waiting: 0 };
    this.#byGroup.set(group, counted);
    counted.sessions += 1;
    if (!isMining) counted.waiting += 1;
  }

  rows(groups: Iterable<Group>, figures: Pick<PoolFigures, 'all'>, nowMs: number): LoginRow[] {
    const rows = new Map<string, Mutable<LoginRow>>();
    /** The last connection failed for another reason than a refusal. */
    const failedOtherwise = new Set<LoginRow>();
    const rowOf = (login: Pick<LoginRow, 'account' | 'pool' | 'algorithm' | 'user'>): Mutable<LoginRow> => {
      const { account, pool, algorithm, user } = login;
      const key = `${account} ${pool} ${algorithm} ${user}`;
      let row = rows.get(key);
      if (row === undefined) {
        row = { account, pool, algorithm, user, ...NOTHING, upstreams: noUpstreams() };
        rows.set(key, row);
      }
      return row;
    };
    for (const group of new Set([...groups, ...this.#byGroup.keys()])) {
      const counted = this.#byGroup.get(group);
      const isDown = group.health.kind === 'down';
      if (counted === undefined && group.upstreams.length === 0 && !isDown) continue;
      const { account, algorithm, credentials } = group;
      const row = rowOf({ account, pool: credentials.pool.name, algorithm, user: credentials.user });
      row.sessions += counted?.sessions ?? 0;
      row.waiting += counted?.waiting ?? 0;
      row.isFailing ||= isDown;
      if (group.lastFailure?.isRefusal === false) failedOtherwise.add(row);
      const upstreams = { ...row.upstreams };
      for (const { state } of group.upstreams) if (state.kind !== 'closed') upstreams[state.kind] += 1;
      row.upstreams = upstreams;
    }
    for (const stats of figures.all()) {
      const { algorithm } = stats.supersededBy ?? stats;
      for (const { account, user, refusal } of stats.logins.all(nowMs)) {
        const row = rowOf({ account, pool: stats.pool, algorithm, user });
        row.lastRefusal = refusal;
        row.isRefusing = !refusal.isOver && !failedOtherwise.has(row);
      }
    }
    return [...rows.values()];
  }
}

const NOTHING = {
  sessions: 0,
  waiting: 0,
  isFailing: false,
  isRefusing: false,
  lastRefusal: null,
} as const satisfies Partial<LoginRow>;
