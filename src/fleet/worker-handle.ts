import type { Ban, BanReach } from '../domain/ban.ts';
import type { Occurrence } from '../domain/event.ts';
import { ANY_LISTENER, type ListenerPolicy } from '../domain/listener.ts';
import type { PoolFinding, PoolProbe } from '../domain/pool-probe.ts';
import type { Recording, RecordingSummary, RecordResult } from '../domain/recording.ts';
import type { RefusedLogin } from '../domain/refused-login.ts';
import type { Collection, FleetSummary, SessionDetail, SessionRow, WorkerReport } from '../domain/report.ts';
import type { Log } from '../kit/log.ts';
import type { ProxySettings } from '../proxy/settings.ts';
import type { Link } from './link.ts';
import type { AccountAnswer, AlgorithmNames, ToSupervisor, ToWorker } from './messages.ts';

/** Where the supervisor finds accounts: the store, seen narrowly. Rejects where it cannot be asked. */
export interface AccountSource {
  find(name: string): Promise<AccountAnswer>;
}

/** A worker could not open its port. */
export class WorkerListenError extends Error {
  override readonly name = 'WorkerListenError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The supervisor's end of the boundary to one worker: answers its questions, and asks it by promises. */
export class WorkerHandle {
  readonly #link: Link<ToWorker, ToSupervisor>;
  readonly #accounts: AccountSource;
  readonly #log: Log;
  readonly #waiting = new Map<number, (answer: ToSupervisor) => void>();
  #lastCall = 0;

  readonly #onEvent: (occurrence: Occurrence) => void;

  constructor(parts: {
    link: Link<ToWorker, ToSupervisor>;
    accounts: AccountSource;
    log: Log;
    /** Hears of what happens in the worker. */
    onEvent?: (occurrence: Occurrence) => void;
  }) {
    this.#onEvent = parts.onEvent ?? (() => {});
    this.#link = parts.link;
    this.#accounts = parts.accounts;
    this.#log = parts.log;
    this.#link.onMessage((message) => this.#onMessage(message));
  }

  /** Opens a Stratum port; rejects with {@link WorkerListenError}. `host` null: all interfaces. */
  async listen(
    host: string | null,
    port: number,
    policy: ListenerPolicy = ANY_LISTENER,
  ): Promise<{ readonly host: string; readonly port: number }> {
    const answer = await this.#ask((call) => ({ kind: 'listen', call, host, port, policy }));
    if (answer.kind === 'listening') return { host: answer.host, port: answer.port };
    if (answer.kind === 'listen-failed') throw new WorkerListenError(answer.code, answer.message);
    throw unexpected(answer);
  }

  async report(): Promise<WorkerReport> {
    const answer = await this.#ask((call) => ({ kind: 'report', call }));
    if (answer.kind === 'report') return answer.report;
    throw unexpected(answer);
  }

  /** Sums alone, which cost little. */
  async summary(): Promise<FleetSummary> {
    const answer = await this.#ask((call) => ({ kind: 'summary', call }));
    if (answer.kind === 'summary') return answer.summary;
    throw unexpected(answer);
  }

  /** Connections that have not logged in. */
  async withoutLogin(): Promise<readonly SessionRow[]> {
    const answer = await this.#ask((call) => ({ kind: 'list-without-login', call }));
    if (answer.kind === 'without-login') return answer.rows;
    throw unexpected(answer);
  }

  /** One of its sessions; null where it has none of this id. */
  async session(id: string): Promise<SessionDetail | null> {
    const answer = await this.#ask((call) => ({ kind: 'find-session', call, id }));
    if (answer.kind === 'session') return answer.session;
    throw unexpected(answer);
  }

  /** Disconnects a miner; false where it is not here. */
  async kick(id: string): Promise<boolean> {
    const answer = await this.#ask((call) => ({ kind: 'kick', call, id }));
    if (answer.kind === 'kicked') return answer.isKicked;
    throw unexpected(answer);
  }

  async bans(): Promise<readonly Ban[]> {
    const answer = await this.#ask((call) => ({ kind: 'list-bans', call }));
    if (answer.kind === 'bans') return answer.bans;
    throw unexpected(answer);
  }

  /** Gives what was closed. */
  async ban(ban: Ban): Promise<BanReach> {
    const answer = await this.#ask((call) => ({ kind: 'ban', call, ban }));
    if (answer.kind === 'banned') return answer.closed;
    throw unexpected(answer);
  }

  /** What a ban of this address or network would close. */
  async banReach(address: string): Promise<BanReach> {
    const answer = await this.#ask((call) => ({ kind: 'reach-of-ban', call, address }));
    if (answer.kind === 'ban-reach') return answer.reach;
    throw unexpected(answer);
  }

  /** True where it was banned. */
  async unban(address: string): Promise<boolean> {
    const answer = await this.#ask((call) => ({ kind: 'unban', call, address }));
    if (answer.kind === 'unbanned') return answer.isRemoved;
    throw unexpected(answer);
  }

