import type { Clock } from '../kit/clock.ts';
import type { CloseReason, Connection } from '../net/connection.ts';
import type { DialOwner, DialTarget } from '../net/tcp-dialer.ts';
import type { PoolDialect } from '../wire/dialect.ts';
import { LineFramer } from '../wire/framing/line-framer.ts';
import type { PoolEvent, PoolSubscription } from '../wire/messages.ts';
import type { CallIds } from './call-ids.ts';
import type { PoolNews } from './pool-news.ts';
import type { ProxySettings } from './settings.ts';

/** Opens connections; the one method of the dialer that is used here. */
export interface Dialer {
  dial(target: DialTarget, owner: DialOwner): Connection;
}

/** What a pool says that its link does not settle by itself. */
export type LinkEvent = Exclude<
  PoolEvent,
  { readonly kind: 'several' | 'ping' | 'get-version' | 'message' | 'notice' | 'fault' }
>;

/** Who hears from a link. It may end the link within any of these. */
export interface PoolLinkOwner {
  onConnected(): void;
  onEvent(event: LinkEvent): void;
  /** The connection is of no use, though it is still there. `pauseMs`: before the next one; null: the usual. */
  onFailed(reason: CloseReason, detail: string, pauseMs: number | null): void;
  /** Of one that was neither abandoned nor closed by us; see {@link DialOwner}. */
  onClosed(reason: CloseReason, detail: string): void;
}

export interface PoolLinkParts {
  readonly owner: PoolLinkOwner;
  readonly dialer: Dialer;
  readonly dialect: PoolDialect;
  readonly clock: Clock;
  readonly ids: CallIds;
  readonly news: PoolNews;
}

/** A pool that minds silence hears from us at least this often. */
const KEEPALIVE_MS = 55_000;

/** The wire between one upstream and its pool, one connection after the other: lines in and out, small talk, and who was heard when. */
export class PoolLink implements DialOwner {
  readonly #parts: PoolLinkParts;
  readonly #settings: ProxySettings;
  #connection: Connection | null = null;
  #framer = new LineFramer();
  #heardAtMs = 0;
  #spokeAtMs = 0;

  constructor(parts: PoolLinkParts, settings: ProxySettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  dial(target: DialTarget): void {
    this.#framer = new LineFramer();
    this.#connection = this.#parts.dialer.dial(target, this);
  }

  onConnected(): void {
    if (this.#connection === null) return;
    this.#heardAtMs = this.#parts.clock.monotonicMs();
    this.#parts.owner.onConnected();
  }

  onBytes(chunk: Buffer): void {
    this.#heardAtMs = this.#parts.clock.monotonicMs();
    const fault = this.#framer.push(chunk, this.#settings.limits.poolLineBytes, this);
    if (fault !== null) this.#parts.owner.onFailed('nonsense', fault, null);
  }

  onLine(line: string): boolean {
    this.#onEvent(this.#parts.dialect.decode(line));
    return this.#connection !== null;
  }

  onClosed(reason: CloseReason, detail: string): void {
    if (this.#connection !== null) this.#parts.owner.onClosed(reason, detail);
  }

  #onEvent(event: PoolEvent): void {
    const { owner, dialect, news } = this.#parts;
    switch (event.kind) {
      case 'several':
        for (const one of event.events) if (this.#connection !== null) this.#onEvent(one);
        return;
      case 'ping':
        this.send(dialect.pong(event.id));
        return;
      case 'get-version':
        this.send(dialect.version(event.id, this.#settings.upstream.agent));
        return;
      case 'message':
        if (event.id !== 'null') this.send(dialect.acknowledge(event.id));
        news.tell('info', 'message from the pool', news.withoutSecret(event.text));
        return;
      case 'notice':
        return;
      case 'fault':
        owner.onFailed('nonsense', event.problem, null);
        return;
      case 'reply':
      case 'job':
      case 'difficulty':
      case 'target':
      case 'scale':
      case 'standing':
      case 'extranonce':
      case 'version-mask':
      case 'reconnect':
        owner.onEvent(event);
        return;
    }
  }

  /** Ignored where there is no connection. */
  send(line: string): void {
    this.#connection?.send(line);
  }

  /** Sends a call that a pool which minds silence counts as a sign of life. */
  call(line: string, nowMs: number): void {
    this.#spokeAtMs = nowMs;
    this.#connection?.send(line);
  }

  /** The calls of the login waited for each other; what is sent from now on does not. */
  pace(): void {
    this.#connection?.pace();
  }

  /** Ends the connection now. */
  abandon(reason: CloseReason): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.abandon(reason);
  }

  /** Sends what is queued and ends the connection. */
  close(reason: CloseReason): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.close(reason);
  }

  isSilent(nowMs: number): boolean {
    return nowMs - this.#heardAtMs >= this.#settings.upstream.silenceMs;
  }

  /** Says something to a pool that minds silence and has long not heard from us. */
  keepAlive(subscription: PoolSubscription, nowMs: number): void {
    const { dialect, ids } = this.#parts;
    if (dialect.keepalive === null || nowMs - this.#spokeAtMs < KEEPALIVE_MS) return;
    this.call(dialect.keepalive(ids.next(), subscription), nowMs);
  }
}
