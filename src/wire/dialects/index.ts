import type { Dialect } from '../dialect.ts';
import { autolykos } from './autolykos/index.ts';
import { bitcoinV1 } from './bitcoin-v1/index.ts';
import { cryptonote } from './cryptonote/index.ts';
import { eip1571 } from './eip1571/index.ts';
import { equihash } from './equihash/index.ts';
import { ethashPlain } from './ethash-plain/index.ts';
import { ethereumStratum } from './ethereum-stratum/index.ts';
import { ethProxy } from './ethproxy/index.ts';
import { kaspa } from './kaspa/index.ts';
import { kawpow } from './kawpow/index.ts';

/** Every wire protocol that the program speaks; the first is what a connection speaks that does not say. Adding one is a folder and a line here. */
export const DIALECTS: readonly Dialect[] = [
  bitcoinV1,
  cryptonote,
  ethProxy,
  ethashPlain,
  ethereumStratum,
  eip1571,
  equihash,
  kawpow,
  kaspa,
  autolykos,
];
