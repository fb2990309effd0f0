import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import { EventStream } from '../support/event-stream.ts';
import { Farm } from '../support/farm.ts';
import { until } from '../support/until.ts';

type Row = Readonly<Record<string, unknown>>;

async function rows(farm: Farm, path: string, key: string): Promise<readonly Row[]> {
  return ((await farm.program.get(path)).json as Readonly<Record<string, readonly Row[]>>)[key] ?? [];
}

interface AtPool {
  readonly pool: string;
  readonly user: string | null;
  readonly state: string;
  readonly waiting: number;
  readonly lastRefusal: { readonly at: string; readonly reason: string } | null;
}

async function miningOf(
  farm: Farm,
  name: string,
): Promise<{ readonly waiting: number; readonly pools: readonly AtPool[] }> {
  const { json } = await farm.program.get(`/api/v1/users/${name}`);
  return (json as { readonly mining: Awaited<ReturnType<typeof miningOf>> }).mining;
}

test('a user shows how it is at each of its pools: refused and why, who waits, down once the pool is gone, up again', async () => {
  await using farm = await Farm.open({
    flags: ['--upstream.retryMinMs', '20', '--upstream.retryMaxMs', '200', '--limits.refusalDelayMs', '0'],
  });
  const refusing = await farm.pool();
  refusing.manners.refusesLogins = true;
  const pool = formatEndpoint(refusing.endpoint);
  const backup = formatEndpoint((await farm.pool()).endpoint);
  const { json } = await farm.program.post('/api/v1/users', { pool, user: 'wrong-wallet', password: 'x' });
  const { name } = json as { readonly name: string };
  const places = async () => (await miningOf(farm, name)).pools;
  const placesWhere = async (holds: (now: readonly AtPool[]) => boolean): Promise<readonly AtPool[]> => {
    let now: readonly AtPool[] = [];
    const look = async () => {
      now = await places();
      return holds(now) && now;
    };
    return await until(look, () => JSON.stringify(now), 20_000);
  };
  assert.deepEqual(
    (await places()).map(({ user, state, waiting, lastRefusal }) => [user, state, waiting, lastRefusal]),
    [['wrong-wallet', 'idle', 0, null]],
  );

  const miner = await farm.scriptedMiner();
  await miner.subscribe();
  assert.match(JSON.stringify((await miner.authorize(`${name}.rig1`))['error']), /refused/);
  const [refused] = await placesWhere(([first]) => first?.state === 'refused');
  assert.ok(refused?.lastRefusal != null);
  assert.ok(Math.abs(Date.now() - Date.parse(refused.lastRefusal.at)) < 60_000);
  assert.notEqual(refused.lastRefusal.reason, '');
  assert.deepEqual([refused.waiting, (await miningOf(farm, name)).waiting], [1, 1], 'it is connected');
  const inUse = (await farm.program.metrics()).sum('stratum_proxy_accounts_in_use');
  assert.deepEqual([inUse, (await farm.program.metrics()).sum('stratum_proxy_accounts_with_job')], [1, 0]);
  const whole = JSON.stringify((await farm.program.get('/api/v1/users')).json);
  assert.ok(whole.includes('"state":"refused"'), whole);

  await refusing.stop();
  // Whoever asks to mine makes the proxy try the pool.
  farm.miner(`${name}.rig2`);
  await placesWhere(([first]) => first?.state === 'down');
  const all = await rows(farm, '/api/v1/pools/state', 'pools');
  assert.equal(all.find((row) => row['pool'] === pool)?.['state'], 'down');

  await farm.program.request('PATCH', `/api/v1/users/${name}`, { body: { pool: backup, user: 'wallet' } });
  const moved = await placesWhere((now) => now.some((one) => one.pool === backup && one.state === 'up'));
  assert.deepEqual(
    moved.filter((one) => one.pool === backup).map(({ user, lastRefusal }) => [user, lastRefusal]),
    [['wallet', null]],
  );
});

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
