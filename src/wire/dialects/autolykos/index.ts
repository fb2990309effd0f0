import type { Dialect } from '../../dialect.ts';
import { autolykosMiner } from './miner.ts';
import { autolykosPool } from './pool.ts';

/** The stratum of Ergo (Autolykos v2). */
export const autolykos: Dialect = {
  name: 'autolykos',
  family: 'autolykos',
  miner: autolykosMiner,
  pool: autolykosPool,
  pairing: (pool) => (pool === 'autolykos' ? 'direct' : 'none'),
  claim: null,
};
