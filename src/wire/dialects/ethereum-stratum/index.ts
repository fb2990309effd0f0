import type { Dialect } from '../../dialect.ts';
import { ethashPairing } from '../ethash/pairing.ts';
import { ethereumStratumMiner } from './miner.ts';
import { ethereumStratumPool } from './pool.ts';

/** EthereumStratum/1.0.0 by NiceHash: the pool begins the nonce, the miner submits the rest of it. */
export const ethereumStratum: Dialect = {
  name: 'ethereum-stratum',
  family: 'ethash',
  miner: ethereumStratumMiner,
  pool: ethereumStratumPool,
  pairing: (pool) => ethashPairing('ethereum-stratum', pool),
  claim: null,
};
