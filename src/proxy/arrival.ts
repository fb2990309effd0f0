import type { SecureContext } from 'node:tls';
import { formatEndpoint } from '../domain/endpoint.ts';
import type { ListenerPolicy } from '../domain/listener.ts';
import type { CloseReason, Connection, ConnectionOwner } from '../net/connection.ts';
import { terminateTls } from '../net/terminate-tls.ts';
import { httpNotice } from '../wire/detect.ts';
import {
  type DetectedDialect,
  type DialectHints,
  detectFirstLine,
  type FirstLine,
  readFirstLine,
} from '../wire/detect-dialect.ts';
import type { Dialect } from '../wire/dialect.ts';
import { type DoorStep, Doorway } from '../wire/doorway.ts';
import { rawId } from '../wire/json.ts';
import { hintKey } from './hint-key.ts';
import type { SessionContext } from './session-context.ts';

/** What an arrival needs to know of the port it came to, and who takes it over. */
export interface ArrivalHost {
  /** Null where TLS is refused. */
  secureContext(): SecureContext | null;
  /** Whoever comes from there may say for whom. */
  isTrusted(ip: string): boolean;
  /** The miner's own address, by a trusted balancer. False where connections from it are not taken. */
  onSource(arrival: Arrival, ip: string): boolean;
  /** What the pools of accounts with miners speak. */
  dialectsInUse(): readonly string[];
  dialectNamed(name: string): Dialect | null;
  /** Names of all that is spoken. */
  dialects(): readonly string[];
  /** The connection's owner from now on; it is handed the bytes that have come. `isGuess`: the first line fits several dialects. */
  onRecognised(arrival: Arrival, dialect: Dialect, isGuess: boolean): ConnectionOwner;
  /** It ended before that. */
  onGone(arrival: Arrival, reason: CloseReason, detail: string): void;
}

/**
 * A connection of which it is not yet known what it speaks: through the door, by TLS where it is, to its first line, which names the dialect. Nothing else is spent on it,
 * and it has `limits.handshakeMs` to say enough.
 */
export class Arrival implements ConnectionOwner {
  /** Among the connections of this run. */
  readonly number: number;
  readonly connection: Connection;
  readonly policy: ListenerPolicy;
  readonly connectedMonotonicMs: number;
  readonly #context: SessionContext;
  readonly #host: ArrivalHost;
  #ip: string;
  #port: number;
  #door: Doorway;
  #isSecure = false;
  #serverName: string | null = null;
  /** The name that was dialled, by a balancer that ended TLS. */
  #authority: string | null = null;

