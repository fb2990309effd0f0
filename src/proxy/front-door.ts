import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { ListenerPolicy } from '../domain/listener.ts';
import { type ByteCounter, type CloseReason, Connection } from '../net/connection.ts';
import type { Networks } from '../net/networks.ts';
import { type BoundAddress, TcpListener } from '../net/tcp-listener.ts';
import type { WriteBatch } from '../net/write-batch.ts';
import type { Dialect } from '../wire/dialect.ts';
import { Arrival, type ArrivalHost } from './arrival.ts';
import { MinerSession } from './miner-session.ts';
import type { SessionContext } from './session-context.ts';

export interface FrontDoorParts {
  /** For those who come in. */
  readonly context: SessionContext;
  readonly batch: WriteBatch;
  readonly dialects: readonly Dialect[];
  /** What the pools of accounts with miners speak. */
  dialectsInUse(): readonly string[];
  /** What miners are answered with by TLS, asked for each connection; null where TLS is refused. */
  readonly secureContext: (() => SecureContext | null) | null;
  /** Who may say by a PROXY header for whom it connects. */
  readonly trustedProxies: Networks;
  /** By the operator. */
  isBanned(ip: string): boolean;
  /** Connections to pools, which take files too. */
  upstreams(): number;
}

const ACCEPT_FAULT_EVERY_MS = 60_000;

const FLOOD_WORDS = 'a connection was closed that sent too much that cannot be used';
const CAP_WORDS = {
  'address-cap': 'it has as many connections as limits.connectionsPerAddress allows',
  'global-cap': 'there are as many connections as limits.connections or the open files allow',
} as const;

