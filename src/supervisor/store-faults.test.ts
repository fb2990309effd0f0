import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { RecordingLog, testServer } from '../../test/support/http-fixtures.ts';
import { systemClock } from '../kit/clock.ts';
import type { Catalogue } from '../store/catalogue-schema.ts';
import { SqlStore } from '../store/sql/sql-store.ts';
import { openDatabase, toKysely } from '../store/sqlite/database.ts';
import { openSqliteStore, sqliteEngine } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { StoreError, type StoreErrorKind } from '../store/store-error.ts';
import { accountsPort } from './accounts-port.ts';
import { algorithmsPort } from './algorithms-port.ts';
import { poolsPort } from './pools-port.ts';
import { faultsPort } from './store-faults.ts';

const CATALOGUE: Catalogue = {
  algorithms: [{ name: 'sha256d', aliases: [], divider: 1, unit: 'H', dialects: ['bitcoin-v1'] }],
  pools: [{ host: 'one.example.com', ports: [3333], algorithm: 'sha256d', tls: false, label: 'One' }],
};

describe('a store that cannot be used', () => {
  const methods = ['GET', 'POST', 'PATCH', 'DELETE'] as const;
  const calls = [
    ['POST', '/users', { pool: 'one.example.com:3333', user: 'bob', label: 'l'.repeat(100) }],
    ['PATCH', '/users/0123456789abcdef', { label: 'x' }],
    ['DELETE', '/users/0123456789abcdef', undefined],
    ['GET', '/users', undefined],
    ['GET', '/users/0123456789abcdef', undefined],
    ['POST', '/pools', { pool: 'new.example.com:1', algorithm: 'sha256d' }],
    ['GET', '/pools', undefined],
    ['GET', '/algorithms', undefined],
  ] as const satisfies readonly (readonly [(typeof methods)[number], string, object | undefined])[];
  const writes = calls.filter(([method]) => method !== 'GET');

  const cases: readonly {
    readonly what: string;
    readonly code: string;
    readonly retryAfter: string | undefined;
    readonly failing: readonly (typeof calls)[number][];
    readonly message: RegExp;
    /** Makes the data unusable, and gives back what mends it. */
    spoil(data: Data): Promise<() => void> | (() => void);
  }[] = [
    {
      what: 'locked by another process',
      code: 'store-busy',
      retryAfter: '5',
      // SQLite's readers are not held up by a writer.
      failing: writes,
      message: /locked: try again/,
      spoil({ path }) {
        const other = openDatabase({ log: new RecordingLog() }, path);
        other.exec('begin exclusive');
        return () => {
          other.exec('rollback');
          other.close();
        };
      },
    },
    {
      what: 'on a full disk',
      code: 'store-full',
      retryAfter: '60',
      failing: writes.slice(0, 1),
      message: /free some space/,
      async spoil({ database, store }) {
        // SQLite reports the file's own size limit in the way it reports a full disk.
        database.pragma(`max_page_count = ${String(database.pragma('page_count', { simple: true }))}`);
        const endpoint = { host: 'one.example.com', port: 3333 };
        const filling = async (): Promise<never> => {
          for (let user = 0; ; user += 1)
            await store.registerAccount({ endpoint, user: `u${user}`, password: '' });
        };
        await assert.rejects(filling(), { kind: 'disk-full' });
        return () => database.pragma('max_page_count = 10000');
      },
    },
    {
      what: 'that has been closed',
      code: 'store-down',
      retryAfter: '30',
      failing: calls,
      message: /log has the cause under request [0-9a-f]+/,
      async spoil({ store }) {
        await store.close();
        return () => {};
      },
    },
    {
      what: 'whose tables are not what the program knows',
      code: 'internal',
      retryAfter: undefined,
      failing: calls.filter(([method, url]) => method === 'GET' && url.startsWith('/users')),
      message: /log has the cause under request [0-9a-f]+/,
      spoil({ database }) {
        database.exec('alter table account_entries rename to elsewhere');
        return () => database.exec('alter table elsewhere rename to account_entries');
      },
    },
  ];

  interface Data {
    readonly path: string;
    readonly database: ReturnType<typeof openDatabase>;
    readonly store: Store;
  }

  for (const { what, code, retryAfter, failing, message, spoil } of cases) {
    test(`${what}: ${code}`, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'store-faults-'));
      const path = join(directory, 'proxy.db');
      const log = new RecordingLog();
      await (await openSqliteStore({ log, clock: systemClock }, { path, catalogue: CATALOGUE })).close();
      const database = openDatabase({ log }, path);
      const engine = sqliteEngine(database, path);
      const db = toKysely(database);
      const store = new SqlStore({ db, engine, clock: systemClock }, { busyTimeoutMs: 50 });
      const server = testServer({
        log,
        accounts: accountsPort(store, () => {}),
        pools: poolsPort(store, async () => {}),
        algorithms: algorithmsPort(store, async () => {}, { dialects: ['bitcoin-v1'] }),
        faults: faultsPort,
      });
      const call = ([method, url, body]: (typeof calls)[number]) =>
        server.inject({
          method,
          url: `/api/v1${url}`,
          ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
        });
      try {
        assert.ok(failing.length > 0);
        const mend = await spoil({ path, database, store });
        for (const request of failing) {
          const response = await call(request);
          const where = `${request[0]} ${request[1]}: ${response.payload}`;
          assert.equal(response.statusCode, code === 'internal' ? 500 : 503, where);
          assert.equal(response.headers['x-error-code'], code, where);
          assert.equal(response.headers['retry-after'], retryAfter, where);
          assert.match(response.payload, message);
          assert.ok(!response.payload.includes(path), 'where the data is stands in the log alone');
          if (request[0] === 'POST' && request[1] === '/users')
            assert.deepEqual(Object.keys(response.json()), ['name', 'error']);
        }
        assert.match(log.text, /api request failed .*StoreError/);
        if (code !== 'internal') {
          for (let again = 0; again < 3; again += 1) for (const request of failing) await call(request);
          const logged = log.lines.filter((line) => /^(?:warn|error) api request failed/.test(line));
          assert.equal(logged.length, 1, logged.join('\n'));
          assert.ok(!log.text.includes('    at '), 'no stack for what is known');
        }
        mend();
        if (code === 'store-down') return;
        for (const request of failing)
          assert.ok((await call(request)).statusCode <= 404, `${request[0]} ${request[1]}`);
      } finally {
        await server.close();
        await store.close();
        await rm(directory, { recursive: true });
      }
    });
  }

  test('every kind of fault has a meaning, and what is no fault of the store has none', () => {
    const meanings: Readonly<Record<StoreErrorKind, string | null>> = {
      busy: 'busy',
      'disk-full': 'full',
      'disk-fault': 'down',
      corrupt: 'down',
      closed: 'down',
      'not-writable': 'down',
      'no-directory': 'down',
      'not-a-database': 'down',
      'foreign-database': 'down',
      'newer-version': 'down',
      'bad-catalogue': null,
      failed: null,
    };
    for (const [kind, meaning] of Object.entries(meanings))
      assert.equal(faultsPort.outageOf(new StoreError(kind as StoreErrorKind, 'x')), meaning, kind);
    assert.equal(faultsPort.outageOf(new Error('busy')), null);
  });
});
