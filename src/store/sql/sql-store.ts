import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Pool } from '../../domain/account.ts';
import type { Endpoint } from '../../domain/endpoint.ts';
import type { HistoryPoint, HistoryRetention, LastingTotal } from '../../domain/history.ts';
import type { Clock } from '../../kit/clock.ts';
import type { AccountExport, AccountMove, MoveAccountResult } from '../activity-store.ts';
import type { AuditPage, AuditRecord, AuditRequest } from '../audit-store.ts';
import type { BanRecord } from '../ban-store.ts';
import type { EventPage, EventRecord } from '../event-store.ts';
import type { Tables } from '../schema.ts';
import type {
  AccountChange,
  AccountPage,
  AccountRecord,
  AccountRequest,
  AddAlgorithmResult,
  AddPoolResult,
  AlgorithmChange,
  AlgorithmRecord,
  AlgorithmRequest,
  DeleteAccountResult,
  DeleteAlgorithmResult,
  DeletePoolResult,
  FindAccountResult,
  HistoryMinute,
  HistoryRange,
  PoolChange,
  PoolPage,
  PoolRecord,
  PoolRequest,
  RegisterResult,
  Store,
  UpdateAccountResult,
  UpdateAlgorithmResult,
  UpdatePoolResult,
} from '../store.ts';
import { StoreError } from '../store-error.ts';
import type { TokenRecord, TokenRequest } from '../token-store.ts';
import {
  closeIdleGap,
  exportAccounts,
  listIdleAccounts,
  noteAccountsSeen,
  shiftIdleTimes,
} from './account-activity.ts';
import { countAccounts, deleteAccount, findAccount, listAccounts, showAccount } from './accounts.ts';
import { findAlgorithm, listAlgorithms } from './algorithms.ts';
import { addAudit, dropAuditBefore, listAudit } from './audit.ts';
import { deleteBan, listBans, putBan } from './bans.ts';
import { addAlgorithm, deleteAlgorithm, updateAlgorithm } from './change-algorithms.ts';
import { deletePool } from './delete-pool.ts';
import { addEvents, dropEvents, listEvents } from './events.ts';
import { addHistory, pruneHistory, readHistory } from './history.ts';
import { SeriesNumbers } from './history-series.ts';
import { moveAccounts } from './move-accounts.ts';
import { addPool, listPools, resolvePool } from './pools.ts';
import { registerAccount } from './register-account.ts';
import { retryWhileBusy } from './retry.ts';
import { addToken, deleteToken, listTokens } from './tokens.ts';
import { loadTotals, saveTotals } from './totals.ts';
import { updateAccount } from './update-account.ts';
import { updatePool } from './update-pool.ts';

/** What differs between the engines behind the one set of queries. */
export interface SqlEngine {
  /** Runs one piece of work on the database when there is a connection for it. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
  /** The same for work that need not survive a power cut. */
  runRelaxed<Result>(work: () => Promise<Result>): Promise<Result>;
  /** What an error thrown by the driver means; a `StoreError` is returned as it is. */
  toStoreError(error: unknown): StoreError;
  /** Lets go of the data; called once, when nothing is under way. */
  close(): Promise<void>;
}

export interface SqlStoreCollaborators {
  readonly db: Kysely<Tables>;
  readonly engine: SqlEngine;
  readonly clock: Clock;
  /** Default: 16 random hex digits. */
  readonly newAccountName?: (() => string) | undefined;
  /** Hears of every fault that a call was refused for. */
  readonly onFault?: ((fault: StoreError) => void) | undefined;
}

export interface SqlStoreOptions {
  /** How long an operation goes on trying while another process holds a lock. */
  readonly busyTimeoutMs: number;
}

const PROBE_ID = 1;

/** The store as queries that SQLite and PostgreSQL share. The schema has to be there already; see `migrate`. */
/** For how long a call goes on trying while it is locked out; as the store is configured where it is not given. */
interface Patience {
  readonly withinMs?: number;
}

export class SqlStore implements Store {
  readonly #db: Kysely<Tables>;
  readonly #engine: SqlEngine;
  readonly #clock: Clock;
  readonly #newAccountName: () => string;
  readonly #onFault: (fault: StoreError) => void;
  readonly #busyTimeoutMs: number;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #series = new SeriesNumbers();
  #closing: Promise<void> | null = null;

  constructor(
    { db, engine, clock, newAccountName, onFault }: SqlStoreCollaborators,
    options: SqlStoreOptions,
  ) {
    this.#db = db;
    this.#engine = engine;
    this.#clock = clock;
    this.#newAccountName = newAccountName ?? randomAccountName;
    this.#onFault = onFault ?? (() => {});
    this.#busyTimeoutMs = options.busyTimeoutMs;
  }

