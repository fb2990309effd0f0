import type { AccountDifficulty, AccountMode } from '../../domain/account.ts';
import type { TokenScope } from '../auth.ts';
import type { RegisterResult, Registration } from './accounts.ts';
import type { PoolMovesPort } from './moves.ts';

/** A stored token as it is shown: without its hash. */
export interface TokenView {
  readonly id: number;
  readonly scope: TokenScope;
  readonly label: string;
  /** ISO 8601 in UTC. */
  readonly createdAt: string;
  /** The same; null: never. */
  readonly expiresAt: string | null;
}

export interface TokenAddition {
  readonly scope: TokenScope;
  readonly label: string;
  /** Milliseconds since 1970-01-01 UTC; null: never. */
  readonly expiresAtMs: number | null;
}

/** Nobody could administer over the API any more, or everybody could. The message says which and what to do. */
export interface NeedsAdminToken {
  readonly kind: 'needs-admin-token';
  readonly message: string;
}

export type CreateTokenResult =
  | { readonly kind: 'created'; readonly token: string; readonly view: TokenView }
  | NeedsAdminToken;

export type DeleteTokenResult =
  | { readonly kind: 'deleted'; readonly view: TokenView }
  | { readonly kind: 'not-found' }
  | NeedsAdminToken;

/** Tokens that are stored. What is created or deleted counts from the next request. */
export interface TokensPort {
  create(addition: TokenAddition): Promise<CreateTokenResult>;
  /** Ordered by id, expired ones too. */
  list(): Promise<readonly TokenView[]>;
  delete(id: number): Promise<DeleteTokenResult>;
}

/** One change that somebody made. */
export interface AuditEntryView {
  readonly id: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly who: string;
  readonly from: string;
  readonly action: string;
  readonly target: string;
  readonly change: Readonly<Record<string, unknown>>;
}

export type AuditAddition = Omit<AuditEntryView, 'id' | 'at'>;

export interface AuditPort {
  /** Resolves when it is safe on disk. Nothing of it may be a secret. */
  record(addition: AuditAddition): Promise<void>;
  /** The newest first. `after`: `next` of the page before; null for the first. */
  list(query: { readonly limit: number; readonly after: number | null }): Promise<{
    readonly entries: readonly AuditEntryView[];
    readonly next: number | null;
  }>;
}

export type ReloadResult =
  | {
      readonly kind: 'reloaded';
      /** Keys whose new value is in force. */
      readonly changed: readonly string[];
      /** Keys whose new value will be in force after a restart. */
      readonly needsRestart: readonly string[];
    }
  /** Nothing has changed. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

export interface SettingsPort {
  /** Reads the configuration again and applies what can be applied. */
  reload(): Promise<ReloadResult>;
}

/** An account as it is taken elsewhere, without its passwords: what a registration takes, and its name. */
export interface ExportedAccount {
  readonly name: string;
  readonly pool: string;
  readonly user: string;
  readonly backups: readonly { readonly pool: string; readonly user: string }[];
  readonly mode: AccountMode;
  readonly label: string;
  readonly difficulty: AccountDifficulty;
  readonly workerTemplate: string;
}

export interface ImportedRegistration extends Registration {
  /** Lower case; an account that moves here keeps its name. */
  readonly name?: string;
}

export interface TransferPort {
  /** Every account, by name. */
  export(): AsyncIterable<ExportedAccount>;
  /** One result each, in order. Resolves when those that were taken are safe on disk. `by`: whoever asks for it, as the audit log names them; absent: not known. */
  import(registrations: readonly ImportedRegistration[], by?: string): Promise<readonly RegisterResult[]>;
}

/** What whoever runs the proxy needs of it beside accounts and pools. */
export interface ManagePorts {
  readonly tokens: TokensPort;
  readonly audit: AuditPort;
  readonly settings: SettingsPort;
  readonly transfer: TransferPort;
  readonly moves: PoolMovesPort;
}
