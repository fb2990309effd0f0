import type { Pool } from '../domain/account.ts';
import type { Dialect } from '../wire/dialect.ts';
import type { PoolSubscription } from '../wire/messages.ts';
import type { ShareMix } from './share-mix.ts';

/** Why a miner of this dialect can never mine at a pool, in words for it; null where nothing that is known before its login there speaks against it. */
export function pairingFault(
  dialect: Dialect,
  pool: Pick<Pool, 'name' | 'dialect' | 'algorithm'>,
  mix: Pick<ShareMix, 'canMix'>,
): string | null {
  const { algorithm, name } = pool;
  const both = `This account mines ${algorithm.name} on ${name}, which speaks ${pool.dialect}; this miner speaks ${dialect.name}`;
  switch (dialect.pairing(pool.dialect)) {
    case 'none':
      return both;
    case 'completed':
      return mix.canMix(algorithm.name)
        ? null
        : `${both}, whose shares lack the mix hash, and that is not computed here for ${algorithm.name}: have it speak ${pool.dialect}`;
    case 'direct':
    case 'whole-nonce':
      return null;
  }
}

/** Why it cannot, now that the pool has said how nonces begin; null where it can. */
export function prefixFault(
  dialect: Dialect,
  pool: Pick<Pool, 'name' | 'dialect'>,
  { extranonce1 }: Pick<PoolSubscription, 'extranonce1'>,
): string | null {
  if (dialect.pairing(pool.dialect) !== 'whole-nonce' || extranonce1 === '') return null;
  return `At ${pool.name} nonces begin with ${extranonce1}, which a miner that speaks ${dialect.name} cannot be told: have it speak ${pool.dialect}`;
}
