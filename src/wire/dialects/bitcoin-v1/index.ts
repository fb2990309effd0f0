import type { Dialect } from '../../dialect.ts';
import { bitcoinMiner } from './miner.ts';
import { bitcoinPool } from './pool.ts';

export const bitcoinV1: Dialect = { name: 'bitcoin-v1', miner: bitcoinMiner, pool: bitcoinPool };
