import type { Dialect } from '../../dialect.ts';
import { MIX_COMPLETION } from '../ethash/completion.ts';
import { ethashPairing } from '../ethash/pairing.ts';
import { ethashPlainMiner } from './miner.ts';
import { ethashPlainPool } from './pool.ts';

/** Ethminer's `stratum` without a version: jobs carry their target, shares their header and mix hash. */
export const ethashPlain: Dialect = {
  name: 'ethash-plain',
  family: 'ethash',
  miner: ethashPlainMiner,
  pool: ethashPlainPool,
  pairing: (pool) => ethashPairing('ethash-plain', pool),
  completion: MIX_COMPLETION,
  claim: null,
};
