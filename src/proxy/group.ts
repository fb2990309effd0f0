import type { Account, PoolCredentials } from '../domain/account.ts';
import type { Clock } from '../kit/clock.ts';
import type { Histogram } from '../kit/histogram.ts';
import type { Log } from '../kit/log.ts';
import type { DialTarget } from '../net/tcp-dialer.ts';
import type { PoolDialect } from '../wire/dialect.ts';
import type { PoolRefusal } from '../wire/messages.ts';
import type { JobSequence } from './issued-job.ts';
import type { PoolStats } from './pool-stats.ts';
import type { ProxySettings } from './settings.ts';
import type { Tally } from './tally.ts';
import { type Dialer, Upstream, type UpstreamClient, type UpstreamOwner } from './upstream.ts';

export interface GroupParts {
  readonly dialer: Dialer;
  readonly dialect: PoolDialect;
  readonly clock: Clock;
  readonly log: Log;
  readonly jobs: JobSequence;
  readonly stats: PoolStats;
  /** The books of this account on this pool; they outlive the group. */
  readonly tally: Tally;
  /** True where `host:port` may be dialled: the pool list. */
  isListed(host: string, port: number): boolean;
  /** Seconds from a job's arrival to its last miner. */
  readonly fanOut: Histogram;
}

export interface GroupOptions {
  readonly account: Account;
  readonly credentials: PoolCredentials;
  readonly settings: ProxySettings;
  readonly keepsWork: boolean;
}

/**
 * After a refused login the next sessions get the same answer, and no upstream tries again, for this long; doubling up to the second figure
 * while the pool goes on refusing. A wrong password must not hammer the pool with as many logins as there are miners.
 */
const REFUSAL_KEPT_MS = 5000;
const REFUSAL_KEPT_MAX_MS = 60_000;

/**
 * The upstreams that serve one (account, pool). Dedicated: each carries one session; one whose session left lingers a
 * little and is given back to that miner, by its session id or its address and agent.
 */
export class Group implements UpstreamOwner {
  readonly #parts: GroupParts;
  readonly #options: GroupOptions;
  readonly upstreams: Upstream[] = [];
  #refusal: { readonly refusal: PoolRefusal; readonly untilMs: number; readonly keptMs: number } | null =
    null;

  constructor(parts: GroupParts, options: GroupOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get account(): Account {
    return this.#options.account;
  }

  get credentials(): PoolCredentials {
    return this.#options.credentials;
  }

  get tally(): Tally {
    return this.#parts.tally;
  }

  get stats(): PoolStats {
    return this.#parts.stats;
  }

  /** The pool's words where it has just refused this account's login, else null. */
  recentRefusal(nowMs: number): PoolRefusal | null {
    if (this.#refusal === null || nowMs >= this.#refusal.untilMs) return null;
    return this.#refusal.refusal;
  }

  /** An upstream for a session, dialled if need be. `preferred` is taken where it is free: a returning session. */
  join(client: UpstreamClient, preferred: Upstream | null): Upstream {
    const upstream =
      preferred !== null && this.#isFree(preferred)
        ? preferred
        : (this.upstreams.find((one) => this.#isFree(one) && isFromThere(one, client)) ?? this.#open());
    upstream.join(client);
    return upstream;
  }

  /** An upstream whose extranonce nobody has used since its last new block, for a session that takes it one to one. */
  joinWhole(client: UpstreamClient): Upstream {
    const upstream =
      this.upstreams.find(
        (one) => this.#isFree(one) && isFromThere(one, client) && one.lanes?.isWhole !== false,
      ) ?? this.#open();
    upstream.join(client);
    return upstream;
  }

  /** A new upstream for a session that found no lane on its own. */
  joinAnother(client: UpstreamClient): Upstream {
    const upstream = this.#open();
    upstream.join(client);
    return upstream;
  }

  /** Nothing is left that the group would have to remember. */
  isForgettable(nowMs: number): boolean {
    return this.upstreams.length === 0 && this.recentRefusal(nowMs) === null;
  }

  sweep(nowMs: number): void {
    for (let i = this.upstreams.length - 1; i >= 0; i -= 1) {
      const upstream = this.upstreams[i];
      if (upstream === undefined) continue;
      upstream.sweep(nowMs);
      if (upstream.state.kind === 'closed') this.upstreams.splice(i, 1);
    }
  }

  onLoginRefused(_upstream: Upstream, refusal: PoolRefusal): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const before = this.#refusal;
    // Others were under way when this one was refused; their verdicts are the same news.
    if (before !== null && nowMs < before.untilMs) return;
    const keptMs = before === null ? REFUSAL_KEPT_MS : Math.min(before.keptMs * 2, REFUSAL_KEPT_MAX_MS);
    this.#refusal = { refusal, untilMs: nowMs + keptMs, keptMs };
    const { pool, user } = this.credentials;
    this.#parts.log.warn('pool refused the login', {
      pool: pool.name,
      account: this.account.name,
      user,
      reason: refusal.message,
      nextTryInMs: keptMs,
    });
  }

  onLoginTaken(): void {
    this.#refusal = null;
  }

  /** One upstream finds out for all whether the login is still refused. */
  mayDial(nowMs: number): boolean {
    const refused = this.#refusal;
    if (refused === null) return true;
    if (nowMs < refused.untilMs) return false;
    return !this.upstreams.some(({ state }) => state.kind === 'dialing' || state.kind === 'handshaking');
  }

  /** The same host is always allowed; another only from the pool list, since a hijacked pool would send the hashrate away. */
  redirect(host: string | null, port: number | null): DialTarget | null {
    const { pool } = this.#options.credentials;
    const to = { host: host ?? pool.host, port: port ?? pool.port, tls: pool.tls };
    return to.host === pool.host || this.#parts.isListed(to.host, to.port) ? to : null;
  }

  #isFree(upstream: Upstream): boolean {
    const { kind } = upstream.state;
    return (
      upstream.clients.length === 0 &&
      kind !== 'closed' &&
      kind !== 'cooling' &&
      this.upstreams.includes(upstream)
    );
  }

  #open(): Upstream {
    const { dialer, dialect, clock, log, jobs, stats, fanOut } = this.#parts;
    const { credentials, settings, keepsWork } = this.#options;
    const upstream = new Upstream(
      { owner: this, dialer, dialect, clock, log, jobs, stats, fanOut },
      { credentials, settings, keepsWork },
    );
    this.upstreams.push(upstream);
    return upstream;
  }
}

/** A connection that another miner has left carries the difficulty that the pool chose for that one. */
function isFromThere(upstream: Upstream, client: UpstreamClient): boolean {
  return upstream.lastOrigin === null || upstream.lastOrigin === client.origin;
}
