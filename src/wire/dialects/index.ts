import type { Dialect } from '../dialect.ts';
import { autolykos } from './autolykos/index.ts';
import { bitcoinV1 } from './bitcoin-v1/index.ts';
import { equihash } from './equihash/index.ts';
import { kaspa } from './kaspa/index.ts';
import { kawpow } from './kawpow/index.ts';

/** Every wire protocol that the program speaks. Adding one is a folder and a line here. */
export const DIALECTS: readonly Dialect[] = [bitcoinV1, equihash, kawpow, kaspa, autolykos];
