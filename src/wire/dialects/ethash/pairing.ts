import type { Pairing } from '../../dialect.ts';

/**
 * Miners by their dialect, and what it takes for them to work for pools of the four. What a share consists of decides (docs/protocols/ethproxy.md, which dialect at which pool):
 * EthProxy and plain submit the whole nonce, header and mix hash, the two versions of EthereumStratum the digits behind a prefix that the pool has said.
 */
const PAIRINGS: Readonly<Record<string, Readonly<Record<string, Pairing>>>> = {
  ethproxy: {
    ethproxy: 'direct',
    'ethash-plain': 'direct',
    'ethereum-stratum': 'whole-nonce',
    eip1571: 'whole-nonce',
  },
  'ethash-plain': {
    ethproxy: 'direct',
    'ethash-plain': 'direct',
    'ethereum-stratum': 'whole-nonce',
    eip1571: 'whole-nonce',
  },
  'ethereum-stratum': {
    ethproxy: 'completed',
    'ethash-plain': 'completed',
    'ethereum-stratum': 'direct',
    eip1571: 'direct',
  },
  eip1571: {
    ethproxy: 'completed',
    'ethash-plain': 'completed',
    'ethereum-stratum': 'direct',
    eip1571: 'direct',
  },
};

/** What it takes for a miner of one dialect of the family to work for a pool of another; `none` for names of other families. */
export function ethashPairing(miner: string, pool: string): Pairing {
  return PAIRINGS[miner]?.[pool] ?? 'none';
}
