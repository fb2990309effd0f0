import { scryptSync } from 'node:crypto';
import type { Algorithm } from './algorithm.ts';

const PARAMETERS = { N: 1024, r: 1, p: 1 };

/** scrypt with N=1024, r=1, p=1, the header as password and salt: Litecoin, Dogecoin and their relatives. */
export const scrypt: Algorithm = {
  name: 'scrypt',
  hashHeader(header, out) {
    const bytes = header.length === 80 ? header : header.subarray(0, 80);
    out.set(scryptSync(bytes, bytes, 32, PARAMETERS));
  },
  costUs: 350,
  coinbaseHash: 'sha256d',
};