/** The Stratum ports, and all who have come in by them: who is let in, and who is here. */
export class FrontDoor {
  readonly #parts: FrontDoorParts;
  readonly #context: SessionContext;
  readonly #listeners: TcpListener[] = [];
  readonly #arrivals = new Set<Arrival>();
  readonly #sessions = new Set<MinerSession>();
  readonly #bytes: ByteCounter = { received: 0, sent: 0 };
  /** Connections that were not taken, or ended for another reason than that the miner left, by that reason. */
  readonly #refused = new Map<string, number>();
  #accepted = 0;
  #acceptFaultAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(parts: FrontDoorParts) {
    this.#parts = parts;
    this.#context = parts.context;
  }

  /** Of whom it is not known yet what they speak. */
  get arrivals(): ReadonlySet<Arrival> {
    return this.#arrivals;
  }

  get sessions(): ReadonlySet<MinerSession> {
    return this.#sessions;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sessions.size + this.#arrivals.size;
  }

  /** Connections that were taken since start. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Since start, by reason. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refused;
  }

  get bytes(): Readonly<ByteCounter> {
    return this.#bytes;
  }

  /** Nobody is let in any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Opens a port. Rejects with `ListenError`. */
  async listen(
    address: { readonly host: string | null; readonly port: number },
    policy: ListenerPolicy,
  ): Promise<BoundAddress> {
    const listener = new TcpListener(
      (socket) => this.#onSocket(socket, policy),
      (error) => this.#onAcceptFault(error),
    );
    const bound = await listener.listen(address);
    this.#listeners.push(listener);
    return bound;
  }

  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) listener.close();
  }

  /** Closes, and takes nothing more from miners: they go on finding shares, and what they send from now on they will send to whoever comes after us. */
  drain(): void {
    this.close();
    for (const arrival of this.#arrivals) arrival.connection.close('shutdown');
    for (const session of this.#sessions) session.connection.stopReading();
  }

  /** Closes, and ends every connection. */
  stop(): void {
    this.close();
    for (const arrival of this.#arrivals) arrival.connection.close('shutdown');
    for (const session of this.#sessions) session.end('shutdown');
  }

  sweep(nowMs: number): void {
    for (const arrival of this.#arrivals) arrival.sweep(nowMs);
    for (const session of this.#sessions) session.sweep(nowMs);
  }

  countRefused(reason: string): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
  }

  /** A session has ended. */
  onClosed(session: MinerSession, reason: CloseReason): void {
    this.#sessions.delete(session);
    this.#noteClosed(reason);
    if (reason === 'flood')
      this.#context.emit({ kind: 'session-flood', address: session.ip, reason: FLOOD_WORDS });
  }

  #noteClosed(reason: CloseReason): void {
    if (reason !== 'peer' && reason !== 'shutdown') this.countRefused(reason);
  }

  // ---- who comes in

  #onSocket(socket: Socket, policy: ListenerPolicy): void {
    const { addresses, settings } = this.#context;
    const ip = plainAddress(socket.remoteAddress);
    if (ip === null) {
      socket.destroy();
      return;
    }
    const refusal = this.#refusalOf(ip);
    if (refusal !== null) {
      this.countRefused(refusal);
      if (refusal === 'address-cap' || refusal === 'global-cap')
        this.#context.emit({ kind: 'session-flood', address: ip, reason: CAP_WORDS[refusal] });
      socket.on('error', ignore);
      socket.destroy();
      return;
    }
    this.#accepted += 1;
    const connection = new Connection(
      { socket, batch: this.#parts.batch, bytes: this.#bytes },
      { sendBufferBytes: settings.limits.sendBufferBytes },
    );
    const arrival = new Arrival(
      { context: this.#context, connection, host: this.#arrivalHost },
      { number: this.#accepted, ip, port: socket.remotePort ?? 0, policy },
    );
    addresses.connected(ip);
    this.#arrivals.add(arrival);
    connection.attach(arrival, 'from-events');
  }

  readonly #arrivalHost: ArrivalHost = {
    secureContext: () => this.#parts.secureContext?.() ?? null,
    isTrusted: (ip) => this.#parts.trustedProxies.has(ip),
    // A balancer's own address is nobody's: caps and bans are for those behind it.
    onSource: (arrival, ip) => {
      const { addresses } = this.#context;
      addresses.disconnected(arrival.ip, false);
      addresses.connected(ip);
      const refusal = this.#refusalOf(ip, 1);
      if (refusal === null) return true;
      this.countRefused(refusal);
      // It ends as a connection of the balancer, under whose address it is known still.
      addresses.disconnected(ip, false);
      addresses.connected(arrival.ip);
      return false;
    },
    dialectsInUse: () => this.#parts.dialectsInUse(),
    dialectNamed: (name) => this.#context.dialectNamed(name),
    dialects: () => this.#parts.dialects.map(({ name }) => name),
    onRecognised: (arrival, dialect, isGuess) => {
      const { number, connection, ip, port, connectedMonotonicMs, policy } = arrival;
      const session = new MinerSession(
        { context: this.#context, connection, dialect },
        { number, ip, port, connectedMonotonicMs, policy, isGuess },
      );
      this.#arrivals.delete(arrival);
      this.#sessions.add(session);
      this.#context.log.debug('miner connected', { miner: session.address, dialect: dialect.name });
      return session;
    },
    onGone: (arrival, reason, detail) => {
      this.#arrivals.delete(arrival);
      this.#context.addresses.disconnected(arrival.ip, false);
      this.#noteClosed(reason);
      this.#context.log.debug('connection ended before it said what it is', {
        address: arrival.ip,
        reason,
        detail,
      });
    },
  };

  /** The system could not hand a connection over; whoever it was tries again. Logged once a minute. */
  #onAcceptFault(error: NodeJS.ErrnoException): void {
    const { clock, log } = this.#context;
    this.countRefused('accept-fault');
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#acceptFaultAtMs < ACCEPT_FAULT_EVERY_MS) return;
    this.#acceptFaultAtMs = nowMs;
    log.error('a connection could not be accepted', { reason: error.code ?? error.message });
  }

  /** Why a connection from this address is not taken; null where it is. `counted`: it is among its address's connections already. */
  #refusalOf(ip: string, counted = 0): string | null {
    const { addresses, clock, settings } = this.#context;
    const { limits } = settings;
    if (this.#isClosed) return 'draining';
    if (this.#parts.isBanned(ip)) return 'banned';
    if (addresses.isBanned(ip, clock.monotonicMs())) return 'banned';
    if (limits.connections > 0 ? this.connections >= limits.connections : !this.#hasFilesForOneMore())
      return 'global-cap';
    if (
      limits.connectionsPerAddress > 0 &&
      addresses.connections(ip) - counted >= limits.connectionsPerAddress
    ) {
      return 'address-cap';
    }
    return null;
  }

  /** Every miner takes a file; a pool connection too, and who has not logged in yet may need one. */
  #hasFilesForOneMore(): boolean {
    const { openFiles } = this.#context.settings.limits;
    const open = this.connections;
    // Two files each at the most.
    if (openFiles === 0 || (open + 1) * 2 <= openFiles) return true;
    const newcomers = open - this.#context.addresses.authorizedConnections;
    return open + newcomers + this.#parts.upstreams() + 2 <= openFiles;
  }
}

/** An IPv4 address that came through an IPv6 socket, in its own form. */
function plainAddress(address: string | undefined): string | null {
  if (address === undefined) return null;
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

function ignore(): void {}
