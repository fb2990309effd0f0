import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatEndpoint } from '../../src/domain/endpoint.ts';
import type { CpuMiner } from '../../src/practice/cpu-miner.ts';
import type { PracticePool } from '../../src/practice/practice-pool.ts';
import { Farm } from '../support/farm.ts';
import { runToEnd } from '../support/program.ts';
import { until } from '../support/until.ts';

const EASY = 400 / 2 ** 32;
const SECRET = 'hunter2-SECRET';

type Json = Readonly<Record<string, unknown>>;

interface Bed {
  readonly farm: Farm;
  readonly miner: CpuMiner;
  readonly from: string;
  readonly to: string;
  readonly newPool: PracticePool;
  /** By what each is for. */
  readonly names: Readonly<Record<'mined' | 'backedUp' | 'doubled' | 'there', string>>;
}

/** Two pools; accounts that have the first as their pool, as a backup, with a login that is taken at the second; and one of the second. */
async function bed(): Promise<Bed> {
  const farm = await Farm.open();
  const { program } = farm;
  const [oldPool, newPool] = [await farm.pool({ difficulty: EASY }), await farm.pool({ difficulty: EASY })];
  const [from, to] = [formatEndpoint(oldPool.endpoint), formatEndpoint(newPool.endpoint)];
  await program.addPool('127.0.0.1:1', 'sha256d');
  const register = async (body: object): Promise<string> => {
    const { json, text } = await program.post('/api/v1/users', { password: SECRET, ...body });
    const { name } = json as { readonly name: string };
    assert.notEqual(name, '', text);
    return name;
  };
  const names = {
    mined: await register({
      pool: from,
      user: 'alice',
      backups: [{ pool: to, user: 'alice', password: 'y' }],
    }),
    backedUp: await register({ pool: '127.0.0.1:1', user: 'bob', backups: [{ pool: from, user: 'bob' }] }),
    doubled: await register({ pool: from, user: 'carol' }),
    there: await register({ pool: to, user: 'carol' }),
  };
  const miner = farm.miner(`${names.mined}.rig1`);
  await miner.waitFor(({ accepted }) => accepted >= 2);
  return { farm, miner, from, to, newPool, names };
}

async function isMinedAt({ farm, to }: Bed): Promise<void> {
  await farm.program.metricsWhere(
    (figures) => figures.sum('stratum_proxy_shares_at_pool_total', { pool: to }) >= 2,
    'shares at the new pool',
    15_000,
  );
  const figures = await farm.program.metrics();
  assert.equal(figures.sum('stratum_proxy_connections_accepted_total'), 1, 'on the connection it had');
}

async function isMoved({ farm, from, to, names }: Bed): Promise<void> {
  const { stdout } = await runToEnd(['export', '--with-passwords', '--db.path', farm.program.dataFile]);
  const lines = stdout.trimEnd().split('\n');
  const account = new Map(
    lines.map((line) => [(JSON.parse(line) as Json)['name'], JSON.parse(line) as Json]),
  );
  const { mined, backedUp, doubled } = names;
  const [alice, bob, carol] = [account.get(mined), account.get(backedUp), account.get(doubled)];
  assert.deepEqual([alice?.['pool'], alice?.['password'], alice?.['backups']], [to, SECRET, []]);
  assert.deepEqual(bob?.['backups'], [{ pool: to, user: 'bob', password: '' }]);
  assert.equal(carol?.['pool'], from);
}

