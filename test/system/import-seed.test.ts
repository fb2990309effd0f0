import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { Farm } from '../support/farm.ts';
import { freePort } from '../support/free-port.ts';
import { Program, runToEnd } from '../support/program.ts';
import { makeSeedFile } from '../support/seed-file.ts';

const NAME = '0123456789abcdef';
const HASHES = "insert into hashes (hash, divider) values ('sha256', 1.0)";

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
});
after(() => rm(directory, { recursive: true, force: true }));

describe("the original program's users", { concurrency: 2 }, () => {
  test('are imported into a running proxy, and their miners mine under the names they have', async () => {
    await using farm = await Farm.open();
    const pool = await farm.pool(
      { difficulty: 400 / 2 ** 32, credentials: new Map([['wallet.farm', 'secret word']]) },
      false,
    );
    const { host, port } = pool.endpoint;
    const seed = join(directory, 'running.db');
    makeSeedFile(seed, [
      HASHES,
      `insert into pools (host, port, hash_id) values ('${host}', ${port}, 1)`,
      `insert into users values ('${NAME}', 1, 'wallet.farm', 'secret word')`,
    ]);
    const words = ['import-seed', seed, '--db.path', farm.program.dataFile];
    const run = await runToEnd(words);
    assert.deepEqual([run.code, run.stderr], [0, '']);
    assert.match(run.stdout, /^pools: 1 added, 0 listed already, 0 skipped$/m);
    assert.match(
      run.stdout,
      new RegExp(`^ {2}added {4}${formatEndpoint(pool.endpoint)} \\(sha256d\\)$`, 'm'),
    );
    assert.match(run.stdout, new RegExp(`^ {2}imported ${NAME}$`, 'm'));
    assert.equal(run.stdout.includes('secret'), false);
    const miner = farm.miner(`${NAME}.rig1`);
    await miner.waitFor(({ accepted }) => accepted >= 3);
    const again = await runToEnd(words);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /^accounts: 0 imported, 1 here already, 0 skipped$/m);
    const { status, json } = await farm.program.get(`/api/v1/users/${NAME}`);
    assert.equal(status, 200);
    assert.equal((json as { pool: string }).pool, formatEndpoint(pool.endpoint));
  });

  test('need no import: a proxy that is started on the old data file takes it over', async () => {
    const dataFile = join(directory, 'proxy.db');
    const port = await freePort();
    makeSeedFile(dataFile, [
      HASHES,
      `insert into pools (host, port, hash_id) values ('127.0.0.1', ${port}, 1)`,
      `insert into users values ('${NAME}', 1, 'wallet', 'x')`,
    ]);
    await using farm = await Farm.open({ dataFile });
    const line = await farm.program.waitForLine(
      ({ msg }) => msg === "the original program's data was taken over",
    );
    assert.deepEqual([line['accounts'], line['poolsAdded'], line['skipped']], [1, 1, 0]);
    const pool = await farm.pool({ difficulty: 400 / 2 ** 32, port }, false);
    assert.equal(pool.endpoint.port, port);
    await farm.miner(`${NAME.toUpperCase()}.rig1`).waitFor(({ accepted }) => accepted >= 3);
  });

  test('that cannot be imported are named, with exit code 5; a wrong file has exit code 3, none has 2', async () => {
    const seed = join(directory, 'partly.db');
    makeSeedFile(seed, [
      HASHES,
      "insert into pools (host, port, hash_id) values ('btc.f2pool.com', 3333, 1)",
      "insert into users values ('rig-7', 1, 'erin', 'e')",
    ]);
    const target = ['--db.path', join(directory, 'target.db')];
    const partly = await runToEnd(['import-seed', seed, ...target]);
    assert.deepEqual([partly.code, partly.stderr], [5, '']);
    assert.match(partly.stdout, /^ {2}skipped {2}rig-7: names here are 16 hex digits;/m);
    const missing = await runToEnd(['import-seed', join(directory, 'none.db'), ...target]);
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /^stratum-proxy: \S+none\.db: there is no such file\n$/);
    const none = await runToEnd(['import-seed', ...target]);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /^import-seed: name the data file/);
  });
});

describe('health', () => {
  test('tells whether the proxy of this configuration is alive, whatever it listens on and without a token', async () => {
    const port = await freePort();
    const token = `read:${'a'.repeat(64)}`;
    const flags = ['--web.addr', `0.0.0.0:${port}`, '--web.tokens', token];
    const dead = await runToEnd(['health', ...flags]);
    assert.deepEqual([dead.code, dead.stdout], [1, '']);
    assert.match(dead.stderr, /^http:\/\/127\.0\.0\.1:\d+\/api\/v1\/health: connect ECONNREFUSED/);
    await using program = await Program.start({ flags });
    const alive = await runToEnd(['health', ...flags]);
    assert.deepEqual(
      [alive.code, alive.stdout, alive.stderr],
      [0, `http://127.0.0.1:${port}/api/v1/health: alive\n`, ''],
    );
    assert.equal(program.hasEnded, false);
  });
});
