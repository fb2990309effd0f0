import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { loadCatalogue } from '../../src/store/catalogue.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { Farm } from '../support/farm.ts';
import { FREE_PORTS, Program, runToEnd } from '../support/program.ts';
import { mining } from '../support/settings-bed.ts';
import { until } from '../support/until.ts';

const EASY = 400 / 2 ** 32;
const SECRET = 'hunter2-SECRET-password';

type Json = Readonly<Record<string, unknown>>;

async function inDirectory(check: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-manage-'));
  try {
    await check(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function codeOf(json: unknown): unknown {
  return (json as { readonly error?: Json }).error?.['code'];
}

function bearer(token: unknown) {
  return { authorization: `Bearer ${String(token)}` };
}

describe('management', { concurrency: 2 }, () => {
  test('a pool in use is kept; its miners follow a new divider without reconnecting, and it goes with its user', async () => {
    await using farm = await Farm.open();
    const { program } = farm;
    assert.equal(
      (await program.post('/api/v1/algorithms', { name: 'my-hash', dialects: ['bitcoin-v1'] })).status,
      201,
    );
    const pool = await farm.pool({ difficulty: EASY });
    const address = formatEndpoint(pool.endpoint);
    const name = await farm.account(pool, 'wallet');
    const miner = farm.miner(name);
    await miner.waitFor(({ accepted }) => accepted >= 2);

    const used = await program.request('DELETE', `/api/v1/pools/${address}`);
    assert.deepEqual([used.status, codeOf(used.json)], [409, 'in-use']);
    assert.ok(used.text.includes(name), used.text);

    const changed = await program.request('PATCH', `/api/v1/pools/${address}`, {
      body: { algorithm: 'my-hash' },
    });
    assert.equal(changed.status, 200, changed.text);
    await program.metricsWhere(
      (figures) => figures.sum('stratum_proxy_shares_at_pool_total', { algorithm: 'my-hash' }) >= 2,
      'shares under the new algorithm',
    );
    const figures = await program.metrics();
    assert.equal(figures.sum('stratum_proxy_connections_accepted_total'), 1, 'on the connection it had');
    const algorithm = await program.request('DELETE', '/api/v1/algorithms/my-hash');
    assert.deepEqual([algorithm.status, codeOf(algorithm.json)], [409, 'in-use']);

    assert.equal((await program.request('DELETE', `/api/v1/users/${name}`)).status, 204);
    assert.equal((await program.request('DELETE', `/api/v1/pools/${address}`)).status, 204);
    assert.equal((await program.request('DELETE', '/api/v1/algorithms/my-hash')).status, 204);
    const gone = await program.post('/api/v1/users', { pool: address, user: 'x' });
    assert.equal(gone.status, 404);
  });

  test('the first token closes the API, a second one of another scope may less, and a deleted one nothing', async () => {
    await using program = await Program.start();
    const early = await program.post('/api/v1/tokens', { scope: 'read' });
    assert.deepEqual([early.status, codeOf(early.json)], [409, 'needs-admin-token']);
    assert.equal((await program.get('/api/v1/users')).status, 200);

    const first = await program.post('/api/v1/tokens', { scope: 'admin', label: 'laptop' });
    assert.equal(first.status, 201, first.text);
    const admin = bearer((first.json as Json)['token']);
    assert.equal((await program.get('/api/v1/users')).status, 401);
    assert.equal((await program.get('/metrics')).status, 401);
    assert.equal((await program.get('/api/v1/users', admin)).status, 200);

    const soon = new Date(Date.now() + 1500).toISOString();
    const second = await program.post('/api/v1/tokens', { scope: 'read', expiresAt: soon }, admin);
    const read = bearer((second.json as Json)['token']);
    assert.equal((await program.get('/api/v1/users', read)).status, 200);
    assert.equal((await program.get('/api/v1/tokens', read)).status, 403);
    await until(
      async () => ((await program.get('/api/v1/users', read)).status === 401 ? true : undefined),
      () => 'the token expires',
      5000,
    );

    const listed = await program.get('/api/v1/tokens', admin);
    assert.ok(!listed.text.includes('sp_') && !/[0-9a-f]{64}/.test(listed.text), listed.text);
    const last = await program.request('DELETE', '/api/v1/tokens/1', { headers: admin });
    assert.deepEqual([last.status, codeOf(last.json)], [409, 'needs-admin-token']);
    assert.equal((await program.request('DELETE', '/api/v1/tokens/2', { headers: admin })).status, 200);
    assert.equal((await program.request('DELETE', '/api/v1/tokens/2', { headers: admin })).status, 404);
    assert.equal((await program.request('DELETE', '/api/v1/tokens/1', { headers: admin })).status, 200);
    assert.equal((await program.get('/api/v1/users')).status, 200, 'without any token it is open again');
    const stored = await readFile(program.dataFile);
    assert.ok(!stored.includes(String((first.json as Json)['token'])), 'the token itself is nowhere');
  });

  test('tokens from the command line: a running proxy takes them, and a listener for others starts with one only', async () => {
    await inDirectory(async (directory) => {
      const dataFile = join(directory, 'proxy.db');
      const exposed = ['--stratum.addr', '127.0.0.1:0', '--web.addr', '0.0.0.0:0', '--db.path', dataFile];
      const refused = await runToEnd(exposed);
      assert.equal(refused.code, 2);
      assert.match(
        refused.stderr,
        /lets other machines call the API, and there is no token.*token add admin/,
      );

      const added = await runToEnd(['token', 'add', 'admin', 'from the shell', '--db.path', dataFile]);
      assert.equal(added.code, 0, added.stderr);
      const token = /sp_\S+/.exec(added.stdout)?.[0];
      await using program = await Program.start({ dataFile, flags: ['--web.addr', '0.0.0.0:0'] });
      assert.equal((await program.get('/api/v1/users')).status, 401);
      assert.equal((await program.get('/api/v1/users', bearer(token))).status, 200);

      const listed = await runToEnd(['token', 'list', '--db.path', dataFile]);
      assert.match(listed.stdout, /^1\tadmin\t.*from the shell\n$/);
      const other = await runToEnd(['token', 'add', 'read', '--db.path', dataFile]);
      const read = /sp_\S+/.exec(other.stdout)?.[0];
      await answered(program, read, 200);
      assert.equal((await runToEnd(['token', 'remove', '2', '--db.path', dataFile])).code, 0);
      await answered(program, read, 401);
      const audit = await program.get('/api/v1/audit', bearer(token));
      const { entries } = audit.json as { readonly entries: readonly Json[] };
      assert.deepEqual(
        entries.map(({ who, from, action, target }) => [who, from, action, target]),
        [
          ['local', 'command line', 'token-deleted', '2'],
          ['local', 'command line', 'token-created', '2'],
          ['local', 'command line', 'token-created', '1'],
        ],
      );
      const last = await runToEnd(['token', 'remove', '1', '--db.path', dataFile]);
      assert.equal(last.code, 0);
      assert.match(last.stderr, /no token of scope admin is left in the data file.*token add admin/);
      await answered(program, token, 401);
      const closed = await program.get('/api/v1/users');
      assert.equal(closed.status, 401, 'what was closed does not open');
      assert.match(closed.text, /there is no token.*stratum-proxy token add admin/);
      assert.equal((await runToEnd(['token', 'remove', '9', '--db.path', dataFile])).code, 2);
      assert.equal((await runToEnd(['token', 'add', 'king', '--db.path', dataFile])).code, 2);
      assert.match(
        (await runToEnd(['token', 'read'])).stdout,
        /Entry of web\.tokens:\n {2}read:[0-9a-f]{64}/,
      );
    });
  });

  test('every change is in the audit log, with who made it, and no password', async () => {
    await using program = await Program.start();
    const pool = '127.0.0.1:1';
    await program.post('/api/v1/pools', { pool, algorithm: 'sha256d' });
    await program.post('/api/v1/pools', { pool, algorithm: 'sha256d' });
    const name = await program.register(pool, 'wallet', SECRET);
    await program.post('/api/v1/users', { pool, user: 'wallet', password: SECRET });
    const backups = [{ pool, user: 'b', password: SECRET }];
    await program.request('PATCH', `/api/v1/users/${name}`, { body: { password: `${SECRET}2`, backups } });
    await program.request('PATCH', `/api/v1/users/${name}`, { body: { password: SECRET, unknown: 1 } });
    await program.request('PATCH', `/api/v1/pools/${pool}`, { body: { label: 'hall 3' } });
    await program.request('POST', '/api/v1/users/import', {
      body: `{"pool":"${pool}","user":"c","password":"${SECRET}"}\n`,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    await program.post('/api/v1/pools/test', { pool, user: 'x', password: SECRET });
    await program.request('DELETE', `/api/v1/users/${name}`);
    const page = await program.get('/api/v1/audit?limit=4');
    const { entries, next } = page.json as { readonly entries: readonly Json[]; readonly next: number };
    const rest = await program.get(`/api/v1/audit?after=${next}`);
    const older = rest.json as { readonly entries: readonly Json[]; readonly next: number | null };
    assert.equal(older.next, null);
    const all = [...entries, ...older.entries].toReversed();
    assert.deepEqual(
      all.map(({ action, target }) => [action, target]),
      [
        ['pool-added', pool],
        ['account-registered', name],
        ['account-changed', name],
        ['pool-changed', pool],
        ['accounts-imported', ''],
        ['account-deleted', name],
      ],
    );
    assert.ok(all.every(({ who, from }) => who === 'local' && from === '127.0.0.1'));
    assert.deepEqual(all[2]?.['change'], {
      password: '(given)',
      backups: [{ pool, user: 'b', password: '(given)' }],
    });
    assert.deepEqual(all[3]?.['change'], { label: 'hall 3' });
    assert.ok(!(page.text + rest.text).includes(SECRET), page.text);
  });

  test('users move: exported, with or without passwords, and imported under the names they had', async () => {
    await inDirectory(async (directory) => {
      await using from = await Program.start();
      const pool = '127.0.0.1:1';
      await from.addPool(pool, 'sha256d');
      const names = [
        await from.register(pool, 'alice', SECRET),
        await from.register(pool, 'bob', 'x'),
      ].toSorted();
      const bare = await from.get('/api/v1/users/export');
      assert.match(bare.headers.get('content-type') ?? '', /^application\/x-ndjson/);
      const lines = bare.text.trimEnd().split('\n');
      assert.deepEqual(
        lines.map((line) => (JSON.parse(line) as Json)['name']),
        names,
      );
      assert.ok(!bare.text.includes(SECRET) && !bare.text.includes('password'));

      const whole = await runToEnd(['export', '--with-passwords', '--db.path', from.dataFile]);
      assert.equal(whole.code, 0, whole.stderr);
      assert.ok(whole.stdout.includes(SECRET));
      const file = join(directory, 'users.ndjson');
      await writeFile(file, `${whole.stdout}\n{"pool":"nowhere.example:1","user":"x"}\nrubbish\n`);

      await using to = await Program.start();
      await to.addPool(pool, 'sha256d');
      const missing = await runToEnd(['import', 'nosuch', '--db.path', to.dataFile]);
      assert.deepEqual([missing.code, missing.stdout], [2, '']);
      assert.match(missing.stderr, /^import: \/\S+\/nosuch: there is no such file; give a file .*\n$/);
      const imported = await runToEnd(['import', file, '--db.path', to.dataFile]);
      assert.equal(imported.code, 5, imported.stderr);
      const results = imported.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Json);
      assert.deepEqual(
        results.map(({ line, status }) => [line, status]),
        [
          [1, 'created'],
          [2, 'created'],
          [4, 'refused'],
          [5, 'refused'],
        ],
      );
      assert.deepEqual(
        results.slice(0, 2).map(({ name }) => name),
        names,
      );
      assert.equal(
        await to.register(pool, 'alice', SECRET),
        results.find(({ name }) => name === names[0]) && (await nameOf(to, 'alice')),
      );

      const again = await to.request('POST', '/api/v1/users/import', {
        body: whole.stdout,
        headers: { 'content-type': 'text/plain' },
      });
      assert.deepEqual(
        { ...(again.json as Json), results: undefined },
        { results: undefined, created: 0, existing: 2, refused: 0 },
      );
    });
  });

  test('an import of 10,000 lines is taken, one more is not, and nothing of it', async () => {
    await using program = await Program.start();
    await program.addPool('127.0.0.1:1', 'sha256d');
    const send = (count: number) =>
      program.request('POST', '/api/v1/users/import', {
        body: `${Array.from({ length: count }, (_, i) => importLine(i)).join('\n')}\n`,
        headers: { 'content-type': 'application/x-ndjson' },
      });
    const tooMany = await send(10_001);
    assert.deepEqual([tooMany.status, codeOf(tooMany.json)], [422, 'invalid-value']);
    assert.equal((await program.get('/api/v1/users/export')).text, '');
    const all = await send(10_000);
    assert.equal((all.json as Json)['created'], 10_000, all.text.slice(0, 300));
    assert.equal((await program.get('/api/v1/users/export')).text.split('\n').length, 10_001);
  });

  test('users.expireAfter: who is mined for stays and is seen, who is not goes and is in the audit log', async () => {
    await using farm = await Farm.open({ hasTurnableClock: true, flags: ['--users.expireAfter', '2s'] });
    const { program } = farm;
    const pool = await farm.pool({ difficulty: EASY });
    const used = await farm.account(pool, 'used');
    const idle = await farm.account(pool, 'idle');
    await mining(farm.miner(used));
    await new Promise((resolve) => setTimeout(resolve, 2100));
    await program.turnClock(59_500);
    await program.waitForLine(({ msg, account }) => msg.startsWith('account removed') && account === idle);
    assert.equal((await program.get(`/api/v1/users/${idle}`)).status, 404);
    const shown = await program.get(`/api/v1/users/${used}`);
    assert.equal(shown.status, 200);
    assert.ok(Date.parse(String((shown.json as Json)['lastSeenAt'])) > Date.now() - 60_000, shown.text);
    const { entries } = (await program.get('/api/v1/audit?limit=1')).json as {
      readonly entries: readonly Json[];
    };
    assert.deepEqual(
      [entries[0]?.['who'], entries[0]?.['action'], entries[0]?.['target']],
      ['proxy', 'account-expired', idle],
    );
  });

  test('audit.keepDays: what is older goes, the rest stays', async () => {
    await inDirectory(async (directory) => {
      const dataFile = join(directory, 'proxy.db');
      for (const days of [3, 1]) {
        const clock = { ...systemClock, wallMs: () => Date.now() - days * 86_400_000 };
        const store = await openSqliteStore(
          { log: silentLog, clock },
          { path: dataFile, catalogue: loadCatalogue() },
        );
        await store.addAudit({
          who: 'local',
          origin: '',
          action: `${days} days ago`,
          target: '',
          change: '{}',
        });
        await store.close();
      }
      await using program = await Program.start({
        dataFile,
        hasTurnableClock: true,
        flags: ['--audit.keepDays', '2'],
      });
      await program.turnClock(3_600_001);
      await until(
        async () => {
          const { entries } = (await program.get('/api/v1/audit')).json as {
            readonly entries: readonly Json[];
          };
          return entries.map(({ action }) => action).join() === '1 days ago' ? true : undefined;
        },
        () => 'the old entry goes',
        10_000,
      );
    });
  });

  test('without users.expireAfter nobody goes', async () => {
    await using program = await Program.start({ hasTurnableClock: true });
    await program.addPool('127.0.0.1:1', 'sha256d');
    const name = await program.register('127.0.0.1:1', 'idle');
    await program.turnClock(7_200_000);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal((await program.get(`/api/v1/users/${name}`)).status, 200);
  });

  test('the command line of a data file that is no data file ends as a start does', async () => {
    const ended = await runToEnd(['export', '--db.path', '/nowhere/at/all.db']);
    assert.deepEqual([ended.code, ended.stdout], [3, '']);
    const run = await runToEnd([...FREE_PORTS, '--with-passwords']);
    assert.equal(run.code, 2);
  });
});

function importLine(i: number): string {
  return JSON.stringify({ pool: '127.0.0.1:1', user: `u${i}`, password: SECRET });
}

/** Waits until a request with this token is answered so; not so often that the limits of requests would be. */
async function answered(program: Program, token: unknown, status: number): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const answer = await program.get('/api/v1/users', bearer(token));
    if (answer.status === status) return;
    assert.ok(tries < 15, `${answer.status} ${answer.text}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function nameOf(program: Program, user: string): Promise<unknown> {
  const { json } = await program.get(`/api/v1/users?search=${user}`);
  return (json as { readonly users: readonly Json[] }).users.find((one) => one['user'] === user)?.['name'];
}
