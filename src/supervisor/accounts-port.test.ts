import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { RecordingLog, testServer } from '../../test/support/http-fixtures.ts';
import type { AccountMining } from '../http/mining.ts';
import type { AccountView } from '../http/ports/accounts.ts';
import type { HttpServer } from '../http/server.ts';
import { systemClock } from '../kit/clock.ts';
import type { Catalogue } from '../store/catalogue-schema.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { accountSource } from './account-source.ts';
import { accountsPort } from './accounts-port.ts';
import { faultsPort } from './store-faults.ts';

const CATALOGUE: Catalogue = {
  algorithms: [
    { name: 'sha256d', aliases: [], divider: 1, unit: 'H', dialects: ['bitcoin-v1'] },
    { name: 'kawpow', aliases: [], divider: 1, unit: 'H', dialects: ['kawpow'] },
  ],
  pools: [
    { host: 'one.example.com', ports: [3333, 4444], algorithm: 'sha256d', tls: false, label: 'One' },
    { host: 'two.example.com', ports: [3333], algorithm: 'sha256d', tls: false, label: 'Two' },
    { host: 'rvn.example.com', ports: [3333], algorithm: 'kawpow', tls: false, label: 'Raven' },
  ],
};
const SECRETS = ['opensesame-1', 'opensesame-2', 'opensesame-3'] as const;
const ALICE = { pool: 'one.example.com:3333', user: 'alice', password: SECRETS[0] };

type MiningAccount = AccountView & { readonly mining: AccountMining };

function accountOf({ payload }: { readonly payload: string }): AccountView {
  return JSON.parse(payload) as AccountView;
}

