import type { Dialect } from '../../dialect.ts';
import { ethProxyMiner } from './miner.ts';
import { ethProxyPool } from './pool.ts';

/** Work by `eth_getWork`, pushed too. Shares carry the mix hash, which plain pools want as well and the two EthereumStratum do not give. */
export const ethProxy: Dialect = {
  name: 'ethproxy',
  family: 'ethash',
  miner: ethProxyMiner,
  pool: ethProxyPool,
  worksFor: (pool) => pool === 'ethproxy' || pool === 'ethash-plain',
  claim: null,
};
