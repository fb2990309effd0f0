import type { Dialect } from '../../dialect.ts';
import { kaspaMiner } from './miner.ts';
import { kaspaPool } from './pool.ts';

/** The stratum of Kaspa (kHeavyHash) and its forks. */
export const kaspa: Dialect = {
  name: 'kaspa',
  family: 'kaspa',
  miner: kaspaMiner,
  pool: kaspaPool,
  pairing: (pool) => (pool === 'kaspa' ? 'direct' : 'none'),
  claim: null,
};