/** The API over a real data file, as the program joins them. */
describe('users over HTTP and SQLite', () => {
  let directory: string;
  let store: Store;
  let server: HttpServer;
  let log: RecordingLog;
  let told: string[];
  let onChange: (name: string) => Promise<void> | void;
  let answers: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'accounts-port-'));
    log = new RecordingLog();
    told = [];
    answers = '';
    onChange = (name) => {
      told.push(name);
    };
    const path = join(directory, 'proxy.db');
    store = await openSqliteStore({ log, clock: systemClock }, { path, catalogue: CATALOGUE });
    server = testServer(
      {
        log,
        accounts: accountsPort(store, (name) => onChange(name), {
          canShare: ({ algorithm }) => algorithm.name === 'sha256d',
        }),
        faults: faultsPort,
      },
      { limits: { requestsPerMinute: 0, closeMs: 200 } },
    );
  });

  afterEach(async () => {
    // Whatever a test did: no password in any answer or line of the log.
    for (const secret of SECRETS) {
      assert.ok(!answers.includes(secret), answers);
      assert.ok(!log.text.includes(secret), log.text);
    }
    await server.close();
    await store.close();
    await rm(directory, { recursive: true });
  });

  async function call(line: string, body?: object) {
    const [method, url] = line.split(' ');
    const methods = ['GET', 'POST', 'PATCH', 'DELETE'] as const;
    const known = methods.find((one) => one === method);
    assert.ok(known !== undefined && url !== undefined);
    const response = await server.inject({
      method: known,
      url: `/api/v1/users${url}`,
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    answers += `${response.payload}\n`;
    return { status: response.statusCode, payload: response.payload };
  }

  async function register(body: object): Promise<string> {
    const response = await call('POST /', body);
    assert.ok(response.status === 201 || response.status === 200, response.payload);
    return (JSON.parse(response.payload) as { name: string }).name;
  }

  async function page(query: string): Promise<{ users: AccountView[]; next: string | null }> {
    const { payload } = await call(`GET /${query}`);
    return JSON.parse(payload) as { users: AccountView[]; next: string | null };
  }

  async function show(name: string): Promise<AccountView> {
    const { mining, ...account } = JSON.parse((await call(`GET /${name}`)).payload) as MiningAccount;
    assert.equal(mining.miners, 0);
    return account;
  }

  /** What a worker would be given. */
  async function mined(name: string) {
    const answer = await accountSource(store).find(name);
    assert.ok(answer.kind === 'found');
    return answer.account;
  }

  test('a user is registered, shown, changed and deleted; what changes reaches who has to know', async () => {
    const name = await register({
      ...ALICE,
      backups: [
        { pool: 'two.example.com:3333', user: 'bob', password: SECRETS[1] },
        { pool: 'one.example.com:4444', user: 'alice' },
      ],
      label: 'Halle Süd',
      difficulty: { min: 2.3e-10, sharesPerMinute: 30 },
    });
    assert.deepEqual(told, []);
    const shown = await show(name.toUpperCase());
    assert.deepEqual(shown, {
      name,
      pool: 'one.example.com:3333',
      user: 'alice',
      hasPassword: true,
      algorithm: 'sha256d',
      backups: [
        { pool: 'two.example.com:3333', user: 'bob', hasPassword: true, algorithm: 'sha256d' },
        { pool: 'one.example.com:4444', user: 'alice', hasPassword: false, algorithm: 'sha256d' },
      ],
      mode: 'auto',
      label: 'Halle Süd',
      difficulty: { min: 2.3e-10, max: null, sharesPerMinute: 30 },
      workerTemplate: '{user}',
      revision: 1,
      createdAt: shown.createdAt,
      changedAt: shown.createdAt,
      lastSeenAt: null,
    });
    assert.ok(Math.abs(Date.parse(shown.createdAt) - Date.now()) < 60_000);

    const changed = await call(`PATCH /${name}`, { password: SECRETS[2] });
    assert.equal(changed.status, 200);
    const { changedAt } = accountOf(changed);
    assert.deepEqual(accountOf(changed), { ...shown, revision: 2, changedAt });
    assert.deepEqual(told, [name]);
    const account = await mined(name);
    assert.deepEqual(
      account.entries.map(({ pool, user, password }) => [pool.name, user, password]),
      [
        ['one.example.com:3333', 'alice', SECRETS[2]],
        ['two.example.com:3333', 'bob', SECRETS[1]],
        ['one.example.com:4444', 'alice', ''],
      ],
    );
    assert.equal(account.revision, 2);

    // Rearranged by one who knows no password.
    const backups = shown.backups.map(({ pool, user }) => ({ pool, user })).toReversed();
    assert.equal((await call(`PATCH /${name}`, { backups })).status, 200);
    assert.deepEqual(
      (await mined(name)).entries.map(({ user, password }) => [user, password]),
      [
        ['alice', SECRETS[2]],
        ['alice', ''],
        ['bob', SECRETS[1]],
      ],
    );

    const reset = await call(`PATCH /${name}`, {
      password: null,
      backups: null,
      label: null,
      difficulty: null,
    });
    assert.deepEqual(accountOf(reset), {
      ...shown,
      hasPassword: false,
      backups: [],
      label: '',
      difficulty: { min: null, max: null, sharesPerMinute: null },
      revision: 4,
      changedAt: accountOf(reset).changedAt,
    });

    const deleted = await call(`DELETE /${name}`);
    assert.deepEqual([deleted.status, deleted.payload], [204, '']);
    assert.deepEqual(told, [name, name, name, name]);
    assert.deepEqual(await accountSource(store).find(name), { kind: 'unknown' });
    for (const line of [`GET /${name}`, `PATCH /${name}`, `DELETE /${name}`]) {
      const response = await call(line, line.startsWith('PATCH') ? {} : undefined);
      assert.equal(response.status, 404, line);
    }
    assert.equal(told.length, 4);
    assert.notEqual(await register(ALICE), name);
  });

  test('the same registration gives the same name, other properties are a conflict that names the way out', async () => {
    const name = await register({
      ...ALICE,
      label: 'a',
      backups: [{ ...ALICE, pool: 'two.example.com:3333' }],
    });
    assert.equal(await register(ALICE), name);
    for (const extra of [
      { label: 'b' },
      { backups: [] },
      { mode: 'dedicated' },
      { difficulty: { max: 8 } },
    ]) {
      const response = await call('POST /', { ...ALICE, ...extra });
      assert.equal(response.status, 409);
      assert.match(response.payload, new RegExp(`PATCH /api/v1/users/${name}`));
    }
  });

  test('what is refused is refused whole', async () => {
    const name = await register(ALICE);
    const other = await register({ ...ALICE, user: 'bob' });
    const refusals: [object, number, string][] = [
      [{ label: 'x', pool: 'new.example.com:3333' }, 404, 'unknown-pool'],
      [{ label: 'x', user: 'bob' }, 409, 'conflict'],
      [{ label: 'x', backups: [{ ...ALICE, pool: 'rvn.example.com:3333' }] }, 422, 'mixed-algorithms'],
      [{ label: 'x', difficulty: { min: 8, max: 4 } }, 422, 'invalid-value'],
      [{ label: 'x', pool: 'rvn.example.com:3333', mode: 'shared' }, 422, 'not-available'],
    ];
    for (const [body, status, code] of refusals) {
      const response = await call(`PATCH /${name}`, body);
      assert.equal(response.status, status, response.payload);
      assert.match(response.payload, new RegExp(`^{"error":{"code":"${code}",`));
    }
    assert.match((await call(`PATCH /${name}`, { user: 'bob' })).payload, new RegExp(other));
    assert.deepEqual(told, []);
    const { label, revision } = await show(name);
    assert.deepEqual([label, revision], ['', 1]);
    const mixed = await call('POST /', {
      ...ALICE,
      user: 'carol',
      backups: [{ ...ALICE, pool: 'rvn.example.com:3333' }],
    });
    assert.equal(mixed.status, 422);
    assert.match(mixed.payload, /^\{"name":"","error":"the backup rvn\.example\.com:3333 mines kawpow/);
    assert.equal(await store.countAccounts(), 2);
  });

  test('shared is refused where it is not possible, whether mode or pool comes second', async () => {
    const raven = { ...ALICE, pool: 'rvn.example.com:3333' };
    assert.equal((await call('POST /', { ...raven, mode: 'shared' })).status, 422);
    const name = await register(raven);
    assert.equal((await call(`PATCH /${name}`, { mode: 'shared' })).status, 422);
    assert.equal((await call(`PATCH /${name}`, { mode: 'shared', pool: ALICE.pool })).status, 200);
    assert.equal((await call(`PATCH /${name}`, { pool: raven.pool })).status, 422);
    assert.equal((await call(`PATCH /${name}`, { pool: raven.pool, mode: null })).status, 200);
    assert.equal((await call(`PATCH /${'0'.repeat(16)}`, { mode: 'shared' })).status, 404);
  });

  test('the list is paged, and searched in name, label, users and pools', async () => {
    const names: string[] = [];
    for (let index = 0; index < 7; index += 1) {
      const backups = index === 3 ? [{ pool: 'two.example.com:3333', user: 'spare' }] : [];
      names.push(
        await register({ ...ALICE, user: `rig${index}`, label: index < 3 ? 'Süd' : 'Nord', backups }),
      );
    }
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const { users, next }: Awaited<ReturnType<typeof page>> = await page(
        `?limit=3${after === null ? '' : `&after=${after}`}`,
      );
      seen.push(...users.map(({ name }) => name));
      after = next;
      if (after === null) break;
      assert.equal(users.length, 3);
    }
    assert.deepEqual(seen, [...names].sort());
    assert.equal((await page('?limit=7')).next, null);

    const found = async (search: string) =>
      (await page(`?search=${encodeURIComponent(search)}`)).users.map(({ name }) => name).sort();
    assert.deepEqual(await found('SÜD'), names.slice(0, 3).sort());
    assert.deepEqual(await found('RIG5'), names.slice(5, 6));
    assert.deepEqual(await found('two.example.com:3333'), names.slice(3, 4));
    assert.deepEqual(await found('spare'), names.slice(3, 4));
    assert.deepEqual(await found(names[6] ?? ''), names.slice(6, 7));
    assert.deepEqual(await found('nothing of that kind'), []);
    assert.deepEqual(await found('%'), []);
    // A password cannot be searched for.
    assert.deepEqual(await found(SECRETS[0]), []);
    const first = await page('?limit=2&search=nord');
    const second = await page(`?limit=2&search=nord&after=${first.next}`);
    assert.deepEqual(
      [...first.users, ...second.users].map(({ name }) => name),
      names.slice(3).sort(),
    );
    assert.equal(second.next, null);
  });

  test('50 changes and a deletion at once, over real connections: each has one clear outcome', async () => {
    const name = await register(ALICE);
    const { port } = await server.listen();
    const send = (method: string, body: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = { 'content-type': 'application/json' };
        request(
          { host: '127.0.0.1', port, method, path: `/api/v1/users/${name}`, headers, agent: false },
          (response) => {
            response.setEncoding('utf8').on('data', (chunk: string) => {
              answers += chunk;
            });
            response.on('end', () => resolve(response.statusCode ?? 0));
          },
        )
          .on('error', reject)
          .end(body);
      });
    const changes = Array.from({ length: 50 }, (_, index) =>
      send('PATCH', JSON.stringify({ label: `change ${index}`, password: SECRETS[index % 3] })),
    );
    assert.deepEqual(new Set(await Promise.all(changes)), new Set([200]));
    assert.equal((await store.showAccount(name))?.revision, 51);
    assert.equal(told.length, 50);

    const mixed = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        index === 15 ? send('DELETE', '') : send('PATCH', JSON.stringify({ label: `again ${index}` })),
      ),
    );
    assert.equal(mixed.filter((status) => status === 204).length, 1);
    for (const status of mixed) assert.ok([200, 204, 404].includes(status), String(status));
    assert.equal(told.length, 50 + mixed.filter((status) => status < 300).length);
    assert.equal((await call(`GET /${name}`)).status, 404);
  });

  test('the answer to a change waits until it has been told', async () => {
    const name = await register(ALICE);
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    onChange = () => {
      asked.resolve();
      return gate.promise;
    };
    let isAnswered = false;
    const answer = call(`PATCH /${name}`, { label: 'x' }).then((response) => {
      isAnswered = true;
      return response;
    });
    await asked.promise;
    // What is on disk can be read by who is told.
    assert.equal((await mined(name)).label, 'x');
    assert.equal(isAnswered, false);
    gate.resolve();
    assert.equal((await answer).status, 200);
  });

  test('a change that could not be told is a fault, and saying it again tells it again', async () => {
    const name = await register(ALICE);
    onChange = () => Promise.reject(new Error('worker is gone'));
    assert.equal((await call(`PATCH /${name}`, { label: 'x' })).status, 500);
    assert.match(log.text, /worker is gone/);
    onChange = (changed) => {
      told.push(changed);
    };
    const again = await call(`PATCH /${name}`, { label: 'x' });
    assert.deepEqual([again.status, accountOf(again).revision], [200, 2]);
    assert.deepEqual(told, [name]);
  });
});
