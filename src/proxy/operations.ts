import type { Ban, BanReach } from '../domain/ban.ts';
import type { ProxyEvent } from '../domain/event.ts';
import type { Recording, RecordingSummary, RecordResult } from '../domain/recording.ts';
import type { RefusedLogin } from '../domain/refused-login.ts';
import type { Clock } from '../kit/clock.ts';
import { parseNetwork } from '../kit/ip-network.ts';
import { Networks } from '../net/networks.ts';
import type { AddressBook } from './address-book.ts';
import { Arrival } from './arrival.ts';
import type { MinerSession } from './miner-session.ts';
import type { OpenConnections } from './open-connections.ts';
import { OperatorBans } from './operator-bans.ts';
import type { Recordings } from './recordings.ts';
import type { RefusedLogins } from './refused-logins.ts';

export interface OperationsParts {
  readonly clock: Clock;
  readonly addresses: AddressBook;
  readonly recordings: Recordings;
  readonly refusedLogins: RefusedLogins;
  readonly sessions: ReadonlySet<MinerSession>;
  readonly arrivals: ReadonlySet<Arrival>;
  readonly sessionsById: ReadonlyMap<string, MinerSession>;
  readonly open: OpenConnections;
  emit(event: ProxyEvent): void;
}

const BY_PROXY = 'too many unknown user names';

/** What an operator does to miners: disconnects them, refuses their addresses, and looks at what they say. */
export class Operations {
  readonly #parts: OperationsParts;
  readonly #bans: OperatorBans;

  constructor(parts: OperationsParts) {
    this.#parts = parts;
    this.#bans = new OperatorBans(parts.clock);
  }

  /** Disconnects a miner, or whoever has not logged in; it may come back. False where there is none of this id. */
  kick(id: string): boolean {
    const found = this.#parts.open.find(id);
    if (found?.connection.isOpen !== true) return false;
    const { address, connection } = found;
    const binding = found instanceof Arrival ? null : found.binding;
    const account = binding?.books.subject.account ?? '';
    this.#parts.emit({ kind: 'kick', address, account, worker: binding?.worker ?? '' });
    connection.close('kicked');
    return true;
  }

  isBanned(ip: string): boolean {
    return this.#bans.has(ip);
  }

  get banCount(): number {
    return this.#bans.size;
  }

  bans(): readonly Ban[] {
    const nowMs = this.#parts.clock.monotonicMs();
    const wallMs = this.#parts.clock.wallMs();
    const own = Array.from(
      this.#parts.addresses.bans(nowMs),
      ([address, untilMs]): Ban => ({
        address,
        untilMs: Math.round(wallMs + untilMs - nowMs),
        reason: BY_PROXY,
        by: 'proxy',
      }),
    );
    return [...this.#bans.list(), ...own];
  }

  /** Bans of before the process began. */
  restoreBans(bans: readonly Ban[]): void {
    this.#bans.add(...bans);
  }

  /** Refuses an address or network, and closes what comes from there, which it gives. */
  ban(ban: Ban): BanReach {
    this.#bans.add(ban);
    const { address, reason, untilMs } = ban;
    this.#parts.emit({ kind: 'ban', address, by: 'operator', reason, untilMs });
    const within = this.#within(address);
    const reach = reachOf(within);
    for (const { connection } of within) connection.close('banned');
    return reach;
  }

  /** What a ban of this address or network would close. */
  reach(address: string): BanReach {
    return reachOf(this.#within(address));
  }

  /** Open connections from an address or network. */
  #within(address: string): readonly (MinerSession | Arrival)[] {
    const network = parseNetwork(address);
    const networks = Networks.of(network === null ? [] : [network]);
    const { sessions, arrivals } = this.#parts;
    return [...sessions, ...arrivals].filter(({ ip, connection }) => connection.isOpen && networks.has(ip));
  }

  /** True where it was banned, by whomever. */
  unban(address: string): boolean {
    const byOperator = this.#bans.remove(address);
    const byProxy = this.#parts.addresses.unban(address);
    if (!byOperator && !byProxy) return false;
    this.#parts.emit({ kind: 'unban', address });
    return true;
  }

  /** Records what a miner says and is told, for so long. */
  record(id: string, seconds: number): RecordResult {
    const session = this.#parts.sessionsById.get(id);
    if (session === undefined) return { kind: 'unknown' };
    const account = session.binding?.books.subject.account ?? '';
    const { address, worker } = session;
    const recorder = this.#parts.recordings.start(id, seconds, { address, account, worker });
    if (recorder === null) return { kind: 'busy' };
    session.dialogue.recorder = recorder;
    return { kind: 'started', sinceMs: recorder.startedAtMs, untilMs: recorder.untilWallMs };
  }

  /** False where none was being made. */
  stopRecording(id: string): boolean {
    const session = this.#parts.sessionsById.get(id);
    if (session !== undefined) session.dialogue.recorder = null;
    return this.#parts.recordings.stop(id);
  }

  /** Null where there is neither a session nor a recording of this id. */
  recorded(id: string): Recording | null {
    const recording = this.#parts.recordings.show(id);
    if (recording !== null || !this.#parts.sessionsById.has(id)) return recording;
    return { sinceMs: null, untilMs: null, lines: [] };
  }

  /** Recordings that are being made, and those that have ended lately. */
  recordings(): readonly RecordingSummary[] {
    return this.#parts.recordings.list();
  }

  /** Logins of miners that were refused, the latest first. */
  refusedLogins(): readonly RefusedLogin[] {
    return this.#parts.refusedLogins.list();
  }

  sweep(nowMs: number): void {
    for (const id of this.#parts.recordings.sweep(nowMs)) {
      const session = this.#parts.sessionsById.get(id);
      if (session !== undefined) session.dialogue.recorder = null;
    }
  }
}

function reachOf(open: readonly (MinerSession | Arrival)[]): BanReach {
  const accounts = new Set<string>();
  for (const one of open)
    if (!(one instanceof Arrival) && one.binding !== null) accounts.add(one.binding.books.subject.account);
  return { connections: open.length, accounts: [...accounts] };
}
