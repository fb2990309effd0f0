import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { upstream } from '../../src/config/sections/pools.ts';
import { ANY_LISTENER } from '../../src/domain/listener.ts';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { HEADER, SEED, TARGET } from '../support/ethash-fixtures.ts';
import { eventually } from '../support/eventually.ts';
import { connectLines, type LinePeer, type Message } from '../support/line-peer.ts';
import { startProxyBed, testSettings } from '../support/proxy-bed.ts';
import { type LogBook, logBook } from '../support/proxy-room.ts';
import { ScriptedPool } from '../support/scripted-pool.ts';

const NAME = '00112233445566aa';
const UNANSWERED = 'pool does not answer an optional call; going on without it for an hour';

interface Bed {
  /** Connections to the pool that have failed. */
  readonly failures: () => number;
  readonly pool: ScriptedPool;
  readonly miner: LinePeer;
  readonly log: LogBook;
}

/** A miner of a dialect in front of a pool that is driven by hand. */
async function open(
  t: TestContext,
  dialect: string,
  algorithm: string,
  settings: Parameters<typeof testSettings>[0] = {},
): Promise<Bed> {
  const pool = await new ScriptedPool().start();
  const endpoint = { host: '127.0.0.1', port: pool.port };
  const account = dialectAccount(NAME, [{ endpoint }], { dialect, algorithm, divider: 1 });
  const log = logBook();
  const bed = await startProxyBed([account], testSettings(settings), { dialects: DIALECTS, log });
  const { port } = await bed.proxy.listen({ host: '127.0.0.1', port: 0 }, { ...ANY_LISTENER, dialect });
  const miner = await connectLines(port);
  t.after(async () => {
    miner.end();
    await bed[Symbol.asyncDispose]();
    await pool[Symbol.asyncDispose]();
  });
  return { pool, miner, log, failures: () => bed.proxy.report().pools[0]?.failures ?? 0 };
}

const yes = (request: Message): Message => ({ id: request['id'], result: true, error: null });

async function take(peer: LinePeer, method: string): Promise<Message> {
  const request = await peer.next();
  assert.equal(request['method'], method);
  return request;
}

function logIn(miner: LinePeer): void {
  miner.send(
    { id: 1, method: 'mining.subscribe', params: ['xmrig/6.26.0'] },
    { id: 2, method: 'mining.extranonce.subscribe', params: [] },
    { id: 3, method: 'mining.authorize', params: [`${NAME}.rig`, 'x'] },
  );
}

const kawpowJob = (id: string): Message => ({
  id: null,
  method: 'mining.notify',
  params: [id, HEADER, SEED, TARGET, true, 1_000_000, '1b01a2b3'],
});

/** A kawpow pool up to the call for another prefix, a job behind its yes. */
async function takeKawpowLogin(pool: ScriptedPool): Promise<LinePeer> {
  const peer = await pool.connection();
  const subscribe = await take(peer, 'mining.subscribe');
  peer.send({ id: subscribe['id'], result: [null, 'ab12'], error: null });
  peer.send(yes(await take(peer, 'mining.authorize')), kawpowJob('j1'));
  return peer;
}

