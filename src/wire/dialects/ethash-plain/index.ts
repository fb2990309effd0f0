import type { Dialect } from '../../dialect.ts';
import { ethashPlainMiner } from './miner.ts';
import { ethashPlainPool } from './pool.ts';

/** Ethminer's `stratum` without a version: jobs carry their target, shares their header and mix hash. */
export const ethashPlain: Dialect = {
  name: 'ethash-plain',
  family: 'ethash',
  miner: ethashPlainMiner,
  pool: ethashPlainPool,
  worksFor: (pool) => pool === 'ethash-plain' || pool === 'ethproxy',
  claim: null,
};
