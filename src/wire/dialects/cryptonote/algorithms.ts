/**
 * Names of algorithms as xmrig writes them (xmrig/xmrig doc/ALGORITHMS.md), by their names in the catalogue. For our login, and for jobs that do not name theirs: a miner
 * would take the one that it was started with.
 */
const WIRE_NAMES: ReadonlyMap<string, string> = new Map([
  ['randomx', 'rx/0'],
  ['randomx-wow', 'rx/wow'],
  ['randomx-arq', 'rx/arq'],
  ['randomx-graft', 'rx/graft'],
  ['randomx-sfx', 'rx/sfx'],
  ['randomx-keva', 'rx/keva'],
  ['randomx-yada', 'rx/yada'],
  ['panthera', 'panthera'],
  ['cryptonight-r', 'cn/r'],
  ['cryptonight-gpu', 'cn/gpu'],
  ['cryptonight-upx2', 'cn/upx2'],
  ['cryptonight-ccx', 'cn/ccx'],
  ['cryptonight-heavy', 'cn-heavy/0'],
  ['cryptonight-haven', 'cn-heavy/xhv'],
  ['cryptonight-pico', 'cn-pico'],
  ['chukwa', 'argon2/chukwa'],
  ['chukwav2', 'argon2/chukwav2'],
  ['ghostrider', 'ghostrider'],
]);

/** Null where the catalogue's name says nothing to a miner. */
export function wireNameOf(algorithm: string): string | null {
  return WIRE_NAMES.get(algorithm) ?? null;
}

const CATALOGUE_NAMES: ReadonlyMap<string, string> = new Map(
  Array.from(WIRE_NAMES, ([name, wireName]) => [wireName, name]),
);

/**
 * What the catalogue calls the algorithm of a job; in the job's spelling, lower case, where it has no name for it.
 * [xmrig/xmrig src/base/crypto/Algorithm.cpp] takes the long forms and the families' bare names too.
 */
export function catalogueNameOf(algorithm: string): string {
  const name = algorithm
    .toLowerCase()
    .replace(/^randomx\//, 'rx/')
    .replace(/^cryptonight(?=[/-])/, 'cn')
    .replace(/^cn-pico\/(?:0|trtl|turtle)$/, 'cn-pico')
    .replace(/^cn-heavy$/, 'cn-heavy/0')
    .replace(/^chukwa/, 'argon2/chukwa');
  return CATALOGUE_NAMES.get(name) ?? name;
}

/** Where things stand in a blob, in bytes from its beginning. */
export interface BlobLayout {
  /** The nonce has 4 bytes from here. */
  readonly nonceAt: number;
  /** What tells one block from another, from here to before `blockEnd`. */
  readonly blockAt: number;
  readonly blockEnd: number;
}

/**
 * Version, version and time have 1, 1 and 5 bytes as numbers of variable length, then comes the id of the previous block
 * (https://github.com/monero-project/research-lab, "Zero to Monero" 7.2; xmrig/xmrig src/base/net/stratum/Job.cpp).
 */
const MONERO: BlobLayout = { nonceAt: 39, blockAt: 7, blockEnd: 39 };
/** A bitcoin header: version, hash of the previous block. */
const GHOSTRIDER: BlobLayout = { nonceAt: 76, blockAt: 4, blockEnd: 36 };
/** A text: version, time, public key, height, and the previous block's hash in 64 digits before the nonce (pdxwebdev/yadacoin yadacoin/core/block.py, `generate_header`). */
const YADA: BlobLayout = { nonceAt: 147, blockAt: 83, blockEnd: 147 };

/** `algorithm` as the job names it, or null. */
export function layoutOf(algorithm: string | null): BlobLayout {
  switch (algorithm?.toLowerCase()) {
    case 'ghostrider':
    case 'gr':
      return GHOSTRIDER;
    case 'rx/yada':
    case 'randomx/yada':
      return YADA;
    case undefined:
    default:
      return MONERO;
  }
}

/** [xmrig/xmrig Job.cpp] The targets of rx/yada are numbers as one reads them, all others little-endian. */
export function hasPlainTargets(algorithm: string | null): boolean {
  return layoutOf(algorithm) === YADA;
}
