import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { EventStream } from '../support/event-stream.ts';
import { Farm } from '../support/farm.ts';

test('while the data file is locked by another process, mining goes on and whoever asks is told', async () => {
  await using farm = await Farm.open({ hasTurnableClock: true });
  const { program } = farm;
  const pool = await farm.pool({ difficulty: 400 / 2 ** 32 });
  const account = await farm.account(pool, 'wallet');
  const later = await farm.account(pool, 'wallet', 'of one who logs in later');
  const miner = farm.miner(`${account}.rig1`);
  await miner.waitFor(({ accepted }) => accepted >= 3);
  assert.equal((await program.get('/api/v1/ready')).status, 200);
  await using stream = await EventStream.open(`${program.web}/api/v1/stream`);
  await stream.first(({ event, data }) => event === 'fleet' && data['ready'] === true);

  const other = new Database(program.dataFile);
  other.exec('begin exclusive');
  // What the last probe found is good for two seconds.
  await program.turnClock(2000);
  const sinceMs = performance.now();
  const ready = await program.get('/api/v1/ready');
  const figures = await program.metrics();
  assert.ok(performance.now() - sinceMs < 3000, 'nobody waits for the lock');
  assert.equal(ready.status, 503);
  assert.match(ready.text, /"name":"store","ready":false,"message":"[^"]*lock/);
  assert.equal(figures.value('stratum_proxy_ready', { check: 'store' }), 0);
  assert.equal(figures.value('stratum_proxy_ready', { check: 'work' }), 1);
  assert.equal((await program.get('/api/v1/health')).status, 200);

  // A second look, so that it is no short lock.
  await program.turnClock(2000);
  const fault = await stream.first(({ data }) => data['kind'] === 'store-fault');
  assert.match(String(fault.data['message']), /lock/);
  const told = await stream.first(({ event, data }) => event === 'fleet' && data['ready'] === false);
  assert.match(String((told.data['notReady'] as readonly string[])[0]), /^store: .*lock/);

  const { accepted } = miner.stats;
  await miner.waitFor((books) => books.accepted >= accepted + 5);
  const newcomer = farm.miner(`${later}.rig1`);
  await newcomer.waitFor((books) => books.accepted >= 3);

  const registered = program.post('/api/v1/users', { pool: `127.0.0.1:${pool.endpoint.port}`, user: 'new' });
  const settled = await Promise.race([registered, miner.waitFor((books) => books.accepted >= accepted + 20)]);
  assert.equal(settled, undefined, 'a registration waits for the lock for a while');
  await program.turnClock(6000);
  const refused = await registered;
  assert.equal(refused.status, 503, refused.text);
  assert.equal(refused.headers.get('x-error-code'), 'store-busy');
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.equal((refused.json as { readonly name: string }).name, '');

  other.exec('rollback');
  other.close();
  assert.notEqual(await farm.account(pool, 'new', ''), '');
  await program.turnClock(2000);
  assert.equal((await program.get('/api/v1/ready')).status, 200);
  const well = await stream.first(({ data }) => data['kind'] === 'store-ok');
  await stream.first(({ id, event, data }) => id > well.id && event === 'fleet' && data['ready'] === true);
  assert.deepEqual([miner.stats.connections, newcomer.stats.connections], [1, 1]);
});
