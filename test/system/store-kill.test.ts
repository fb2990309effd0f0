import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { loadCatalogue } from '../../src/store/catalogue.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import type { Store } from '../../src/store/store.ts';

const WRITER = fileURLToPath(new URL('store-kill-writer.ts', import.meta.url));
const ROUNDS = 4;

interface Acknowledged {
  readonly name: string;
  readonly user: string;
}

/** Starts a writer and kills it with SIGKILL at the moment that `moment` resolves; what it had acknowledged by then. */
async function killWriter(
  path: string,
  prefix: string,
  moment: (lines: () => number) => Promise<void>,
): Promise<Acknowledged[]> {
  const writer = spawn(process.execPath, [WRITER, path, prefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  writer.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const ended = once(writer, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  try {
    await Promise.race([moment(() => output.split('\n').length - 1), ended]);
  } finally {
    writer.kill('SIGKILL');
  }
  const [, signal] = await ended;
  assert.equal(signal, 'SIGKILL', 'the writer ended by itself');
  // A last line without its end was cut by the kill: it counts as not acknowledged.
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [name = '', user = ''] = line.split(' ');
      return { name, user };
    });
}

function open(path: string): Promise<Store> {
  return openSqliteStore({ log: silentLog, clock: systemClock }, { path, catalogue: loadCatalogue() });
}

function integrityOf(path: string): unknown {
  const database = new Database(path, { readonly: true });
  try {
    return database.pragma('integrity_check', { simple: true });
  } finally {
    database.close();
  }
}

describe('kill -9', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'store-kill-'));
  });
  after(() => rm(directory, { recursive: true }));

  test('loses no account that was acknowledged, at whatever moment it comes', async () => {
    const path = join(directory, 'proxy.db');
    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const enough = Math.floor(Math.random() * 60);
      const names = await killWriter(path, `r${round}`, async (lines) => {
        while (lines() <= enough) await sleep(1);
        await sleep(Math.random() * 5);
      });
      assert.ok(names.length > enough);
      acknowledged.push(...names);

      const store = await open(path);
      for (const { name, user } of acknowledged) {
        const found = await store.findAccount(name);
        assert.ok(found.kind === 'found', `${name} of ${user} is ${found.kind}`);
        assert.equal(found.account.entries[0].user, user);
      }
      // At most the one registration of each round that was stored but not yet printed comes on top.
      const surplus = (await store.countAccounts()) - acknowledged.length;
      assert.ok(surplus >= 0 && surplus <= round + 1, `${surplus} accounts too many`);
      await store.close();
      assert.equal(integrityOf(path), 'ok');
    }
  });

  test('while the file is created and filled for the first time leaves one that can be opened', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const path = join(directory, `fresh-${round}.db`);
      const acknowledged = await killWriter(path, 'a', async () => {
        while ((await stat(path).catch(() => null)) === null) await sleep(1);
        await sleep(Math.random() * 40);
      });
      const store = await open(path);
      const endpoint = { host: 'btc.f2pool.com', port: 3333 };
      assert.equal((await store.resolvePool(endpoint))?.algorithm.name, 'sha256d');
      for (const { name } of acknowledged) assert.equal((await store.findAccount(name)).kind, 'found');
      const result = await store.registerAccount({ endpoint, user: 'later', password: '' });
      assert.equal(result.kind, 'created');
      await store.close();
      assert.equal(integrityOf(path), 'ok');
    }
  });
});
