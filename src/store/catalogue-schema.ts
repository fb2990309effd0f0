import { type Static, Type } from 'typebox';

/** Wire protocols that the catalogue may name, whether this version of the program speaks them or not. */
const DIALECTS = [
  'bitcoin-v1',
  'cryptonote',
  'ethproxy',
  'ethereum-stratum',
  'eip1571',
  'ethash-plain',
  'equihash',
  'kawpow',
  'kaspa',
  'autolykos',
  'alephium',
  'handshake',
  'decred',
  'nexa',
  'xelis',
  'warthog',
  'kadena',
  'octopus',
  'beam',
  'grin',
  'ironfish',
] as const;

const Dialect = Type.Enum(DIALECTS);
const closed = { additionalProperties: false } as const;

const CatalogueAlgorithmSchema = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
    aliases: Type.Array(Type.String({ pattern: '^[a-z0-9][a-z0-9_./-]{0,31}$' }), { uniqueItems: true }),
    divider: Type.Number({
      exclusiveMinimum: 0,
      description: 'A share of difficulty 1 stands for 2^32 / divider hashes.',
    }),
    unit: Type.Enum(['H', 'Sol', 'g']),
    dialects: Type.Array(Dialect, { minItems: 1, uniqueItems: true, description: 'The default first.' }),
    note: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })),
  },
  closed,
);

const CataloguePoolSchema = Type.Object(
  {
    host: Type.String({ minLength: 1, maxLength: 255, description: 'A host or `*.suffix`, lower case.' }),
    ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), { minItems: 1, uniqueItems: true }),
    algorithm: Type.String({ description: 'Name of an algorithm, not an alias.' }),
    dialect: Type.Optional(Dialect),
    tls: Type.Boolean(),
    label: Type.String({ minLength: 1, maxLength: 80 }),
    coin: Type.Optional(Type.String({ pattern: '^[A-Z0-9]{2,10}$' })),
  },
  closed,
);

/** The shape of `catalogue/algorithms.json`. */
export const AlgorithmFileSchema = Type.Object(
  { version: Type.Literal(1), algorithms: Type.Array(CatalogueAlgorithmSchema) },
  closed,
);

/** The shape of `catalogue/pools.json`. */
export const PoolFileSchema = Type.Object(
  { version: Type.Literal(1), pools: Type.Array(CataloguePoolSchema) },
  closed,
);

export type CatalogueAlgorithm = Static<typeof CatalogueAlgorithmSchema>;
export type CataloguePool = Static<typeof CataloguePoolSchema>;

/** What the program ships with: known algorithms and well-known public pools. */
export interface Catalogue {
  readonly algorithms: readonly CatalogueAlgorithm[];
  readonly pools: readonly CataloguePool[];
}
