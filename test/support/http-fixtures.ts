import { NO_ACCOUNT_DIFFICULTY } from '../../src/domain/account.ts';
import { NO_POOL_OPTIONS } from '../../src/domain/pool-options.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import type { AccountsPort, AccountView, Registration } from '../../src/http/ports/accounts.ts';
import type { ManagePorts, TokenView } from '../../src/http/ports/manage.ts';
import type { PoolsPort, PoolTestView, PoolView } from '../../src/http/ports/pools.ts';
import type { HttpPorts } from '../../src/http/ports.ts';
import { createHttpServer, type HttpServer } from '../../src/http/server.ts';
import type { Log, LogFields } from '../../src/kit/log.ts';
import { eventsPort, fleetPort, healthPort, serverFacts } from './fleet-fixtures.ts';

/** Keeps every line as text, the way any sink could write it. */
export class RecordingLog implements Log {
  readonly lines: string[] = [];
  readonly debug = (event: string, fields?: LogFields) => this.#add('debug', event, fields);
  readonly info = (event: string, fields?: LogFields) => this.#add('info', event, fields);
  readonly warn = (event: string, fields?: LogFields) => this.#add('warn', event, fields);
  readonly error = (event: string, fields?: LogFields) => this.#add('error', event, fields);

  #add(level: string, event: string, fields?: LogFields): void {
    this.lines.push(`${level} ${event} ${JSON.stringify(fields ?? {})}`);
  }

  get text(): string {
    return this.lines.join('\n');
  }
}

export const SHA256D = {
  name: 'sha256d',
  divider: 1,
  unit: 'H' as const,
  aliases: ['sha256'],
  dialects: ['bitcoin-v1'],
  note: '',
  source: 'catalogue' as const,
  overridden: [],
};

export const EQUIHASH = {
  name: 'equihash',
  divider: 8192,
  unit: 'Sol' as const,
  aliases: ['equihash200_9'],
  dialects: ['equihash', 'bitcoin-v1'],
  note: 'Counts solutions.',
  source: 'catalogue' as const,
  overridden: [],
};

export function poolView(some: Partial<PoolView> = {}): PoolView {
  return {
    pool: 'pool.example.com:3333',
    algorithm: 'sha256d',
    algorithmFrom: 'catalogue',
    dialect: 'bitcoin-v1',
    tls: false,
    label: '',
    coin: 'BTC',
    source: 'catalogue',
    options: NO_POOL_OPTIONS,
    ...some,
  };
}

export function poolTestView(some: Partial<PoolTestView> = {}): PoolTestView {
  return {
    pool: 'pool.example.com:3333',
    reachable: true,
    address: '192.0.2.7',
    tls: null,
    connectMs: 21,
    loginMs: 64,
    firstJobMs: 66,
    dialect: 'bitcoin-v1',
    dialectFrom: 'job',
    possibleDialects: ['bitcoin-v1'],
    algorithm: 'sha256d',
    algorithmFrom: 'job',
    possibleAlgorithms: ['sha256d'],
    difficulty: 1024,
    hashesPerShare: 2 ** 42,
    extranonce1Bytes: 4,
    extranonce2Bytes: 4,
    versionMask: null,
    notes: [],
    failure: null,
    ...some,
  };
}

export function accountView(some: Partial<AccountView> = {}): AccountView {
  return {
    name: '0123456789abcdef',
    pool: 'pool.example.com:3333',
    user: 'alice',
    hasPassword: true,
    algorithm: 'sha256d',
    backups: [],
    mode: 'auto',
    label: '',
    difficulty: NO_ACCOUNT_DIFFICULTY,
    workerTemplate: '{user}',
    revision: 1,
    createdAt: '2026-01-02T03:04:05.006Z',
    changedAt: '2026-01-02T03:04:05.006Z',
    lastSeenAt: null,
    ...some,
  };
}

