import type { ProxyEvent } from '../domain/event.ts';
import type { LoginRefusal } from '../domain/report.ts';
import { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock } from '../kit/clock.ts';

/** An account whose login was refused counts as refused for so long: while miners wait, it is tried again every minute at the latest. */
const REFUSED_MS = 300_000;
/** A refusal is known, and told only once, for so long, unless the login was taken in between. */
const REFUSAL_KEPT_MS = 86_400_000;
const REFUSED_LOGINS = 10_000;

/** An account as it logs in at one pool. */
export interface PoolLoginName {
  readonly account: string;
  /** User name at the pool. */
  readonly user: string;
}

interface Refused extends PoolLoginName {
  readonly refusal: LoginRefusal;
  /** Monotonic. */
  readonly sinceMs: number;
}

/** Which logins one pool has refused, and whether it takes them since. */
export class LoginRefusals {
  readonly #pool: string;
  readonly #emit: (event: ProxyEvent) => void;
  readonly #refused = new BoundedMap<string, Refused>({ capacity: REFUSED_LOGINS, ttlMs: REFUSAL_KEPT_MS });

  constructor(pool: string, emit: (event: ProxyEvent) => void) {
    this.#pool = pool;
    this.#emit = emit;
  }

  /** The pool does not take this login; told once until it does. `reason` holds no secret. */
  refused({ account, user }: PoolLoginName, reason: string, clock: Clock): void {
    const nowMs = clock.monotonicMs();
    const key = keyOf({ account, user });
    const isKnown = this.#refused.get(key, nowMs)?.refusal.isOver === false;
    const refusal = { atMs: clock.wallMs(), reason, isOver: false };
    this.#refused.set(key, { account, user, refusal, sinceMs: nowMs }, nowMs);
    if (!isKnown) this.#emit({ kind: 'login-refused-by-pool', pool: this.#pool, account, reason });
  }

  /** The pool takes it. */
  taken(login: PoolLoginName, nowMs: number): void {
    const key = keyOf(login);
    const known = this.#refused.get(key, nowMs);
    if (known === undefined || known.refusal.isOver) return;
    this.#refused.set(key, { ...known, refusal: { ...known.refusal, isOver: true } }, nowMs);
    this.#emit({ kind: 'login-accepted-by-pool', pool: this.#pool, account: login.account });
  }

  /** Accounts whose last login was refused within the last five minutes. */
  accounts(nowMs: number): number {
    const accounts = new Set<string>();
    for (const { account, refusal, sinceMs } of this.#refused.values())
      if (!refusal.isOver && nowMs - sinceMs < REFUSED_MS) accounts.add(account);
    return accounts.size;
  }

  /** The last refusal of each login that was refused within the last day. */
  *all(nowMs: number): Iterable<PoolLoginName & { readonly refusal: LoginRefusal }> {
    for (const one of this.#refused.values()) if (nowMs - one.sinceMs < REFUSAL_KEPT_MS) yield one;
  }
}

function keyOf({ account, user }: PoolLoginName): string {
  return `${account} ${user}`;
}