describe('a call that a pool need not know', () => {
  test('for work does not keep miners from a job that was pushed', async (t) => {
    const { pool, miner } = await open(t, 'ethproxy', 'etchash', {
      upstream: { configureTimeoutMs: 60_000 },
    });
    miner.send({ id: 1, method: 'eth_submitLogin', params: [`${NAME}.rig`, 'x'] });
    const peer = await pool.connection();
    peer.send(yes(await take(peer, 'eth_submitLogin')));
    const asked = await take(peer, 'eth_getWork');
    const work = [`0x${HEADER}`, `0x${SEED}`, `0x${TARGET}`];
    peer.send({ id: 0, jsonrpc: '2.0', result: work });
    const pushed = await miner.nextWhere(({ id }) => id === 0, 2000);
    assert.deepEqual((pushed['result'] as readonly unknown[]).slice(0, 3), work);
    // The answer is the job that they have.
    peer.send({ id: asked['id'], jsonrpc: '2.0', result: work });
    const other = ['0x'.padEnd(66, '7'), ...work.slice(1)];
    peer.send({ id: 0, jsonrpc: '2.0', result: other });
    assert.deepEqual(((await miner.next())['result'] as readonly unknown[]).slice(0, 3), other);
  });

  test('for work that was pushed with the yes to the login is not waited for either', async (t) => {
    const { pool, miner } = await open(t, 'ethproxy', 'etchash', {
      upstream: { configureTimeoutMs: 60_000 },
    });
    miner.send({ id: 1, method: 'eth_submitLogin', params: [`${NAME}.rig`, 'x'] });
    const peer = await pool.connection();
    const login = await take(peer, 'eth_submitLogin');
    const work = [`0x${HEADER}`, `0x${SEED}`, `0x${TARGET}`];
    peer.send({ id: 0, jsonrpc: '2.0', result: work }, yes(login));
    await miner.nextWhere(({ id }) => id === 0, 2000);
  });

  test('for another prefix is not waited for where there is a job, and the pool is known for it in time', async (t) => {
    const { pool, miner, log } = await open(t, 'kawpow', 'kawpow', {
      upstream: { configureTimeoutMs: 1500 },
    });
    logIn(miner);
    const peer = await takeKawpowLogin(pool);
    await take(peer, 'mining.extranonce.subscribe');
    await miner.nextMethod('mining.notify', 1000);
    const isLogged = (): boolean => log.events.some(({ event }) => event === UNANSWERED);
    assert.equal(isLogged(), false, 'there is time left');
    await eventually(isLogged, () => 'said in the log');
    peer.end();
    const again = await takeKawpowLogin(pool);
    await eventually(
      () => log.events.filter(({ event }) => event === 'pool up').length === 2,
      () => 'up again',
    );
    assert.equal(again.lines.length, 2, 'not asked again');
  });

  test('whose answer comes when the miners have begun has been answered', async (t) => {
    const { pool, miner, log } = await open(t, 'kawpow', 'kawpow', { upstream: { configureTimeoutMs: 600 } });
    logIn(miner);
    const peer = await takeKawpowLogin(pool);
    const asked = await take(peer, 'mining.extranonce.subscribe');
    await miner.nextMethod('mining.notify');
    peer.send(yes(asked), kawpowJob('j2'));
    await miner.nextMethod('mining.notify');
    await new Promise((resolve) => {
      setTimeout(resolve, 1000);
    });
    assert.equal(
      log.events.some(({ event }) => event === UNANSWERED),
      false,
    );
    peer.end();
    await take(await takeKawpowLogin(pool), 'mining.extranonce.subscribe');
  });

  test('on which a pool closes is left out at once, though its job had come', async (t) => {
    const { pool, miner } = await open(t, 'kawpow', 'kawpow', {
      upstream: { retryMinMs: 60_000, retryMaxMs: 60_000 },
    });
    logIn(miner);
    const peer = await takeKawpowLogin(pool);
    await take(peer, 'mining.extranonce.subscribe');
    await miner.nextMethod('mining.notify');
    peer.socket.end();
    const again = await takeKawpowLogin(pool);
    again.send(kawpowJob('j2'));
    await miner.nextMethod('mining.notify');
    assert.equal(again.lines.length, 2);
  });

  test('is not what a pool that is away is dialled for without a pause', async (t) => {
    const { pool, miner, failures } = await open(t, 'kawpow', 'kawpow', {
      upstream: { retryMinMs: 60_000, retryMaxMs: 60_000 },
    });
    logIn(miner);
    const peer = await takeKawpowLogin(pool);
    await take(peer, 'mining.extranonce.subscribe');
    await miner.nextMethod('mining.notify');
    const gone = pool[Symbol.asyncDispose]();
    await eventually(
      () => failures() === 2,
      () => `the end and a dial that is refused, not ${failures()} failures`,
    );
    await gone;
    // Longer than two sweeps, at each of which one that is to be dialled at once would be.
    await sleep(800);
    assert.equal(failures(), 2);
  });

  test('before the one that names the account holds that up no longer than until a job is there', async (t) => {
    const { pool, miner } = await open(t, 'ethereum-stratum', 'etchash', {
      upstream: { configureTimeoutMs: 60_000 },
    });
    logIn(miner);
    const peer = await pool.connection();
    const subscribe = await take(peer, 'mining.subscribe');
    peer.send({
      id: subscribe['id'],
      result: [['mining.notify', 'ab', 'EthereumStratum/1.0.0'], 'ab12'],
      error: null,
    });
    await take(peer, 'mining.extranonce.subscribe');
    peer.send(
      { id: null, method: 'mining.set_difficulty', params: [2] },
      { id: null, method: 'mining.notify', params: ['j1', SEED, HEADER, true] },
    );
    const authorize = await peer.next(2000);
    assert.equal(authorize['method'], 'mining.authorize');
    peer.send(yes(authorize));
    // The miner was told a prefix of another size, so its first connection may end here.
    await eventually(
      () => miner.isClosed || miner.messages.some(({ method }) => method === 'mining.notify'),
      () => 'told of the pool',
    );
  });

  test('is named in the help of the setting that bounds it', () => {
    const { help } = upstream.keys.configureTimeoutMs;
    const names = DIALECTS.flatMap(({ pool }) => pool.login)
      .filter(({ isOptional }) => isOptional)
      .map(({ name }) => name);
    for (const name of names) assert.ok(help.includes(name), name);
  });
});
