import type { AccountDifficulty, AccountMode } from '../domain/account.ts';
import type { Endpoint } from '../domain/endpoint.ts';
import type {
  AccountPage,
  AccountRefusal,
  AccountRequest,
  CredentialsRequest,
  RegisterResult,
} from './store.ts';

/** An account with its passwords. */
export interface AccountExport {
  readonly name: string;
  readonly label: string;
  readonly mode: AccountMode;
  readonly difficulty: AccountDifficulty;
  readonly workerTemplate: string;
  /** The primary first. */
  readonly entries: readonly [CredentialsRequest, ...CredentialsRequest[]];
}

/** One pool is to take the place of another. */
export interface AccountMove {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** User name at the new pool, `{user}` in it standing for the one at the old; null: the same. */
  readonly user: string | null;
  /** Nothing is changed: what would happen is told. */
  readonly dryRun: boolean;
}

export type MoveAccountResult =
  | { readonly kind: 'moved' }
  /** There is no such account, or it has nothing at the old pool. */
  | { readonly kind: 'not-there' }
  /** Its new pool, user and password are those of the account `name`. */
  | { readonly kind: 'conflict'; readonly name: string; readonly message: string }
  | AccountRefusal;

/** Accounts by the many: taken out, put in, and told by whether anybody uses them. */
export interface AccountsInBulk {
  /** Ordered by name. */
  exportAccounts(page: AccountPage): Promise<readonly AccountExport[]>;
  /** As `registerAccount` for each, in one transaction; what one is refused for does not hold up the others. */
  registerAccounts(requests: readonly AccountRequest[]): Promise<readonly RegisterResult[]>;
  /**
   * Puts the new pool in the place of the old in every entry of these accounts, with the password that the entry had; one result each, in one transaction. What one
   * is refused for does not hold up the others.
   */
  moveAccounts(names: readonly string[], move: AccountMove): Promise<readonly MoveAccountResult[]>;
  /** Notes that these accounts had miners at this time, in milliseconds since 1970-01-01 UTC; a later time that is noted already stays. Names that are no accounts are passed over. */
  noteAccountsSeen(
    names: readonly string[],
    atMs: number,
    options?: { readonly withinMs?: number },
  ): Promise<void>;
  /** Names of accounts that nobody has used, registered or changed since then; at most `limit`. */
  listIdleAccounts(beforeMs: number, limit: number): Promise<readonly string[]>;
  /** Moves the time since when an account is idle forward, for all of them: time in which nobody could be seen does not count. */
  shiftIdleTimes(byMs: number, options?: { readonly withinMs?: number }): Promise<void>;
  /**
   * The same by the whole gap between now and the newest of these times, where it exceeds `leastGapMs`. To be called before anything notes,
   * registers or changes an account after a pause. Gives the gap, 0 where nothing was moved.
   */
  closeIdleGap(leastGapMs: number): Promise<number>;
}
