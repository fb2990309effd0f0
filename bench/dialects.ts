/** The protocols that generator and pool of the bench speak. A new one is a line here and one in the lists of `load/` and `pool/`. */
export const DIALECTS = ['bitcoin-v1', 'cryptonote'] as const;

export type DialectName = (typeof DIALECTS)[number];

/** What a pool of the dialect is registered with at the proxy, by its name in the catalogue. */
export const ALGORITHM_OF: Readonly<Record<DialectName, string>> = {
  'bitcoin-v1': 'sha256d',
  cryptonote: 'randomx',
};