describe('all users of a pool', { concurrency: 2 }, () => {
  test('are moved by one call, which a dry run tells before; failures are told by user, miners keep their connection', async () => {
    const here = await bed();
    await using farm = here.farm;
    const { from, to, names } = here;
    const move = async (body: object, status = 200): Promise<Json> => {
      const answer = await farm.program.post('/api/v1/users/move', body);
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.text.includes(SECRET), false);
      return answer.json as Json;
    };
    const before = await farm.program.get('/api/v1/users/export');
    const told = await move({ from, to, dryRun: true });
    assert.equal((await farm.program.get('/api/v1/users/export')).text, before.text);
    const done = await move({ from, to });
    assert.deepEqual({ ...told, dryRun: false }, done);
    assert.deepEqual([done['matched'], done['moved'], done['failed']], [3, 2, 1]);
    assert.deepEqual(done['accounts'], [names.mined, names.backedUp].toSorted());
    const [failure] = done['failures'] as readonly Json[];
    assert.deepEqual([failure?.['name'], failure?.['code']], [names.doubled, 'conflict']);
    assert.ok(String(failure?.['error']).includes(names.there));
    await isMinedAt(here);
    await isMoved(here);

    const { json } = await farm.program.get('/api/v1/audit');
    const moves = (json as { entries: readonly Json[] }).entries.filter(
      ({ action }) => action === 'accounts-moved',
    );
    assert.deepEqual([moves.length, moves[0]?.['target']], [1, to]);
    assert.deepEqual(moves[0]?.['change'], { from, to, moved: 2, failed: 1, accounts: done['accounts'] });

    const renamed = await move({ from, to, user: '{user}.new' });
    assert.equal(renamed['moved'], 1);
    const shown = await farm.program.get(`/api/v1/users/${names.doubled}`);
    assert.equal((shown.json as Json)['user'], 'carol.new');
    assert.deepEqual((await move({ from, to }))['matched'], 0);
  });

  test('stay where the new pool is not listed, the same, or of another algorithm', async () => {
    await using farm = await Farm.open();
    await farm.program.addPool('127.0.0.1:1', 'sha256d');
    await farm.program.addPool('127.0.0.1:2', 'scrypt');
    const name = await farm.program.register('127.0.0.1:1', 'alice');
    for (const [to, status, code] of [
      ['nowhere.example:1', 404, 'unknown-pool'],
      ['127.0.0.1:1', 422, 'invalid-value'],
      ['127.0.0.1:2', 422, 'mixed-algorithms'],
      ['rubbish', 422, 'invalid-value'],
    ] as const) {
      const answer = await farm.program.post('/api/v1/users/move', { from: '127.0.0.1:1', to });
      assert.deepEqual([answer.status, answer.headers.get('x-error-code')], [status, code], answer.text);
    }
    const shown = (await farm.program.get(`/api/v1/users/${name}`)).json as Json;
    assert.deepEqual([shown['pool'], shown['revision']], ['127.0.0.1:1', 1]);
  });

  test('are moved on the data file by the command, and the miners of a running proxy follow', async () => {
    const here = await bed();
    await using farm = here.farm;
    const { from, to, names } = here;
    const move = (...words: readonly string[]) =>
      runToEnd(['move', from, to, ...words, '--db.path', farm.program.dataFile]);
    const dry = await move('--dry-run');
    assert.deepEqual([dry.code, dry.stderr], [5, '2 would be moved, 1 refused; nothing was changed\n']);
    const run = await move();
    assert.deepEqual([run.code, run.stderr, run.stdout], [5, '2 moved, 1 refused\n', dry.stdout]);
    const lines = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
    assert.deepEqual(
      new Map(lines.map(({ name, status }) => [name, status])),
      new Map([
        [names.mined, 'moved'],
        [names.backedUp, 'moved'],
        [names.doubled, 'refused'],
      ]),
    );
    await isMinedAt(here);
    await isMoved(here);
    const entry = await until(async () => {
      const { json } = await farm.program.get('/api/v1/audit?limit=10');
      return (json as { entries: readonly Json[] }).entries.find(({ action }) => action === 'accounts-moved');
    }, 'the audit entry');
    assert.deepEqual([entry['who'], entry['from']], ['local', 'command line']);
    const events = await until(async () => {
      const { json } = await farm.program.get('/api/v1/events?kind=account-changed');
      const found = (json as { events: readonly Json[] }).events;
      return found.length > 0 ? found : undefined;
    }, 'the events of accounts that were moved');
    assert.deepEqual(
      new Map(events.map(({ account, by, changed }) => [account, [by, changed]])),
      new Map([names.mined, names.backedUp].map((name) => [name, ['command line', ['pool']]])),
    );
    for (const words of [['move'], ['move', from], ['move', from, 'x']]) {
      const wrong = await runToEnd([...words, '--db.path', farm.program.dataFile]);
      assert.equal(wrong.code, 2, wrong.stderr);
      assert.match(wrong.stderr, /^move: needs two pools: .*\n$/);
    }
    const unlisted = await runToEnd(['move', from, 'nowhere.example:1', '--db.path', farm.program.dataFile]);
    assert.deepEqual([unlisted.code, unlisted.stdout], [2, '']);
    assert.match(unlisted.stderr, /nowhere\.example:1 is not in the pool list/);
  });
});
