import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import { freePort } from '../support/free-port.ts';
import { Program, type ProgramOptions } from '../support/program.ts';
import { connectMiner, type ScriptedMiner } from '../support/scripted-miner.ts';
import { until } from '../support/until.ts';

type Json = Readonly<Record<string, unknown>>;

async function bansOf(program: Program): Promise<readonly Json[]> {
  const { json } = await program.get('/api/v1/bans');
  return (json as { readonly bans: readonly Json[] }).bans;
}

function isAnswered(miner: ScriptedMiner): Promise<boolean> {
  return miner.subscribe().then(
    () => true,
    () => false,
  );
}

/** Whether a connection from there is answered. */
async function isTaken(program: Program, from: string): Promise<boolean> {
  const miner = await connectMiner(program.stratum.port, { from, user: '00112233445566aa' });
  try {
    return await Promise.race([isAnswered(miner), miner.closed().then(() => false)]);
  } finally {
    miner.end();
  }
}

async function ban(program: Program, body: Json): Promise<Json> {
  const { status, text, json } = await program.post('/api/v1/bans', body);
  assert.equal(status, 201, text);
  const { closed: _, accounts: __, ...view } = json as Json;
  return view;
}

describe('bans of the operator', () => {
  let directory = '';
  let count = 0;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'stratum-proxy-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  /** Starts again and again on one data file. */
  function newData(options: ProgramOptions = {}): () => Promise<Program> {
    count += 1;
    const dataFile = join(directory, `${count}.db`);
    return () => Program.start({ ...options, dataFile });
  }

  test('outlive kill -9 as soon as they are answered, until they end or are deleted', async () => {
    const start = newData();
    await using first = await start();
    const short = await ban(first, { address: '127.0.7.1', seconds: 1 });
    const forGood = await ban(first, { address: '127.0.5.0/24', reason: 'not ours' });
    const long = await ban(first, { address: '127.0.6.1', seconds: 3600 });
    await first.kill();

    await using second = await start();
    await until(() => Date.now() > Date.parse(String(short['until'])), 'the short one ends');
    assert.deepEqual(await bansOf(second), [forGood, long]);
    assert.equal(await isTaken(second, '127.0.5.9'), false);
    assert.equal(await isTaken(second, '127.0.6.1'), false);
    assert.equal(await isTaken(second, '127.0.7.1'), true);
    const removed = await second.request('DELETE', '/api/v1/bans/127.0.6.1');
    assert.deepEqual(removed.json, { removed: true });
    await second.kill();

    await using third = await start();
    assert.deepEqual(await bansOf(third), [forGood]);
    assert.equal(await isTaken(third, '127.0.6.1'), true);
    const other = await ban(third, { address: '127.0.5.0/24', seconds: 600, reason: 'for a while' });
    await third.stop();

    await using fourth = await start();
    assert.deepEqual(await bansOf(fourth), [other]);
  });

  test('hold from the first connection after a start', async () => {
    const port = await freePort();
    const start = newData({ flags: ['--stratum.addr', `127.0.0.1:${port}`] });
    await using first = await start();
    await ban(first, { address: '127.0.5.1' });
    await first.kill();
    const starting = start();
    const seen = { isStarted: false, refused: 0 };
    void starting.then(() => {
      seen.isStarted = true;
    });
    while (!seen.isStarted || seen.refused === 0) {
      try {
        const miner = await connectMiner(port, { from: '127.0.5.1' });
        assert.equal(await isAnswered(miner), false);
        seen.refused += 1;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    await (await starting)[Symbol.asyncDispose]();
  });

  test('leave those of the proxy, which end with the process', async () => {
    const start = newData({ flags: ['--bans.threshold', '1'] });
    await using first = await start();
    const miner = await connectMiner(first.stratum.port, { from: '127.0.5.1', user: 'ffeeddccbbaa9988' });
    await miner.subscribe();
    await miner.authorize();
    miner.end();
    await until(async () => (await bansOf(first)).length === 1, 'the ban');
    assert.equal((await bansOf(first))[0]?.['by'], 'proxy');
    await first.stop();
    await using second = await start();
    assert.deepEqual(await bansOf(second), []);
  });

  test('are neither made nor ended while the data file is locked', async () => {
    await using program = await newData({ hasTurnableClock: true })();
    const kept = await ban(program, { address: '127.0.5.1' });
    const other = new Database(program.dataFile);
    other.exec('begin exclusive');
    const banning = program.post('/api/v1/bans', { address: '127.0.6.1' });
    const unbanning = program.request('DELETE', '/api/v1/bans/127.0.5.1');
    // Each waits for the lock by itself.
    for (const asked of [banning, unbanning]) {
      let answer: Awaited<typeof asked> | null = null;
      void asked.then((given) => {
        answer = given;
      });
      await until(async () => {
        await program.turnClock(1000);
        return answer !== null;
      }, 'an answer');
      assert.equal((await asked).status, 503, (await asked).text);
      assert.equal((await asked).headers.get('x-error-code'), 'store-busy');
      assert.ok(Number((await asked).headers.get('retry-after')) >= 1);
    }
    assert.deepEqual(await bansOf(program), [kept]);
    assert.equal(await isTaken(program, '127.0.6.1'), true);
    assert.equal(await isTaken(program, '127.0.5.1'), false);
    other.exec('rollback');
    other.close();
    assert.deepEqual(
      (await program.request('DELETE', '/api/v1/bans/127.0.5.1')).json,
      { removed: true },
      'tried again',
    );
    assert.equal(await isTaken(program, '127.0.5.1'), true);
  });
});
