import type { Dialect } from '../../dialect.ts';
import { MIX_COMPLETION } from '../ethash/completion.ts';
import { ethashPairing } from '../ethash/pairing.ts';
import { ethProxyMiner } from './miner.ts';
import { ethProxyPool } from './pool.ts';

/** Work by `eth_getWork`, pushed too. Shares carry the mix hash, which plain pools want as well and the two EthereumStratum do not give. */
export const ethProxy: Dialect = {
  name: 'ethproxy',
  family: 'ethash',
  miner: ethProxyMiner,
  pool: ethProxyPool,
  pairing: (pool) => ethashPairing('ethproxy', pool),
  completion: MIX_COMPLETION,
  claim: null,
};
