import type { DialTarget } from '../net/tcp-dialer.ts';
import type { PoolRefusal } from '../wire/messages.ts';
import type { IssuedJob } from './issued-job.ts';
import type { PoolFailure } from './pool-stats.ts';
import type { Upstream } from './upstream.ts';

/** A session as its upstream sees it. */
export interface UpstreamClient {
  /** Address and agent of the miner. */
  readonly origin: string;
  /** The miner negotiated version rolling, so the pool should be asked for it whatever the algorithm. */
  readonly wantsVersionRolling: boolean;
  /** The miner asks for a difficulty by itself, and that is passed on to a pool. */
  readonly wishesDifficulty: boolean;
  /** The pool took the login. */
  onLoggedIn(from: Upstream): void;
  onLoginRefused(from: Upstream, refusal: PoolRefusal): void;
  /** There is a job and an extranonce to take a lane from; also after either has changed for good. */
  onReady(from: Upstream): void;
  onJob(from: Upstream, job: IssuedJob, clean: boolean): void;
  onVersionMask(from: Upstream): void;
  /** The connection is gone; it is dialled again while there is a client. */
  onDown(from: Upstream): void;
}

/** What an upstream needs of the group it serves. */
export interface UpstreamOwner {
  /** The pool refused the login; the connection is closed. */
  onLoginRefused(upstream: Upstream, refusal: PoolRefusal): void;
  /** The pool takes the login (again). `wasLive`: on a connection that had been live before. */
  onLoginTaken(wasLive: boolean): void;
  /**
   * Asked before each dial. `wait`: nobody knows yet whether the pool takes this account's login, and another upstream is finding out. `refused`: it does not,
   * and it is too early, or another's turn, to find out whether that has changed. `wasLive`: this connection has been live before.
   */
  mayDial(nowMs: number, wasLive: boolean): 'yes' | 'wait' | 'refused';
  /** Where a pool's `client.reconnect` may lead: null where it may not. */
  redirect(host: string | null, port: number | null): DialTarget | null;
  onStateChanged(upstream: Upstream): void;
  /** A connection has failed. */
  onFailed(failure: PoolFailure): void;
}
