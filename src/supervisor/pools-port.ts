import type { Endpoint } from '../domain/endpoint.ts';
import { canonicalHost, formatPoolPattern } from '../domain/pool-pattern.ts';
import { shownVia } from '../domain/via.ts';
import type {
  AddPoolResult,
  PoolAddition,
  PoolsPort,
  PoolTestsPort,
  PoolTestView,
  PoolView,
} from '../http/ports/pools.ts';
import type { PoolRecord, PoolRequest, Store } from '../store/store.ts';
import { namesOf } from './algorithms-port.ts';
import { everyPage, firstRows, holds, poolListing } from './listing.ts';

/** `onChange` is told when the pool list has changed. `discovery` finds out what pools are that are added without their algorithm. */
export function poolsPort(
  store: Store,
  onChange: () => Promise<void>,
  discovery: PoolTestsPort = NO_DISCOVERY,
): PoolsPort {
  return {
    async add(addition) {
      const found = await foundOf(store, discovery, addition);
      if (found.kind !== 'found') return found;
      const result = await store.addPool({ ...addition, ...found.facts });
      if (result.kind === 'conflict' || result.kind === 'unknown-dialect' || result.kind === 'no-difficulty')
        return result;
      if (result.kind === 'unknown-algorithm') {
        return { kind: 'unknown-algorithm', known: await namesOf(store) };
      }
      if (result.kind === 'created') await onChange();
      return { kind: result.kind, pools: result.pools.map(poolView) };
    },

    async update(address, change) {
      const result = await store.updatePool(address, change);
      if (result.kind === 'unknown-algorithm') return { kind: result.kind, known: await namesOf(store) };
      if (result.kind !== 'updated') return result;
      await onChange();
      return { ...result, pool: poolView(result.pool) };
    },

    async delete(address) {
      const result = await store.deletePool(address);
      if (result.kind !== 'deleted') return result;
      await onChange();
      return { kind: 'deleted', pool: poolView(result.pool) };
    },

    async list({ limit, after, algorithm, search }) {
      const { rows, next } = await firstRows(poolListing(store, { algorithm: algorithm ?? undefined }), {
        limit,
        after,
        isWanted: (record) => matchesPool(record, search),
      });
      return { pools: rows.map(poolView), next };
    },
  };
}

const NO_DISCOVERY: PoolTestsPort = { test: async () => ({ kind: 'busy' }) };

/** What is stored of a pool that is added: as it is given, or as it is found out. */
type Found =
  | {
      readonly kind: 'found';
      readonly facts: Pick<PoolRequest, 'algorithm' | 'algorithmFrom' | 'dialect'>;
    }
  | Exclude<AddPoolResult, { readonly kind: 'created' | 'existing' }>;

async function foundOf(store: Store, discovery: PoolTestsPort, addition: PoolAddition): Promise<Found> {
  const { algorithm, pattern, dialect, tls, options = {}, login = null } = addition;
  if (algorithm !== null) return { kind: 'found', facts: { algorithm, dialect } };
  const { host, ports } = pattern;
  const [port, ...others] = ports;
  if (port === undefined || others.length > 0 || host.startsWith('*'))
    return {
      kind: 'undetermined',
      message:
        'only one host and port can be asked for its algorithm: add them one by one, or name the algorithm',
    };
  const endpoint = { host, port };
  const own = await ownEntry(store, endpoint);
  // The operator has said so, or the pool has once: it is not asked again.
  if (own !== null)
    return { kind: 'found', facts: { algorithm: own.algorithm, dialect: dialect ?? own.dialect } };
  const result = await discovery.test({
    endpoint,
    login,
    tls,
    options,
    ...(dialect === undefined ? {} : { dialect }),
  });
  if (result.kind !== 'tested') return result;
  const { test } = result;
  if (
    test.algorithm === null ||
    test.dialect === null ||
    (test.dialectFrom === 'answers' && test.algorithmFrom !== 'catalogue')
  )
    return { kind: 'undetermined', message: askFor(test, login !== null) };
  return {
    kind: 'found',
    facts: { algorithm: test.algorithm, algorithmFrom: test.algorithmFrom, dialect: test.dialect },
  };
}

/** The operator's entry of exactly this address. */
async function ownEntry(store: Store, { host, port }: Endpoint): Promise<PoolRecord | null> {
  const canonical = canonicalHost(host);
  for await (const page of everyPage(poolListing(store, { source: 'operator' }))) {
    const own = page.find((record) => record.host === canonical && record.port === port);
    if (own !== undefined) return own;
  }
  return null;
}

const MOST_NAMED = 12;

/** What the pool has left open, and how to go on. */
function askFor(test: PoolTestView, hasLogin: boolean): string {
  const { pool, failure, dialect, dialectFrom, possibleDialects, possibleAlgorithms, notes } = test;
  const named = possibleAlgorithms.slice(0, MOST_NAMED).join(', ');
  const which =
    possibleAlgorithms.length === 0
      ? ''
      : ` (one of ${named}${possibleAlgorithms.length > MOST_NAMED ? ' and others' : ''})`;
  const speaks =
    dialect !== null && dialectFrom === 'job'
      ? `it speaks ${dialect}, in which the algorithm is not said`
      : possibleDialects.length > 0
        ? `it may speak ${possibleDialects.join(', ')}`
        : '';
  const poolWords = failure?.poolMessage == null ? '' : ` (in its words: ${failure.poolMessage})`;
  const parts = [failure === null ? '' : failure.message + poolWords, speaks, ...notes].filter(
    (text) => text !== '',
  );
  const login = hasLogin
    ? ''
    : ', or give "user" and "password" so that the pool can be asked as mining would';
  return `what ${pool} mines is not clear: ${parts.join('; ')}. Name the algorithm${which}${login}`;
}

function poolView(record: PoolRecord): PoolView {
  const { host, port, algorithm, algorithmFrom, dialect, tls, label, coin, source, options } = record;
  return {
    pool: formatPoolPattern({ host, ports: [port] }),
    algorithm,
    algorithmFrom,
    dialect,
    tls,
    label,
    coin,
    source,
    options: { ...options, via: options.via === null ? null : shownVia(options.via) },
  };
}

function matchesPool({ host, port, label, coin }: PoolRecord, search: string | null): boolean {
  return holds([`${host}:${port}`, label, coin], search);
}
