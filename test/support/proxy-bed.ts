import { algorithms } from '../../src/algorithms/index.ts';
import { type Account, type AccountMode, NO_ACCOUNT_DIFFICULTY } from '../../src/domain/account.ts';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { NO_POOL_OPTIONS, type PoolOptions } from '../../src/domain/pool-options.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { type Log, silentLog } from '../../src/kit/log.ts';
import { Networks } from '../../src/net/networks.ts';
import { Proxy, type ProxyParts } from '../../src/proxy/proxy.ts';
import type { ProxySettings } from '../../src/proxy/settings.ts';
import { NO_MIX } from '../../src/proxy/share-mix.ts';
import { ShareVerifier } from '../../src/proxy/share-verifier.ts';
import { bitcoinV1 } from '../../src/wire/dialects/bitcoin-v1/index.ts';

type Override<T> = { readonly [K in keyof T]?: T[K] extends object ? Partial<T[K]> : T[K] };

/** Settings as an operator's defaults, with short times where a test would wait. */
export function testSettings(override: Override<ProxySettings> = {}): ProxySettings {
  return {
    limits: {
      handshakeMs: 5000,
      idleMs: 0,
      lineBytes: 16_384,
      poolLineBytes: 65_536,
      sendBufferBytes: 1_048_576,
      connections: 0,
      openFiles: 0,
      connectionsPerAddress: 0,
      pendingSubmits: 256,
      refusalDelayMs: 0,
      jobsKept: 16,
      ...override.limits,
    },
    bans: { threshold: 0, windowSeconds: 600, durationSeconds: 600, ...override.bans },
    upstream: {
      dialTimeoutMs: 2000,
      callTimeoutMs: 2000,
      configureTimeoutMs: 500,
      submitTimeoutMs: 2000,
      silenceMs: 60_000,
      retryMinMs: 50,
      retryMaxMs: 500,
      authorizeWaitMs: 3000,
      holdSeconds: 60,
      lingerMs: 500,
      refreshMs: 45_000,
      agent: 'stratum-proxy/test',
      versionMask: '1fffe000',
      suggestDifficulty: 'relay',
      maxSessions: 10_000,
      ...override.upstream,
    },
    vardiff: { sharesPerMinute: 6, ...override.vardiff },
    rental: { mode: 'dedicated', minDifficulty: 500_000, ...override.rental },
    failover: { standby: 'cold', returnAfterSeconds: 60, refuseAfterSeconds: 10, ...override.failover },
    verify: override.verify ?? 'auto',
    extranonce: { prefixBytes: 1, sizeBytes: 3, ...override.extranonce },
    session: { resumeSeconds: 300, hintSeconds: 3600, ...override.session },
  };
}

/** A pool account without a store, as the directory would give it. */
export function testAccount(
  name: string,
  pool: { readonly host: string; readonly port: number },
  options: {
    user?: string;
    password?: string;
    algorithm?: string;
    divider?: number;
    mode?: AccountMode;
    poolOptions?: Partial<PoolOptions>;
  } = {},
): Account {
  return {
    name,
    label: '',
    mode: options.mode ?? 'dedicated',
    difficulty: NO_ACCOUNT_DIFFICULTY,
    workerTemplate: '{user}',
    revision: 1,
    entries: [
      {
        pool: {
          ...pool,
          name: formatEndpoint(pool),
          algorithm: { name: options.algorithm ?? 'sha256d', divider: options.divider ?? 1, unit: 'H' },
          dialect: 'bitcoin-v1',
          tls: false,
          options: { ...NO_POOL_OPTIONS, ...options.poolOptions },
        },
        user: options.user ?? 'wallet.rig',
        password: options.password ?? 'x',
      },
    ],
  };
}

export interface ProxyBed extends AsyncDisposable {
  readonly proxy: Proxy;
  readonly port: number;
  readonly accounts: Map<string, Account>;
  /** An account is another from now on, to miners that are there and to those that come. */
  change(account: Account): void;
}

/** The proxy room alone on a real port, accounts from a map. */
export async function startProxyBed(
  accounts: readonly Account[],
  settings: ProxySettings = testSettings(),
  parts: Partial<ProxyParts> & { log?: Log } = {},
): Promise<ProxyBed> {
  const known = new Map(accounts.map((account) => [account.name, account]));
  const proxy = new Proxy(
    {
      clock: systemClock,
      log: silentLog,
      dialects: [bitcoinV1],
      secureContext: null,
      trustedProxies: Networks.none,
      verifier: new ShareVerifier(algorithms),
      mix: NO_MIX,
      isListed: () => false,
      emit: () => {},
      algorithmNamed: () => null,
      dialectsInUse: () =>
        [...known.values()].flatMap(({ entries }) => entries.map(({ pool }) => pool.dialect)),
      accounts: {
        find: (name, then) => {
          const account = known.get(name);
          then(account === undefined ? { kind: 'unknown' } : { kind: 'found', account });
        },
      },
      ...parts,
    },
    settings,
  );
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 });
  return {
    proxy,
    port,
    accounts: known,
    change: (account) => {
      known.set(account.name, account);
      proxy.onAccountChanged(account);
    },
    [Symbol.asyncDispose]: () => {
      proxy.stop();
      return Promise.resolve();
    },
  };
}