/** Ports of the operator's part that say yes. */
export function managePorts(some: Partial<ManagePorts> = {}): ManagePorts {
  const token: TokenView = {
    id: 1,
    scope: 'admin',
    label: '',
    createdAt: '2026-01-02T03:04:05.006Z',
    expiresAt: null,
  };
  return {
    tokens: {
      create: async ({ scope, label }) => ({
        kind: 'created',
        token: 'sp_x',
        view: { ...token, scope, label },
      }),
      list: async () => [token],
      delete: async (id) => ({ kind: 'deleted', view: { ...token, id } }),
    },
    audit: { record: async () => {}, list: async () => ({ entries: [], next: null }) },
    settings: { reload: async () => ({ kind: 'reloaded', changed: [], needsRestart: [] }) },
    moves: { move: async () => ({ kind: 'done', moved: [], failures: [] }) },
    transfer: {
      async *export() {},
      import: async (registrations) =>
        registrations.map(({ name = '0123456789abcdef' }) => ({ kind: 'created', name })),
    },
    ...some,
  };
}

/** Every registration that reached the port. */
export interface TestServer extends HttpServer {
  readonly log: RecordingLog;
  readonly registrations: readonly Registration[];
}

/** What a test replaces, of accounts and pools by method. */
export type TestPorts = Partial<Omit<HttpPorts, 'accounts' | 'pools'>> & {
  readonly log?: RecordingLog;
  readonly accounts?: Partial<AccountsPort>;
  readonly pools?: Partial<PoolsPort>;
};

/** A server over ports that say yes, each of which a test may replace. Nothing listens until `listen`. */
export function testServer(some: TestPorts = {}, options: Partial<HttpOptions> = {}): TestServer {
  const { accounts, pools, log = new RecordingLog(), ...others } = some;
  const registrations: Registration[] = [];
  const server = createHttpServer(
    {
      log,
      accounts: {
        async register(registration) {
          registrations.push(registration);
          return { kind: 'created', name: '0123456789abcdef' };
        },
        list: async () => ({ users: [accountView()], next: null }),
        show: async (name) => accountView({ name }),
        update: async (name) => ({
          kind: 'updated',
          account: accountView({ name, revision: 2 }),
          changed: ['label'],
        }),
        delete: async () => ({ kind: 'deleted' }),
        ...accounts,
      },
      pools: {
        add: async ({ pattern, algorithm, dialect = 'bitcoin-v1', tls, label = '' }) => ({
          kind: 'created',
          pools: pattern.ports.map((port) =>
            poolView({
              pool: `${pattern.host}:${port}`,
              algorithm: algorithm ?? 'sha256d',
              algorithmFrom: algorithm === null ? 'job' : 'given',
              dialect,
              tls,
              label,
              coin: '',
              source: 'operator',
            }),
          ),
        }),
        update: async ({ host, port }, { label = '', options }) => ({
          kind: 'updated',
          pool: poolView({ pool: `${host}:${port}`, label, options: { ...NO_POOL_OPTIONS, ...options } }),
          changed: ['label'],
        }),
        delete: async ({ host, port }) => ({
          kind: 'deleted',
          pool: poolView({ pool: `${host}:${port}`, source: 'operator' }),
        }),
        list: async () => ({ pools: [], next: null }),
        ...pools,
      },
      poolTests: {
        test: async ({ endpoint }) => ({
          kind: 'tested',
          test: poolTestView({ pool: `${endpoint.host}:${endpoint.port}` }),
        }),
      },
      algorithms: {
        list: async () => [EQUIHASH, SHA256D],
        add: async ({ name }) => ({ kind: 'created', algorithm: { ...SHA256D, name, source: 'operator' } }),
        update: async (name) => ({ kind: 'updated', algorithm: { ...SHA256D, name }, changed: ['note'] }),
        delete: async (name) => ({ kind: 'deleted', algorithm: { ...SHA256D, name } }),
      },
      health: healthPort(),
      metrics: {
        async *render(format) {
          yield Buffer.from(`# ${format}\n`);
        },
      },
      reports: { read: async () => [] },
      fleet: fleetPort(),
      events: eventsPort(),
      server: { read: async () => serverFacts() },
      history: { read: async (_, range) => ({ stepSeconds: 60, ...range, points: [] }) },
      faults: { outageOf: () => null },
      manage: managePorts(),
      ...others,
    },
    { host: '127.0.0.1', port: 0, version: '1.2.3', tokens: [], allowedHosts: [], ...options },
  );
  return { ...server, log, registrations };
}