  constructor(
    parts: { readonly connection: Connection; readonly context: SessionContext; readonly host: ArrivalHost },
    options: {
      readonly number: number;
      readonly ip: string;
      readonly port: number;
      readonly policy: ListenerPolicy;
    },
  ) {
    this.number = options.number;
    this.connection = parts.connection;
    this.#context = parts.context;
    this.#host = parts.host;
    this.#ip = options.ip;
    this.#port = options.port;
    this.policy = options.policy;
    this.connectedMonotonicMs = parts.context.clock.monotonicMs();
    this.#door = new Doorway({
      proxyHeader: parts.host.isTrusted(options.ip) ? 'taken' : 'refused',
      tls: options.policy.tls === 'off' || parts.host.secureContext() === null ? 'refused' : 'taken',
      lineBytes: parts.context.settings.limits.lineBytes,
    });
  }

  get ip(): string {
    return this.#ip;
  }

  get port(): number {
    return this.#port;
  }

  /** `ip:port`. */
  get address(): string {
    return formatEndpoint({ host: this.#ip, port: this.#port });
  }

  /** Milliseconds since 1970-01-01 UTC. */
  get connectedAtMs(): number {
    const { clock } = this.#context;
    return clock.wallMs() - (clock.monotonicMs() - this.connectedMonotonicMs);
  }

  onBytes(chunk: Buffer): void {
    const hadSource = this.#door.source !== null;
    const step = this.#door.push(chunk);
    this.#authority ??= this.#door.authority;
    if (!hadSource && this.#door.source !== null && !this.#isSecure) {
      const { address, port } = this.#door.source;
      if (!this.#host.onSource(this, address)) {
        this.connection.destroy('refused');
        return;
      }
      this.#ip = address;
      this.#port = port;
    }
    this.#onStep(step);
  }

  #onStep(step: DoorStep): void {
    switch (step.kind) {
      case 'more':
        return;
      case 'tls':
        this.#secure(step.bytes);
        return;
      case 'http':
        this.connection.send(httpNotice('Point a miner at it: -o stratum+tcp://HOST:PORT -u NAME -p x'));
        this.connection.close('http');
        return;
      case 'json':
        if (this.policy.tls === 'only' && !this.#isSecure) {
          this.#refuse('null', 'This port speaks TLS: use stratum+ssl:// or your miner\u2019s TLS switch');
          return;
        }
        this.#onFirstLine(step.line, step.bytes);
        return;
      case 'sv2':
        this.connection.close('not-stratum');
        return;
      case 'fault':
        this.#onFault(step.fault);
        return;
    }
  }

  #onFault(fault: string): void {
    const { defaultDialect } = this.#context;
    const told: Readonly<Record<string, string>> = {
      text: 'This port speaks Stratum: one JSON object per line',
      'line-too-long': 'The line is too long',
      'invalid-utf8': 'The line is not valid UTF-8',
    };
    const message = told[fault];
    if (message !== undefined)
      this.connection.send(defaultDialect.miner.refuse('null', { reason: 'other', message, code: null }));
    const isLine = fault === 'line-too-long' || fault === 'invalid-utf8';
    this.connection.close(isLine ? fault : 'not-stratum');
  }

  #secure(hello: Buffer): void {
    const context = this.#host.secureContext();
    if (context === null) {
      this.connection.close('not-stratum');
      return;
    }
    this.#isSecure = true;
    this.#door = new Doorway({
      proxyHeader: 'refused',
      tls: 'refused',
      lineBytes: this.#context.settings.limits.lineBytes,
    });
    terminateTls(this.connection, hello, context, ({ serverName }) => {
      this.#serverName = serverName;
    });
  }

  #onFirstLine(line: string, bytes: Buffer): void {
    const first = readFirstLine(line);
    const found: DetectedDialect =
      first === null
        ? { kind: 'unknown' }
        : detectFirstLine(first, {
            ...this.#memoryOf(first),
            listenerDialect: this.policy.dialect,
            configured: this.#host.dialectsInUse(),
            known: this.#host.dialects(),
            serverName: this.#serverName ?? this.#authority,
          });
    // What is no first line of any dialect is answered as the commonest would.
    const dialect =
      found.kind === 'unknown' ? this.#context.defaultDialect : this.#host.dialectNamed(found.dialect);
    if (found.kind === 'other-flavour' || found.kind === 'unspoken' || dialect === null) {
      // If it comes back with the same it speaks nothing else, and is taken where that can be translated.
      if (first !== null && found.kind === 'other-flavour' && dialect !== null)
        this.#context.dialectsSeen.set(
          hintKey(this.#ip, first.agent),
          dialect.name,
          this.#context.clock.monotonicMs(),
        );
      const name = found.kind === 'unknown' ? '' : found.dialect;
      const id = rawId(first?.message['id'], line);
      const text =
        found.kind === 'other-flavour'
          ? `No pool of yours speaks ${name} here; try another flavour`
          : `This miner speaks ${name}, which is not spoken here`;
      this.#refuse(id, text);
      return;
    }
    this.#recognise(bytes, dialect, found.kind === 'likely');
  }

  /** What earlier connections of this miner, or of others like it at its place, have shown. */
  #memoryOf({ sessionId, agent }: FirstLine): Pick<DialectHints, 'remembered' | 'mistaken'> {
    const { dialectsSeen, dialectsMistaken, clock } = this.#context;
    const nowMs = clock.monotonicMs();
    const place = hintKey(this.#ip, agent);
    const bySession = sessionId === null ? undefined : dialectsSeen.get(sessionId, nowMs);
    return {
      remembered: bySession ?? dialectsSeen.get(place, nowMs) ?? null,
      mistaken: dialectsMistaken.get(place, nowMs) ?? [],
    };
  }

  #refuse(id: string, message: string): void {
    const { miner } = this.#context.defaultDialect;
    this.connection.send(miner.refuse(id, { reason: 'other', message, code: null }));
    this.connection.close('refused');
  }

  #recognise(bytes: Buffer, dialect: Dialect, isGuess: boolean): void {
    const owner = this.#host.onRecognised(this, dialect, isGuess);
    this.connection.passTo(owner);
    owner.onBytes(bytes);
  }

  sweep(nowMs: number): void {
    if (nowMs - this.connectedMonotonicMs >= this.#context.settings.limits.handshakeMs)
      this.connection.close('handshake-timeout');
  }

  onClosed(reason: CloseReason, detail: string): void {
    this.#host.onGone(this, reason, detail);
  }
}
