import { backoffMs } from '../kit/backoff.ts';
import type { DialTarget } from '../net/tcp-dialer.ts';

/** A connection that has been live for so long has proven its pool. */
const STEADY_MS = 60_000;
/** A pool that wants its miners to wait longer is not worth waiting for. */
const MAX_RECONNECT_WAIT_SECONDS = 60;

/** Where one upstream dials next, and how long it waits before: longer with every failure in a row. */
export class Redial {
  /** What the account names. */
  readonly #home: DialTarget;
  #target: DialTarget;
  /** Failures in a row. */
  #failures = 0;
  #wasLive = false;

  constructor(home: DialTarget) {
    this.#home = home;
    this.#target = home;
  }

  get target(): DialTarget {
    return this.#target;
  }

  /** The upstream has been live before. */
  get wasLive(): boolean {
    return this.#wasLive;
  }

  wentLive(): void {
    this.#wasLive = true;
  }

  /**
   * The connection has failed, or there was none to be had. `liveMs`: how long it was live; null where it was not. `pauseMs`: to wait that long whatever has failed before; null: as is usual.
   * Returns the pause before the next attempt.
   */
  failed(
    { liveMs, pauseMs }: { readonly liveMs: number | null; readonly pauseMs: number | null },
    retry: { readonly retryMinMs: number; readonly retryMaxMs: number },
  ): number {
    // A pool that takes the login and closes again is no better than one that refuses it.
    this.#failures = isSteady(liveMs) ? 1 : this.#failures + 1;
    if (pauseMs !== null) return pauseMs;
    return backoffMs(this.#failures, { minMs: retry.retryMinMs, maxMs: retry.retryMaxMs }, Math.random());
  }

  /** One that was redirected and fails goes back to the address that the account names. */
  goHome(): void {
    this.#target = this.#home;
  }

  /**
   * The pool sends us on. Returns the pause before, null: the usual one. Who redirects before the login, or again and again, is dialled with the usual pauses: two of them could
   * send us to and fro.
   */
  redirected(target: DialTarget, waitSeconds: number, liveMs: number | null): number | null {
    this.#target = target;
    const isSensible = liveMs !== null && (this.#failures === 0 || isSteady(liveMs));
    const waitMs = Math.min(waitSeconds, MAX_RECONNECT_WAIT_SECONDS) * 1000;
    return isSensible || waitMs > 0 ? waitMs : null;
  }
}

function isSteady(liveMs: number | null): boolean {
  return liveMs !== null && liveMs >= STEADY_MS;
}
