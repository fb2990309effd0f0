import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Answer, Program } from '../support/program.ts';
import { until } from '../support/until.ts';

const ROUNDS = 3;
/** Requests under way at the same time, as from several clients. */
const CLIENTS = 6;

interface Registered {
  readonly body: { readonly pool: string; readonly user: string; readonly password: string };
  readonly name: string;
}

/** What the API has said yes to, before the kill. */
interface Acknowledged {
  readonly pools: Map<string, string>;
  readonly accounts: Registered[];
  unanswered: number;
}

/** Adds pools and registers accounts on them, one after the other, until the program is gone. */
async function register(
  program: Program,
  round: number,
  client: number,
  acknowledged: Acknowledged,
): Promise<void> {
  for (let count = 0; ; count += 1) {
    const pool = `pool-${round}-${client}-${count}.test:${3000 + count}`;
    const algorithm = count % 2 === 0 ? 'sha256d' : 'scrypt';
    try {
      const added = await program.post('/api/v1/pools', { pool, algorithm });
      assert.equal(added.status, 201, added.text);
      acknowledged.pools.set(pool, algorithm);
      const body = { pool, user: `user-${count}`, password: `password ${round} ${client} ${count}` };
      const answer = await program.post('/api/v1/users', body);
      assert.equal(answer.status, 201, answer.text);
      acknowledged.accounts.push({ body, name: nameIn(answer) });
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      acknowledged.unanswered += 1;
      return;
    }
  }
}

function nameIn({ json }: Answer): string {
  return (json as { readonly name: string }).name;
}

describe('kill -9', () => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  test('at any moment loses no pool and no account that the API has acknowledged', async () => {
    const options = { dataFile: join(directory, 'proxy.db'), flags: ['--web.rateLimitPerMinute', '0'] };
    const acknowledged: Acknowledged = { pools: new Map(), accounts: [], unanswered: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      await using program = await Program.start(options);
      const clients = Array.from({ length: CLIENTS }, (_, client) =>
        register(program, round, client, acknowledged),
      );
      const goal = acknowledged.accounts.length + CLIENTS + Math.floor(Math.random() * 40);
      await until(() => acknowledged.accounts.length >= goal, `${goal} accounts`, 10_000);
      assert.deepEqual(await program.kill(), { code: null, signal: 'SIGKILL' });
      await Promise.all(clients);
    }
    // In each round every client had one request that the kill cut off: the kill came in the middle of the work.
    assert.equal(acknowledged.unanswered, ROUNDS * CLIENTS);

    await using program = await Program.start(options);
    assert.equal(
      program.lines().some(({ level }) => Number(level) > 30),
      false,
      program.stdout,
    );
    for (const { body, name } of acknowledged.accounts) {
      const again = await program.post('/api/v1/users', body);
      assert.equal(again.status, 200, again.text);
      assert.equal(nameIn(again), name);
    }
    for (const [pool, algorithm] of acknowledged.pools) {
      const again = await program.post('/api/v1/pools', { pool, algorithm });
      assert.equal(again.status, 200, again.text);
    }
    // Another password is another account.
    const [first] = acknowledged.accounts;
    assert.ok(first !== undefined);
    const other = await program.post('/api/v1/users', { ...first.body, password: 'another' });
    assert.equal(other.status, 201);
    assert.equal(
      acknowledged.accounts.some(({ name }) => name === nameIn(other)),
      false,
    );
    assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });
});
