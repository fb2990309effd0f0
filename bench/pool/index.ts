import type { DialectName } from '../dialects.ts';
import { type BitcoinPoolOptions, BitcoinVoice } from './bitcoin-v1.ts';
import { CryptonoteVoice } from './cryptonote.ts';
import type { Ledger, Voice } from './voice.ts';

/** How a port of the pool is to behave. Size of the extranonce and difficulty are of bitcoin-v1. */
export interface PoolOptions extends BitcoinPoolOptions {
  /** Absent: bitcoin-v1. */
  readonly dialect?: DialectName;
}

/** What the pool can speak. */
export const VOICES: Readonly<Record<DialectName, (ledger: Ledger, options: PoolOptions) => Voice>> = {
  'bitcoin-v1': (ledger, options) => new BitcoinVoice(ledger, options),
  cryptonote: (ledger) => new CryptonoteVoice(ledger),
};
