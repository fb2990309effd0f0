import type { BannedBy } from './event.ts';

/** Bans of the operator's at once: each is looked at for every connection. */
export const MOST_BANS = 1000;

/** An address or network from which no connection is taken. */
export interface Ban {
  /** In its one spelling. */
  readonly address: string;
  /** Milliseconds since 1970-01-01 UTC; null: without end. */
  readonly untilMs: number | null;
  readonly reason: string;
  readonly by: BannedBy;
}

/** Who comes from an address or network at the moment. */
export interface BanReach {
  readonly connections: number;
  /** Names of the accounts that miners of these are logged in to. */
  readonly accounts: readonly string[];
}

/** What the operator asks for. */
export interface BanRequest {
  readonly address: string;
  /** Null: without end. */
  readonly seconds: number | null;
  readonly reason: string;
}

export type BanResult =
  /** `closed`: what came from there. */
  | { readonly kind: 'banned'; readonly ban: Ban; readonly closed: BanReach }
  /** There are as many bans as can be kept. */
  | { readonly kind: 'full' };