  registerAccount(request: AccountRequest): Promise<RegisterResult> {
    return this.#transaction((db) =>
      registerAccount({ db, newAccountName: this.#newAccountName, nowMs: this.#clock.wallMs() }, request),
    );
  }

  updateAccount(name: string, change: AccountChange): Promise<UpdateAccountResult> {
    return this.#transaction((db) => updateAccount({ db, nowMs: this.#clock.wallMs() }, name, change));
  }

  deleteAccount(name: string): Promise<DeleteAccountResult> {
    return this.#transaction((db) => deleteAccount(db, name));
  }

  findAccount(name: string): Promise<FindAccountResult> {
    return this.#run(() => findAccount(this.#db, name));
  }

  showAccount(name: string): Promise<AccountRecord | null> {
    return this.#run(() => showAccount(this.#db, name));
  }

  countAccounts(): Promise<number> {
    return this.#run(() => countAccounts(this.#db));
  }

  listAccounts(page: AccountPage): Promise<readonly AccountRecord[]> {
    return this.#run(() => listAccounts(this.#db, page));
  }

  addPool(request: PoolRequest): Promise<AddPoolResult> {
    return this.#transaction((db) => addPool(db, request, this.#clock.wallMs()));
  }

  updatePool(address: Endpoint, change: PoolChange): Promise<UpdatePoolResult> {
    return this.#transaction((db) => updatePool(db, address, change, this.#clock.wallMs()));
  }

  deletePool(address: Endpoint): Promise<DeletePoolResult> {
    return this.#transaction((db) => deletePool(db, address));
  }

  listPools(page: PoolPage): Promise<readonly PoolRecord[]> {
    return this.#run(() => listPools(this.#db, page));
  }

  resolvePool(endpoint: Endpoint): Promise<Pool | null> {
    return this.#run(() => resolvePool(this.#db, endpoint));
  }

  listAlgorithms(): Promise<readonly AlgorithmRecord[]> {
    return this.#run(() => listAlgorithms(this.#db));
  }

  findAlgorithm(nameOrAlias: string): Promise<AlgorithmRecord | null> {
    return this.#run(() => findAlgorithm(this.#db, nameOrAlias));
  }

  addAlgorithm(request: AlgorithmRequest): Promise<AddAlgorithmResult> {
    return this.#transaction((db) => addAlgorithm(db, request));
  }

  updateAlgorithm(name: string, change: AlgorithmChange): Promise<UpdateAlgorithmResult> {
    return this.#transaction((db) => updateAlgorithm(db, name, change));
  }

  deleteAlgorithm(name: string): Promise<DeleteAlgorithmResult> {
    return this.#transaction((db) => deleteAlgorithm(db, name));
  }

  addToken(request: TokenRequest): Promise<TokenRecord> {
    return this.#transaction((db) => addToken(db, request, this.#clock.wallMs()));
  }

  listTokens(): Promise<readonly TokenRecord[]> {
    return this.#run(() => listTokens(this.#db));
  }

  deleteToken(id: number): Promise<TokenRecord | null> {
    return this.#transaction((db) => deleteToken(db, id));
  }

  addAudit(request: AuditRequest): Promise<void> {
    return this.#transaction((db) => addAudit(db, request, this.#clock.wallMs()));
  }

  listAudit(page: AuditPage): Promise<readonly AuditRecord[]> {
    return this.#run(() => listAudit(this.#db, page));
  }

  dropAuditBefore(atMs: number): Promise<number> {
    return this.#transaction((db) => dropAuditBefore(db, atMs));
  }

  putBan(ban: BanRecord): Promise<void> {
    return this.#transaction((db) => putBan(db, ban, this.#clock.wallMs()));
  }

  listBans(): Promise<readonly BanRecord[]> {
    return this.#transaction((db) => listBans(db, this.#clock.wallMs()));
  }

  deleteBan(address: string): Promise<boolean> {
    return this.#transaction((db) => deleteBan(db, address));
  }

  addEvents(events: readonly EventRecord[], options: Patience = {}): Promise<void> {
    return this.#relaxedTransaction((db) => addEvents(db, events), options);
  }

  listEvents(page: EventPage): Promise<readonly EventRecord[]> {
    return this.#run(() => listEvents(this.#db, page));
  }

  dropEvents(bounds: { readonly most: number; readonly beforeMs: number }): Promise<number> {
    return this.#relaxedTransaction((db) => dropEvents(db, bounds), {});
  }

  exportAccounts(page: AccountPage): Promise<readonly AccountExport[]> {
    return this.#run(() => exportAccounts(this.#db, page));
  }

  registerAccounts(requests: readonly AccountRequest[]): Promise<readonly RegisterResult[]> {
    return this.#transaction(async (db) => {
      const collaborators = { db, newAccountName: this.#newAccountName, nowMs: this.#clock.wallMs() };
      const results: RegisterResult[] = [];
      for (const request of requests) results.push(await registerAccount(collaborators, request));
      return results;
    });
  }

