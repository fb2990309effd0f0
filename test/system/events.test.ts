import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { EventStream } from '../support/event-stream.ts';
import { Farm } from '../support/farm.ts';
import { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

interface Told {
  readonly id: number;
  readonly kind: string;
  readonly severity: string;
  readonly message: string;
  readonly account?: string;
  readonly by?: string;
  readonly changed?: readonly string[];
  readonly lastEnd?: string;
}

async function eventsOf(program: Program): Promise<readonly Told[]> {
  const { json } = await program.get('/api/v1/events?limit=100');
  return (json as { readonly events: readonly Told[] }).events;
}

async function eventOf(program: Program, kind: string): Promise<Told> {
  const found = { told: undefined as Told | undefined };
  await until(async () => {
    found.told = (await eventsOf(program)).find((one) => one.kind === kind);
    return found.told !== undefined;
  }, `an event of the kind ${kind}`);
  if (found.told === undefined) throw new Error(kind);
  return found.told;
}

/** Events in the data file. `kind`: only of this one. */
function countOf(dataFile: string, kind = '%'): number {
  const data = new Database(dataFile, { readonly: true });
  try {
    const count = data.prepare<[string], { readonly n: number }>(
      'select count(*) as n from events where kind like ?',
    );
    return count.get(kind)?.n ?? 0;
  } finally {
    data.close();
  }
}

async function inFolder(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-events-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

describe('what has happened', { concurrency: 2 }, () => {
  test('is there after an end in order and after a kill, and a stream goes on over both', async () => {
    await inFolder(async (directory) => {
      const options = { dataFile: join(directory, 'proxy.db'), hasTurnableClock: true };
      let account = '';
      let heard = 0;
      {
        await using farm = await Farm.open(options);
        account = await farm.account(await farm.pool(), 'alice');
        await using stream = await EventStream.open(`${farm.program.web}/api/v1/stream`);
        const { status } = await farm.program.request('PATCH', `/api/v1/users/${account}`, {
          body: { label: 'of alice' },
        });
        assert.equal(status, 200);
        const changed = await stream.first(
          ({ event, data }) => event === 'event' && data['kind'] === 'account-changed',
        );
        heard = changed.id;
        assert.deepEqual([changed.data['changed'], changed.data['by']], [['label'], 'local']);
        assert.equal((await eventOf(farm.program, 'proxy-started')).lastEnd, 'unknown');
        assert.deepEqual(await farm.program.stop(), { code: 0, signal: null });
      }
      {
        await using farm = await Farm.open(options);
        const { program } = farm;
        assert.equal((await eventOf(program, 'proxy-started')).lastEnd, 'in-order');
        const kinds = (await eventsOf(program)).map(({ kind }) => kind);
        for (const kind of ['proxy-stopped', 'account-changed', 'account-registered', 'pool-added'])
          assert.equal(kinds.filter((one) => one === kind).length, 1, kind);
        await using stream = await EventStream.open(`${program.web}/api/v1/stream`, {
          'last-event-id': String(heard),
        });
        await stream.first(({ data }) => data['kind'] === 'proxy-stopped');
        await stream.first(({ data }) => data['kind'] === 'proxy-started');
        await program.request('PATCH', `/api/v1/users/${account}`, { body: { label: 'of bob' } });
        await eventOf(program, 'account-changed');
        await program.turnClock(10_000);
        // What is due is looked for once a second.
        await until(() => countOf(options.dataFile, 'account-changed') === 2, 'the change in the data file');
        await program.kill();
      }
      await using farm = await Farm.open(options);
      const started = await eventOf(farm.program, 'proxy-started');
      assert.deepEqual([started.lastEnd, started.severity], ['not-in-order', 'warning']);
      const changes = (await eventsOf(farm.program)).filter(({ kind }) => kind === 'account-changed');
      assert.equal(changes.length, 2);
      const ids = (await eventsOf(farm.program)).map(({ id }) => id);
      assert.deepEqual(
        ids,
        ids.toSorted((a, b) => b - a),
      );
      assert.equal(new Set(ids).size, ids.length);
    });
  });

  test('is kept as long as the settings say, or not at all', async () => {
    await inFolder(async (directory) => {
      const options = { dataFile: join(directory, 'proxy.db'), hasTurnableClock: true };
      {
        await using program = await Program.start(options);
        await eventOf(program, 'proxy-started');
        await program.stop();
      }
      const data = new Database(options.dataFile);
      const old = data.prepare('update events set at_ms = ?').run(Date.now() - 2 * 86_400_000);
      data.close();
      assert.equal(old.changes, 2);
      {
        await using program = await Program.start({ ...options, flags: ['--events.keepDays', '1'] });
        assert.equal((await eventsOf(program)).length, 3);
        await program.turnClock(3_600_000);
        await until(() => countOf(options.dataFile) === 1, 'the end of what is too old');
        await program.stop();
      }
      assert.equal(countOf(options.dataFile), 2);
      await using program = await Program.start({ ...options, flags: ['--events.keep', '0'] });
      await program.turnClock(3_600_000);
      await until(() => countOf(options.dataFile) === 0, 'the end of all events');
      assert.equal((await eventsOf(program))[0]?.kind, 'proxy-started');
    });
  });

  test('settings that cannot be read again are told of, without their secrets, until they can', async () => {
    await inFolder(async (directory) => {
      const file = join(directory, 'proxy.yaml');
      await writeFile(file, 'log: {level: info}\n');
      await using farm = await Farm.open({ flags: ['--config', file] });
      const { program } = farm;
      const gauge = 'stratum_proxy_config_last_reload_successful';
      assert.equal((await program.metrics()).value(gauge), 1);
      await writeFile(file, 'log: {level: loud}\nweb: {tokens: ["admin:s3cr3t"]}\n');
      program.signal('SIGHUP');
      const told = await eventOf(program, 'settings-refused');
      assert.equal(told.severity, 'error');
      assert.match(told.message, /what was in force stays: .*log\.level/);
      assert.equal(told.message.includes('s3cr3t'), false);
      assert.equal((await program.metrics()).value(gauge), 0);
      await writeFile(file, 'log: {level: debug}\n');
      assert.equal((await program.request('POST', '/api/v1/reload')).status, 200);
      assert.equal((await program.metrics()).value(gauge), 1);
    });
  });

  test('name the token that a change was made with, deletions too', async () => {
    await using program = await Program.start();
    await program.addPool('127.0.0.1:3333', 'sha256d');
    const name = await program.register('127.0.0.1:3333', 'wallet');
    const made = await program.post('/api/v1/tokens', { scope: 'admin', label: 'ci' });
    const { token } = made.json as { readonly token: string };
    const ask = (method: string, path: string, body?: unknown) =>
      program.request(method, `/api/v1${path}`, { body, headers: { authorization: `Bearer ${token}` } });
    await ask('PATCH', `/users/${name}`, { workerTemplate: '{user}.{worker}' });
    await ask('PATCH', `/users/${name}`, { workerTemplate: '{user}.{worker}' });
    await ask('PATCH', '/pools/127.0.0.1:3333', {
      label: 'mine',
      options: { via: 'socks5://u:p@127.0.0.1:1' },
    });
    await ask('POST', '/algorithms', { name: 'mine-hash', divider: 1, unit: 'H', dialects: ['bitcoin-v1'] });
    await ask('PATCH', '/algorithms/mine-hash', { note: 'a note' });
    await ask('DELETE', '/algorithms/mine-hash');
    await ask('DELETE', `/users/${name}`);
    await ask('DELETE', '/pools/127.0.0.1:3333');
    const { json } = await ask('GET', '/events?limit=7');
    const { events } = json as { readonly events: readonly Told[] };
    assert.deepEqual(
      events.map(({ kind, changed }) => [kind, changed]),
      [
        ['pool-deleted', undefined],
        ['account-deleted', undefined],
        ['algorithm-deleted', undefined],
        ['algorithm-changed', ['note']],
        ['algorithm-added', undefined],
        ['pool-changed', ['label', 'options.via']],
        ['account-changed', ['workerTemplate']],
      ],
    );
    for (const { by, message } of events) {
      assert.equal(by, 'token 1 (ci)', message);
      assert.match(message, / by token 1 \(ci\)/);
    }
  });
});
