import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { EventStream } from '../support/event-stream.ts';
import { Farm } from '../support/farm.ts';

type Row = Readonly<Record<string, unknown>>;

async function rows(farm: Farm, path: string, key: string): Promise<readonly Row[]> {
  return ((await farm.program.get(path)).json as Readonly<Record<string, readonly Row[]>>)[key] ?? [];
}

test('a pool that refuses the login of an account is seen: metric, state of the pool, one event until it takes it', async () => {
  await using farm = await Farm.open({
    flags: ['--upstream.retryMinMs', '20', '--limits.refusalDelayMs', '0'],
  });
  const pool = await farm.pool();
  pool.manners.refusesLogins = true;
  const name = formatEndpoint(pool.endpoint);
  const account = await farm.account(pool, 'wrong-wallet');
  farm.miner(`${account}.rig1`);

  const metric = 'stratum_proxy_accounts_login_refused';
  await farm.program.metricsWhere((figures) => figures.sum(metric, { pool: name }) === 1, 'it is counted');
  const state = (await rows(farm, '/api/v1/pools/state', 'pools')).find((row) => row['pool'] === name);
  assert.equal(state?.['state'], 'refused');
  assert.ok(Date.now() - Date.parse(String(state['lastErrorAt'])) < 60_000);
  await using stream = await EventStream.open(`${farm.program.web}/api/v1/stream`);
  const fleet = await stream.first(({ event }) => event === 'fleet');
  assert.deepEqual(fleet.data['pools'], { up: 0, idle: 0, down: 0, refused: 1 });

  const events = () => rows(farm, '/api/v1/events?kind=login-refused-by-pool', 'events');
  const [refusal] = await events();
  assert.deepEqual(
    [refusal?.['severity'], refusal?.['account'], refusal?.['pool']],
    ['error', account, name],
  );

  pool.manners.refusesLogins = false;
  const accepted = () => rows(farm, '/api/v1/events?kind=login-accepted-by-pool', 'events');
  for (let tries = 0; tries < 15 && (await accepted()).length === 0; tries += 1) {
    farm.miner(`${account}.rig${tries + 2}`);
    await setTimeout(1000);
  }
  assert.equal((await accepted()).length, 1, 'the login that is taken');
  assert.equal((await events()).length, 1, 'told once, however often it was tried');
  await farm.program.metricsWhere((figures) => figures.sum(metric, { pool: name }) === 0, 'it is over');
  const after = (await rows(farm, '/api/v1/pools/state', 'pools')).find((row) => row['pool'] === name);
  assert.ok(['up', 'connecting'].includes(String(after?.['state'])), JSON.stringify(after));
});
