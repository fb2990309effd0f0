import type { Dialect } from '../../dialect.ts';
import { bitcoinMiner } from './miner.ts';
import { bitcoinPool } from './pool.ts';

/** The classic: SHA-256 coins, scrypt, and most algorithms over an 80-byte header. */
export const bitcoinV1: Dialect = {
  name: 'bitcoin-v1',
  family: 'bitcoin',
  miner: bitcoinMiner,
  pool: bitcoinPool,
  pairing: (pool) => (pool === 'bitcoin-v1' ? 'direct' : 'none'),
  claim: null,
};
