import type { Dialect } from '../../dialect.ts';
import { equihashMiner } from './miner.ts';
import { equihashPool } from './pool.ts';
import { claimOf } from './share.ts';

/** Their shares are not worth what sha256d of them says; see `isHashedOtherwise` of `parts.ts`. */
const HASHED_OTHERWISE: ReadonlySet<string> = new Set(['verushash', 'equihash-210-9']);

/** The stratum of Zcash (ZIP-301) and its relatives: Equihash of all parameters; VerusHash relayed. */
export const equihash: Dialect = {
  name: 'equihash',
  family: 'equihash',
  miner: equihashMiner,
  pool: equihashPool,
  pairing: (pool) => (pool === 'equihash' ? 'direct' : 'none'),
  claim: claimOf,
  claimsOf: (algorithm) => !HASHED_OTHERWISE.has(algorithm),
};
