import type { Dialect } from '../../dialect.ts';
import { kawpowMiner } from './miner.ts';
import { kawpowPool } from './pool.ts';

/** The stratum of Ravencoin: KawPow, MeowPow, EvrProgPow, FiroPow, SCCPow. */
export const kawpow: Dialect = {
  name: 'kawpow',
  family: 'kawpow',
  miner: kawpowMiner,
  pool: kawpowPool,
  pairing: (pool) => (pool === 'kawpow' ? 'direct' : 'none'),
  claim: null,
};
