import { createHash } from 'node:crypto';

/** As far as ethminer looks for a seed hash; block 61,440,000 at 30,000 blocks an epoch. */
const MAX_EPOCHS = 2048;

interface Seeds {
  readonly ofEpoch: readonly string[];
  readonly toEpoch: ReadonlyMap<string, number>;
}

let seeds: Seeds | null = null;

/** Made when first asked for: a few milliseconds, and then the same for ever. */
function allSeeds(): Seeds {
  if (seeds !== null) return seeds;
  const ofEpoch: string[] = [];
  const toEpoch = new Map<string, number>();
  for (let seed = Buffer.alloc(32); ofEpoch.length < MAX_EPOCHS; ) {
    const text = seed.toString('hex');
    toEpoch.set(text, ofEpoch.length);
    ofEpoch.push(text);
    seed = createHash('keccak-256').update(seed).digest();
  }
  seeds = { ofEpoch, toEpoch };
  return seeds;
}

/** The seed hash of an epoch (hex number): keccak-256 of 32 zero bytes, that many times. Null for an epoch beyond 2047. */
export function seedOfEpoch(epoch: string): string | null {
  return allSeeds().ofEpoch[Number.parseInt(epoch, 16)] ?? null;
}

/** The epoch (hex number) of a seed hash (64 digits, lower case), or null where it belongs to none below 2048. */
export function epochOfSeed(seed: string): string | null {
  return allSeeds().toEpoch.get(seed)?.toString(16) ?? null;
}