  moveAccounts(names: readonly string[], move: AccountMove): Promise<readonly MoveAccountResult[]> {
    return this.#run(() => moveAccounts({ db: this.#db, nowMs: this.#clock.wallMs() }, names, move));
  }

  noteAccountsSeen(names: readonly string[], atMs: number, options: Patience = {}): Promise<void> {
    return this.#relaxedTransaction((db) => noteAccountsSeen(db, names, atMs), options);
  }

  listIdleAccounts(beforeMs: number, limit: number): Promise<readonly string[]> {
    return this.#run(() => listIdleAccounts(this.#db, beforeMs, limit));
  }

  shiftIdleTimes(byMs: number, options: Patience = {}): Promise<void> {
    return this.#relaxedTransaction((db) => shiftIdleTimes(db, byMs), options);
  }

  closeIdleGap(leastGapMs: number): Promise<number> {
    return this.#transaction((db) => closeIdleGap(db, this.#clock.wallMs(), leastGapMs));
  }

  loadTotals(): Promise<readonly LastingTotal[]> {
    return this.#transaction((db) => loadTotals(db, this.#clock.wallMs()));
  }

  saveTotals(totals: readonly LastingTotal[], options: Patience = {}): Promise<void> {
    return this.#relaxedTransaction((db) => saveTotals(db, totals, this.#clock.wallMs()), options);
  }

  async addHistory(minute: HistoryMinute, options: Patience = {}): Promise<void> {
    const series = this.#series;
    series.keep(await this.#relaxedTransaction((db) => addHistory({ db, series }, minute), options));
  }

  readHistory(range: HistoryRange): Promise<readonly HistoryPoint[]> {
    return readHistory((work) => this.#run(() => work(this.#db)), range);
  }

  pruneHistory(keepDays: HistoryRetention): Promise<boolean> {
    const series = this.#series;
    return this.#relaxedTransaction(
      (db) => pruneHistory({ db, series }, { nowMs: this.#clock.wallMs(), keepDays }),
      {},
    );
  }

  check(): Promise<void> {
    const look = async (): Promise<void> => {
      const checkedAtMs = this.#clock.wallMs();
      await this.#db
        .insertInto('health_probe')
        .values({ id: PROBE_ID, checked_at_ms: checkedAtMs })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ checked_at_ms: checkedAtMs }))
        .execute();
      await this.#db
        .selectFrom('health_probe')
        .select('checked_at_ms')
        .where('id', '=', PROBE_ID)
        .executeTakeFirstOrThrow();
    };
    return this.#tried(() => this.#engine.runRelaxed(look));
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  async #closeOnce(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await this.#db.destroy();
    await this.#engine.close();
  }

  #transaction<Result>(work: (db: Kysely<Tables>) => Promise<Result>): Promise<Result> {
    return this.#run(() => this.#db.transaction().execute(work));
  }

  #relaxedTransaction<Result>(
    work: (db: Kysely<Tables>) => Promise<Result>,
    { withinMs }: Patience,
  ): Promise<Result> {
    const transaction = () => this.#db.transaction().execute(work);
    return this.#tried(() => this.#engine.runRelaxed(transaction), withinMs);
  }

  /** Runs one operation: refused after `close`, which waits for it; tried again while it is locked out; faults typed. */
  #run<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#tried(() => this.#engine.run(work));
  }

  async #tried<Result>(attempt: () => Promise<Result>, timeoutMs = this.#busyTimeoutMs): Promise<Result> {
    if (this.#closing !== null) throw new StoreError('closed', 'the store is closed: the proxy is stopping');
    const operation = retryWhileBusy(
      attempt,
      { clock: this.#clock, toStoreError: (error) => this.#engine.toStoreError(error) },
      { timeoutMs },
    );
    this.#underWay.add(operation);
    try {
      return await operation;
    } catch (error) {
      if (error instanceof StoreError) this.#onFault(error);
      throw error;
    } finally {
      this.#underWay.delete(operation);
    }
  }
}

function randomAccountName(): string {
  return randomBytes(8).toString('hex');
}
