import type { AlgorithmFacts } from '../../domain/account.ts';
import type { PoolSource } from '../../domain/pool-pattern.ts';
import type { InUse } from './in-use.ts';

export interface AlgorithmView extends AlgorithmFacts {
  /** Other names it is known by. */
  readonly aliases: readonly string[];
  /** Wire protocols it is mined with, the usual one first. */
  readonly dialects: readonly string[];
  /** What an operator should know of it; may be empty. */
  readonly note: string;
  readonly source: PoolSource;
  /** What an operator has changed of what the catalogue says. */
  readonly overridden: readonly string[];
}

/** What `POST /algorithms` asks for. */
export interface AlgorithmAddition extends AlgorithmFacts {
  readonly aliases?: readonly string[];
  readonly dialects: readonly [string, ...string[]];
  readonly note?: string;
}

/** What `PATCH /algorithms/{name}` asks for. Absent: stays as it is. Null: the default, which for the catalogue's is what it says. */
export interface AlgorithmChange {
  readonly divider?: number | null;
  readonly unit?: AlgorithmFacts['unit'] | null;
  readonly aliases?: readonly string[] | null;
  readonly dialects?: readonly [string, ...string[]] | null;
  readonly note?: string | null;
}

export type AddAlgorithmResult =
  | { readonly kind: 'created' | 'existing'; readonly algorithm: AlgorithmView }
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'unknown-dialect'; readonly dialect: string; readonly known: readonly string[] };

export type UpdateAlgorithmResult =
  /** `changed`: names of the fields that are others now, as the API calls them. */
  | { readonly kind: 'updated'; readonly algorithm: AlgorithmView; readonly changed: readonly string[] }
  | { readonly kind: 'not-found'; readonly known: readonly string[] }
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'unknown-dialect'; readonly dialect: string; readonly known: readonly string[] }
  /** Null was given for this key, which has no default. */
  | { readonly kind: 'no-default'; readonly key: string }
  /** Entries of the pool list name a dialect that would be taken away. */
  | InUse;

export type DeleteAlgorithmResult =
  | { readonly kind: 'deleted'; readonly algorithm: AlgorithmView }
  | { readonly kind: 'not-found'; readonly known: readonly string[] }
  /** It ships with the program. */
  | { readonly kind: 'catalogue' }
  /** Pools of the list are of it. */
  | InUse;

/** Changes resolve when they are safe on disk and have begun to reach the miners. `by`: whoever asks for it, as the audit log names them; absent: not known. */
export interface AlgorithmsPort {
  /** Ordered by name. */
  list(): Promise<readonly AlgorithmView[]>;
  add(addition: AlgorithmAddition, by?: string): Promise<AddAlgorithmResult>;
  update(name: string, change: AlgorithmChange, by?: string): Promise<UpdateAlgorithmResult>;
  delete(name: string, by?: string): Promise<DeleteAlgorithmResult>;
}
