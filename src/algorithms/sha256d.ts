import { sha256d80 } from '../kit/sha256.ts';
import type { Algorithm } from './algorithm.ts';

/** Double SHA-256: Bitcoin and its relatives. */
export const sha256d: Algorithm = {
  name: 'sha256d',
  hashHeader: sha256d80,
  hashHeaderLater: null,
  costUs: 1,
  coinbaseHash: 'sha256d',
};
