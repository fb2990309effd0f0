import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import type { AccountMining } from '../../src/http/mining.ts';
import { Farm, sharesOf } from '../support/farm.ts';
import { until } from '../support/until.ts';

/** A few hashes per share. */
const EASY = 2 ** -22;
const HASHES_OF_ONE = 2 ** 32;

async function miningOf(farm: Farm, name: string): Promise<AccountMining> {
  const { status, text, json } = await farm.program.get(`/api/v1/users/${name}`);
  assert.equal(status, 200, text);
  return (json as { readonly mining: AccountMining }).mining;
}

function assertClose(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= expected * 1e-9, `${actual}, not ${expected}`);
}

test('users show what their miners do: here, at each pool, and in all', async () => {
  await using farm = await Farm.open();
  const pools = [await farm.pool({ difficulty: EASY }), await farm.pool({ difficulty: EASY * 2 })] as const;
  const [first, second] = pools.map(({ endpoint }) => formatEndpoint(endpoint));
  const register = async (user: string): Promise<string> => {
    const { json } = await farm.program.post('/api/v1/users', { pool: first, user });
    return (json as { readonly name: string }).name;
  };
  const name = await register('wallet');
  const idle = await register('idle');
  const miners = ['a', 'b'].map((worker) => farm.miner(`${name}.${worker}`));
  const mineOn = async (pool: string | undefined): Promise<AccountMining> => {
    const accepted = miners.map(({ stats }) => stats.accepted);
    await Promise.all(
      miners.map((miner, at) => miner.waitFor((books) => books.accepted >= (accepted[at] ?? 0) + 10)),
    );
    const mining = await miningWhere(farm, name, (now) => now.pool === pool && now.miners === 2);
    assert.equal(mining.pools.find((one) => one.pool === pool)?.miners, 2);
    return mining;
  };
  assert.equal((await mineOn(first)).pools.length, 1);
  const moved = await farm.program.request('PATCH', `/api/v1/users/${name}`, { body: { pool: second } });
  assert.equal(moved.status, 200);
  assert.equal('mining' in (moved.json as object), false);
  await until(async () => (await miningOf(farm, name)).pool === second, 'the miners moved');
  assert.equal((await mineOn(second)).pools.length, 2);

  const { json } = await farm.program.get('/api/v1/users');
  const { users } = json as {
    readonly users: readonly { readonly name: string; readonly mining: AccountMining }[];
  };
  assert.deepEqual(
    Object.fromEntries(users.map((user) => [user.name, [user.mining.pool, user.mining.miners]])),
    { [name]: [second, 2], [idle]: [null, 0] },
  );

  await Promise.all(miners.map((miner) => miner.stop()));
  await farm.program.metricsWhere((now) => sharesOf(now).inFlight === 0, 'no share in flight');
  const mining = await miningWhere(farm, name, (now) => now.miners === 0);
  assert.equal(mining.pool, null);
  for (const [at, part] of mining.pools.entries()) {
    const books = pools[at]?.stats;
    assert.ok(books !== undefined);
    assert.deepEqual([part.pool, part.miners], [[first, second][at], 0]);
    assert.equal(part.sharesAtPool, books.accepted);
    assert.equal(part.shares.accepted, books.accepted);
    assertClose(part.workAtPool, books.work * HASHES_OF_ONE);
    assertClose(part.efficiency ?? 0, part.workAtPool / part.workFound);
    assertClose(part.efficiencyError ?? 0, 1 / Math.sqrt(books.accepted));
  }
  assertClose(
    mining.workFound,
    mining.pools.reduce((sum, { workFound }) => sum + workFound, 0),
  );
  const figures = await farm.program.metrics();
  assert.deepEqual(
    Object.fromEntries(Object.entries(mining.shares).filter(([, count]) => count > 0)),
    sharesOf(figures, name).byResult,
  );
  assertClose(mining.workFound, figures.sum('stratum_proxy_work_found_total', { account: name }));
});

/** What the API shows of a user when `holds` is true of it. */
async function miningWhere(
  farm: Farm,
  name: string,
  holds: (mining: AccountMining) => boolean,
): Promise<AccountMining> {
  let last: AccountMining | null = null;
  return await until(
    async () => {
      last = await miningOf(farm, name);
      return holds(last) && last;
    },
    () => JSON.stringify(last),
  );
}
