import type { Dialect } from '../../dialect.ts';
import { ethashPairing } from '../ethash/pairing.ts';
import { eip1571Miner } from './miner.ts';
import { eip1571Pool } from './pool.ts';

/** EthereumStratum/2.0.0: the pool begins the nonce, as in 1.0.0, and says by target and epoch what that says by difficulty and seed hash. */
export const eip1571: Dialect = {
  name: 'eip1571',
  family: 'ethash',
  miner: eip1571Miner,
  pool: eip1571Pool,
  pairing: (pool) => ethashPairing('eip1571', pool),
  claim: null,
};
