import { scrypt as scryptLater, scryptSync } from 'node:crypto';
import type { Algorithm } from './algorithm.ts';

const PARAMETERS = { N: 1024, r: 1, p: 1 };

/** scrypt with N=1024, r=1, p=1, the header as password and salt: Litecoin, Dogecoin and their relatives. */
export const scrypt: Algorithm = {
  name: 'scrypt',
  hashHeader(header, out) {
    const bytes = header.length === 80 ? header : header.subarray(0, 80);
    out.set(scryptSync(bytes, bytes, 32, PARAMETERS));
  },
  // Through the runtime's thread pool: 0.3 ms a share is too much for the loop that all miners share.
  hashHeaderLater(header, then) {
    const bytes = header.slice(0, 80);
    scryptLater(bytes, bytes, 32, PARAMETERS, (error, hash) => {
      if (error !== null) throw error;
      then(hash);
    });
  },
  costUs: 350,
  coinbaseHash: 'sha256d',
};