  async record(id: string, seconds: number): Promise<RecordResult> {
    const answer = await this.#ask((call) => ({ kind: 'record', call, id, seconds }));
    if (answer.kind === 'recording') return answer.result;
    throw unexpected(answer);
  }

  /** False where nothing was being recorded. */
  async stopRecording(id: string): Promise<boolean> {
    const answer = await this.#ask((call) => ({ kind: 'stop-recording', call, id }));
    if (answer.kind === 'recording-stopped') return answer.isStopped;
    throw unexpected(answer);
  }

  /** Null where there is neither a session nor a recording of this id. */
  async recorded(id: string): Promise<Recording | null> {
    const answer = await this.#ask((call) => ({ kind: 'show-recording', call, id }));
    if (answer.kind === 'recorded') return answer.recording;
    throw unexpected(answer);
  }

  /** Those that are being made, and those that have ended lately. */
  async recordings(): Promise<readonly RecordingSummary[]> {
    const answer = await this.#ask((call) => ({ kind: 'list-recordings', call }));
    if (answer.kind === 'recordings') return answer.recordings;
    throw unexpected(answer);
  }

  /** Logins of miners that were refused, the latest first. */
  async refusedLogins(): Promise<readonly RefusedLogin[]> {
    const answer = await this.#ask((call) => ({ kind: 'list-refused-logins', call }));
    if (answer.kind === 'refused-logins') return answer.logins;
    throw unexpected(answer);
  }

  /** Accounts that have had miners since this was asked last, and which of them have some now. */
  async accountsSeen(): Promise<{ readonly seen: readonly string[]; readonly inUse: readonly string[] }> {
    const answer = await this.#ask((call) => ({ kind: 'accounts-seen', call }));
    if (answer.kind === 'accounts-seen') return { seen: answer.seen, inUse: answer.inUse };
    throw unexpected(answer);
  }

  /** A part of what the worker counted since this was last called; whoever calls is the only one to hear of it. */
  async collect(): Promise<Collection> {
    const answer = await this.#ask((call) => ({ kind: 'collect', call }));
    if (answer.kind === 'collected') return answer.collection;
    throw unexpected(answer);
  }

  /** What a pool is; takes no longer than 15 seconds. */
  async probe(probe: PoolProbe): Promise<PoolFinding> {
    const answer = await this.#ask((call) => ({ kind: 'probe-pool', call, probe }));
    if (answer.kind === 'pool-probed') return answer.finding;
    throw unexpected(answer);
  }

  /** Resolves when the worker has answered what was in flight, or after `graceMs`, and has closed everything. */
  async drain(graceMs: number): Promise<void> {
    await this.#ask((call) => ({ kind: 'drain', call, graceMs }));
  }

  /** An account was changed or removed; its miners follow. */
  accountChanged(name: string): void {
    this.#link.send({ kind: 'account-changed', name });
  }

  /** In the place of those in force. */
  apply(settings: ProxySettings): void {
    this.#link.send({ kind: 'settings', settings });
  }

  /** Bans of before the worker began. They hold for whoever connects to a port that is opened after this. */
  restoreBans(bans: readonly Ban[]): void {
    this.#link.send({ kind: 'restore-bans', bans });
  }

  forgetAccounts(): void {
    this.#link.send({ kind: 'forget-accounts' });
  }

  setPoolList(addresses: readonly string[]): void {
    this.#link.send({ kind: 'pool-list', addresses });
  }

  setAlgorithms(algorithms: readonly AlgorithmNames[]): void {
    const names = algorithms.map(({ name, aliases }) => ({ name, aliases }));
    this.#link.send({ kind: 'algorithms', algorithms: names });
  }

  setDialectsInUse(dialects: readonly string[]): void {
    this.#link.send({ kind: 'dialects-in-use', dialects });
  }

  #ask(question: (call: number) => ToWorker): Promise<ToSupervisor> {
    this.#lastCall += 1;
    const call = this.#lastCall;
    return new Promise((resolve) => {
      this.#waiting.set(call, resolve);
      this.#link.send(question(call));
    });
  }

  #onMessage(message: ToSupervisor): void {
    if (message.kind === 'find-account') {
      void this.#findAccount(message.call, message.name);
      return;
    }
    if (message.kind === 'event') {
      this.#onEvent(message.occurrence);
      return;
    }
    this.#waiting.get(message.call)?.(message);
    this.#waiting.delete(message.call);
  }

  async #findAccount(call: number, name: string): Promise<void> {
    let answer: AccountAnswer;
    try {
      answer = await this.#accounts.find(name);
    } catch (error) {
      this.#log.error('the store cannot be asked for an account', {
        reason: error instanceof Error ? error.message : String(error),
      });
      answer = { kind: 'unavailable' };
    }
    this.#link.send({ kind: 'account', call, answer });
  }
}

function unexpected(answer: ToSupervisor): Error {
  return new Error(`a worker answered with ${answer.kind}`);
}
