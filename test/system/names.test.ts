import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { Farm, OUT_OF_REACH, sharesOf } from '../support/farm.ts';

describe('names that lead nowhere', () => {
  let farm: Farm;
  before(async () => {
    farm = await Farm.open({ flags: ['--limits.refusalDelayMs', '0'] });
  });
  after(() => farm[Symbol.asyncDispose]());

  test('a wrong name is refused with the call that registers one, and costs no connection to a pool', async () => {
    const pool = await farm.pool();
    const account = await farm.account(pool, 'wallet');
    const failures = 'stratum_proxy_authorize_failures_total';
    const before = (await farm.program.metrics()).value(failures);
    const wrong = [
      '0123456789abcdef',
      '',
      '.rig1',
      'wallet',
      `${account}0.rig1`,
      `x${account}`,
      '💰',
      'a'.repeat(2000),
    ];
    for (const name of wrong) {
      const miner = await farm.scriptedMiner({ user: name });
      await miner.subscribe();
      const { result, error } = await miner.authorize();
      assert.notEqual(result, true, name);
      const [code, message] = error as [number, string];
      assert.equal(code, 24);
      assert.match(message, /unknown user name.*POST \/api\/v1\/users/i);
      miner.end();
    }
    const figures = await farm.program.metrics();
    assert.equal(figures.value(failures) - before, wrong.length);
    assert.equal(figures.series('proxy_worker_up').length, 0);
    assert.equal(pool.stats.connectionsTotal, 0);

    const miner = farm.miner(`  ${account.toUpperCase()}.rig1 `);
    await miner.waitFor(({ authorized }) => authorized);
    assert.equal(pool.stats.connectionsTotal, 1, 'the right name is known without regard to case');
  });

  test('a share under a wrong name, or before any, is refused as unauthorised and counted', async () => {
    const miner = await farm.scriptedMiner({ user: 'ffffffffffffffff' });
    await miner.subscribe();
    const before = sharesOf(await farm.program.metrics(), '').received;
    for (const step of ['before', 'after'] as const) {
      if (step === 'after') await miner.authorize();
      miner.submit('1', { id: step });
      const { error } = await miner.nextWhere(({ id }) => id === step);
      assert.equal((error as unknown[])[0], 24);
    }
    const { received, byResult, inFlight } = sharesOf(await farm.program.metrics(), '');
    assert.equal(received - before, 2);
    assert.deepEqual([byResult, inFlight], [{ unauthorized: received }, 0]);
  });

  test('a pool that is not in the list cannot be registered, and the answer names the call that adds it', async () => {
    const pool = await farm.pool({}, false);
    const address = formatEndpoint(pool.endpoint);
    const registration = { pool: address, user: 'wallet', password: 'x' };
    const { status, json } = await farm.program.post('/api/v1/users', registration);
    assert.equal(status, 404);
    const { name, error } = json as { name: string; error: string };
    assert.equal(name, '');
    assert.ok(error.includes(`POST /api/v1/pools {"pool":"${address}"`), error);
    await farm.program.addPool(address, 'sha256d');
    const account = await farm.account(pool, 'wallet');
    const miner = farm.miner(account);
    await miner.waitFor(({ jobs }) => jobs === 1);
  });

  test('a miner whose pool was taken out of the list is told so, and may mine once it is back', async () => {
    const pool = await farm.pool({ difficulty: OUT_OF_REACH });
    const address = formatEndpoint(pool.endpoint);
    const account = await farm.account(pool, 'wallet');
    const database = new Database(farm.program.dataFile);
    database.prepare('delete from pool_entries where port = ?').run(pool.endpoint.port);
    database.close();
    const miner = await farm.scriptedMiner({ user: `${account}.rig1` });
    await miner.subscribe();
    const { result, error } = await miner.authorize();
    assert.notEqual(result, true);
    assert.match(String(error), new RegExp(`${address}.* not in the pool list`));
    assert.equal(pool.stats.connectionsTotal, 0);

    await farm.program.addPool(address, 'sha256d');
    assert.equal((await miner.authorize())['result'], true);
    await miner.nextMethod('mining.notify');
  });
});
