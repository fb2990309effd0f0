import type { Dialect } from '../dialect.ts';
import { bitcoinV1 } from './bitcoin-v1/index.ts';
import { cryptonote } from './cryptonote/index.ts';

/** Every wire protocol that the program speaks. Adding one is a folder and a line here. */
export const DIALECTS: readonly Dialect[] = [bitcoinV1, cryptonote];
