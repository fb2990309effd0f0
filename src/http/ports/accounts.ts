import type { AccountDifficulty, AccountMode } from '../../domain/account.ts';
import type { Endpoint } from '../../domain/endpoint.ts';

/** Where to mine and as whom. */
export interface Credentials {
  readonly endpoint: Endpoint;
  readonly user: string;
  /** Secret. May be empty. */
  readonly password: string;
}

/** What an account has beside its credentials. Absent: not given. */
export interface AccountProperties {
  readonly mode?: AccountMode;
  readonly label?: string;
  /** Each by itself; null: none, or what is configured for all. */
  readonly difficulty?: Partial<AccountDifficulty>;
  readonly workerTemplate?: string;
}

/** What `POST /users` asks for; the credentials are the primary's. */
export interface Registration extends Credentials, AccountProperties {
  /** In order. */
  readonly backups?: readonly Credentials[];
}

/** What `PATCH /users/{name}` asks for. Absent: stays as it is. */
export interface AccountChange extends Partial<Credentials>, AccountProperties {
  /** In the place of all that there were. Without a password: that of the account's entry with the same address and user, else none. */
  readonly backups?: readonly (Omit<Credentials, 'password'> & { readonly password?: string })[];
}

/** Why an account cannot be as it was asked for. */
export type AccountRefusal =
  | { readonly kind: 'unknown-pool'; readonly endpoint: Endpoint }
  /** The account `name` is in the way. The message says how and holds no secret. */
  | { readonly kind: 'conflict'; readonly name: string; readonly message: string }
  /** The pool at `endpoint` mines `algorithm`, the entries before it `expected`. */
  | {
      readonly kind: 'mixed-algorithms';
      readonly endpoint: Endpoint;
      readonly algorithm: string;
      readonly expected: string;
    }
  | { readonly kind: 'difficulty-range'; readonly min: number; readonly max: number }
  /** The mode `shared` is not possible for what is mined at `endpoint`. */
  | { readonly kind: 'not-sharable'; readonly endpoint: Endpoint; readonly algorithm: string };

export type RegisterResult =
  | { readonly kind: 'created'; readonly name: string }
  | { readonly kind: 'existing'; readonly name: string }
  | AccountRefusal;

export type UpdateAccountResult =
  /** `changed`: names of the fields that are others now, as the API calls them. */
  | { readonly kind: 'updated'; readonly account: AccountView; readonly changed: readonly string[] }
  | { readonly kind: 'not-found' }
  | AccountRefusal;

/** One entry of an account as it is shown. */
export interface CredentialsView {
  /** `host:port` or `[IPv6]:port`. */
  readonly pool: string;
  readonly user: string;
  readonly hasPassword: boolean;
  /** What the pool mines; null when it is no longer in the pool list. */
  readonly algorithm: string | null;
}

/** An account as it is shown; the credentials are the primary's. */
export interface AccountView extends CredentialsView {
  readonly name: string;
  readonly backups: readonly CredentialsView[];
  readonly mode: AccountMode;
  readonly label: string;
  readonly difficulty: AccountDifficulty;
  readonly workerTemplate: string;
  /** 1 at first, one more with every change. */
  readonly revision: number;
  /** ISO 8601 in UTC. */
  readonly createdAt: string;
  readonly changedAt: string;
  /** When it last had a miner, to the minute; null: not since that is noted. */
  readonly lastSeenAt: string | null;
}

export interface AccountQuery {
  readonly limit: number;
  /** `next` of the page before; null for the first page. */
  readonly after: string | null;
  /** Lower case; found in the name, the label, or a user or pool of any entry, whatever their case. */
  readonly search: string | null;
}

export interface AccountPage {
  /** Ordered by name. */
  readonly users: readonly AccountView[];
  /** What to pass as `after` for the page that follows; null after the last. */
  readonly next: string | null;
}

/** Names are in lower case. `by`: whoever asks for it, as the audit log names them; absent: not known. */
export interface AccountsPort {
  /** Resolves when the account is safe on disk. */
  register(registration: Registration, by?: string): Promise<RegisterResult>;
  list(query: AccountQuery): Promise<AccountPage>;
  show(name: string): Promise<AccountView | null>;
  /** Resolves when the change is safe on disk and has begun to reach the miners. */
  update(name: string, change: AccountChange, by?: string): Promise<UpdateAccountResult>;
  /** The same. */
  delete(name: string, by?: string): Promise<{ readonly kind: 'deleted' | 'not-found' }>;
}
