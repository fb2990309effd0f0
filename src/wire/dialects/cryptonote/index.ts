import type { Dialect } from '../../dialect.ts';
import { cryptonoteMiner } from './miner.ts';
import { cryptonotePool } from './pool.ts';
import { claimOf } from './share.ts';

/** Monero and its kin: RandomX, CryptoNight and whatever else xmrig mines by login, job and submit. */
export const cryptonote: Dialect = {
  name: 'cryptonote',
  family: 'cryptonote',
  miner: cryptonoteMiner,
  pool: cryptonotePool,
  pairing: (pool) => (pool === 'cryptonote' ? 'direct' : 'none'),
  claim: claimOf,
};
