import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANY_LISTENER } from '../../src/domain/listener.ts';
import type { ProxyParts } from '../../src/proxy/proxy.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { HEADER, SEED, TARGET } from '../support/ethash-fixtures.ts';
import { eventually } from '../support/eventually.ts';
import { connectLines, type LinePeer, type Message } from '../support/line-peer.ts';
import { type ProxyBed, startProxyBed, testSettings } from '../support/proxy-bed.ts';
import { ScriptedPool } from '../support/scripted-pool.ts';

const NAME = '00112233445566aa';
const WORK = [`0x${HEADER}`, `0x${SEED}`, `0x${TARGET}`];

interface Bed {
  readonly pool: ScriptedPool;
  readonly bed: ProxyBed;
  miner(port?: number): Promise<LinePeer>;
}

async function open(
  t: TestContext,
  settings: Parameters<typeof testSettings>[0] = {},
  parts: Partial<ProxyParts> = {},
): Promise<Bed> {
  const pool = await new ScriptedPool().start();
  const account = dialectAccount(NAME, [{ endpoint: { host: '127.0.0.1', port: pool.port } }], {
    dialect: 'ethproxy',
    algorithm: 'etchash',
    divider: 1,
  });
  const bed = await startProxyBed([account], testSettings(settings), { dialects: DIALECTS, ...parts });
  const miners: LinePeer[] = [];
  t.after(async () => {
    for (const miner of miners) miner.end();
    await bed[Symbol.asyncDispose]();
    await pool[Symbol.asyncDispose]();
  });
  return {
    pool,
    bed,
    async miner(port = bed.port) {
      const miner = await connectLines(port);
      miners.push(miner);
      return miner;
    },
  };
}

const login = (user = `${NAME}.rig`, more: Message = {}): Message => ({
  id: 1,
  method: 'eth_submitLogin',
  params: [user, 'x'],
  ...more,
});
const getWork = (id: number): Message => ({ id, method: 'eth_getWork', params: [] });

/** The pool takes the login, and is asked for work. */
async function takeLogin(pool: ScriptedPool): Promise<{ readonly peer: LinePeer; readonly asked: Message }> {
  const peer = await pool.connection();
  const request = await peer.next();
  assert.equal(request['method'], 'eth_submitLogin');
  peer.send({ id: request['id'], jsonrpc: '2.0', result: true });
  const asked = await peer.next();
  assert.equal(asked['method'], 'eth_getWork');
  return { peer, asked };
}

const isPush = (message: Message): boolean => message['id'] === 0;
const codeAndText = (message: Message): unknown => (message['error'] as Message | undefined)?.['message'];

describe('an EthProxy miner that polls', () => {
  test('has an answer to every request while there is work', async (t) => {
    const { pool, miner: connect } = await open(t);
    const miner = await connect();
    miner.send(login());
    const { peer, asked } = await takeLogin(pool);
    peer.send({ id: asked['id'], jsonrpc: '2.0', result: WORK });
    await miner.nextWhere(isPush);
    for (let id = 10; id < 60; id += 1) {
      const { result } = await miner.call(getWork(id));
      assert.deepEqual((result as readonly unknown[]).slice(0, 3), WORK);
    }
  });

  test('outlives a pool that is down for long: older requests are told so, the newest have the first job', async (t) => {
    const { pool, miner: connect } = await open(t, { limits: { pendingSubmits: 8 } });
    const miner = await connect();
    miner.send(login());
    const { peer, asked } = await takeLogin(pool);
    peer.send({ id: asked['id'], jsonrpc: '2.0', result: WORK });
    await miner.nextWhere(isPush);
    peer.end();
    await sleep(50);
    const ids = Array.from({ length: 300 }, (_, i) => 10 + i);
    for (const id of ids) miner.send(getWork(id));
    for (const id of ids.slice(0, -4)) {
      const reply = await miner.next();
      assert.equal(reply['id'], id);
      assert.equal(codeAndText(reply), 'Work not ready');
    }
    const again = await takeLogin(pool);
    const other = ['0x'.padEnd(66, '7'), `0x${SEED}`, `0x${TARGET}`];
    again.peer.send({ id: again.asked['id'], jsonrpc: '2.0', result: other });
    for (const id of ids.slice(-4)) {
      const reply = await miner.nextWhere((message) => !isPush(message));
      assert.equal(reply['id'], id);
      assert.deepEqual((reply['result'] as readonly unknown[]).slice(0, 3), other);
    }
    assert.equal(miner.isClosed, false);
  });
});

describe('the login of an EthProxy miner', () => {
  test('is not refused for a store that takes longer than the miner would wait for the pool', async (t) => {
    const {
      pool,
      bed,
      miner: connect,
    } = await open(
      t,
      {},
      {
        accounts: {
          find: (name, then) => {
            setTimeout(() => {
              const account = bed.accounts.get(name);
              then(account === undefined ? { kind: 'unknown' } : { kind: 'found', account });
            }, 900);
          },
        },
      },
    );
    const miner = await connect();
    miner.send(login());
    const reply = await miner.next();
    assert.deepEqual([reply['id'], reply['result']], [1, true]);
    const { peer, asked } = await takeLogin(pool);
    peer.send({ id: asked['id'], jsonrpc: '2.0', result: WORK });
    assert.deepEqual(((await miner.next())['result'] as readonly unknown[]).slice(0, 3), WORK);
  });

  test('is answered in time although the pool has not taken it yet', async (t) => {
    const { miner: connect } = await open(t);
    const miner = await connect();
    const startedMs = performance.now();
    const reply = await miner.call(login());
    assert.equal(reply['result'], true);
    assert.ok(performance.now() - startedMs < 950, `${performance.now() - startedMs} ms`);
  });

  for (const [user, worker] of [
    ['mail@example.com', 'mail@example.com'],
    ['mail@mail.example.com.rig1', 'mail@mail.example.com.rig1'],
    ['0xb85150eb365e7df0941f0cf08235f987ba91506a.rig1', '0xb85150eb365e7df0941f0cf08235f987ba91506a.rig1'],
    [NAME, ''],
    [`${NAME}.mail@example.com`, 'mail@example.com'],
  ] as const) {
    test(`as ${user} loses nothing on a port with an account of its own`, async (t) => {
      const { pool, bed, miner: connect } = await open(t);
      const { port } = await bed.proxy.listen(
        { host: '127.0.0.1', port: 0 },
        { ...ANY_LISTENER, dialect: 'ethproxy', account: NAME },
      );
      const miner = await connect(port);
      miner.send(login(user));
      const { peer, asked } = await takeLogin(pool);
      peer.send({ id: asked['id'], jsonrpc: '2.0', result: WORK });
      await miner.nextWhere(isPush);
      await eventually(
        () => bed.proxy.report().sessions.length === 1,
        () => 'one session',
      );
      const [session] = bed.proxy.report().sessions;
      assert.equal(session?.worker, worker);
    });
  }
});
