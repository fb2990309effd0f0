import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { connectLines, type LinePeer } from '../support/line-peer.ts';
import { type ProxyBed, startProxyBed } from '../support/proxy-bed.ts';
import { paramsOf } from '../support/scripted-miner.ts';
import { accept, ScriptedPool } from '../support/scripted-pool.ts';

const NAME = '00112233445566aa';
const HASH = '5eed'.repeat(16);

interface Coin {
  readonly dialect: string;
  readonly algorithm: string;
  readonly divider: number;
  /** The last call of the proxy's login. */
  readonly lastCall: string;
  /** The answer to subscribe with this prefix. */
  subscribed(prefix: string): unknown;
  job(id: string): readonly unknown[];
  /** What follows the job's id in a submit of this nonce. */
  share(nonce: string, prefix: string): readonly unknown[];
}

const KAWPOW: Coin = {
  dialect: 'kawpow',
  algorithm: 'kawpow',
  divider: 1,
  lastCall: 'mining.extranonce.subscribe',
  subscribed: (prefix) => [null, prefix],
  job: (id) => [id, HASH, HASH, `00000000${'ff'.repeat(28)}`, true, 1234, '1b00ffff'],
  share: (nonce) => [`0x${nonce}`, `0x${HASH}`, `0x${HASH}`],
};
const ETHASH: Coin = {
  dialect: 'ethereum-stratum',
  algorithm: 'etchash',
  divider: 1,
  lastCall: 'mining.authorize',
  subscribed: (prefix) => [['mining.notify', 'ae6812eb4cd7735a', 'EthereumStratum/1.0.0'], prefix],
  job: (id) => [id, HASH, HASH, true],
  share: (nonce, prefix) => [nonce.slice(prefix.length)],
};

class Pool {
  readonly #pool: ScriptedPool;
  readonly #coin: Coin;
  readonly #prefix: string;

  constructor(pool: ScriptedPool, coin: Coin, prefix: string) {
    this.#pool = pool;
    this.#coin = coin;
    this.#prefix = prefix;
  }

  get endpoint(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.#pool.port };
  }

  /** Takes the next connection through its login, with a first job; shares are accepted. */
  async client(): Promise<LinePeer> {
    const peer = await this.#pool.connection();
    const subscribe = await peer.nextMethod('mining.subscribe');
    peer.send({ id: subscribe['id'], result: this.#coin.subscribed(this.#prefix), error: null });
    for (;;) {
      const request = await peer.next();
      accept(peer, request);
      if (request['method'] === this.#coin.lastCall) break;
    }
    peer.send(
      { id: null, method: 'mining.set_difficulty', params: [0.5] },
      { id: null, method: 'mining.notify', params: this.#coin.job('j1') },
    );
    return peer;
  }
}

async function poolOf(t: TestContext, coin: Coin, prefix: string): Promise<Pool> {
  const pool = await new ScriptedPool().start();
  t.after(() => pool[Symbol.asyncDispose]());
  return new Pool(pool, coin, prefix);
}

async function bedOn(pool: Pool, coin: Coin): Promise<ProxyBed> {
  return startProxyBed([dialectAccount(NAME, [pool], coin)], undefined, { dialects: DIALECTS });
}

/** Up to the answer to its login. */
async function loggedIn(t: TestContext, bed: ProxyBed, coin: Coin, announces = false): Promise<LinePeer> {
  const miner = await connectLines(bed.port);
  t.after(() => miner.end());
  const flavour = coin === ETHASH ? ['EthereumStratum/1.0.0'] : [];
  await miner.call({ id: 1, method: 'mining.subscribe', params: ['miner/1.0', ...flavour] });
  if (announces) await announce(miner);
  await miner.call({ id: 2, method: 'mining.authorize', params: [`${NAME}.rig`, 'x'] });
  return miner;
}

async function announce(miner: LinePeer): Promise<void> {
  const answer = await miner.call({ id: 3, method: 'mining.extranonce.subscribe', params: [] });
  assert.equal(answer['result'], true);
}

for (const coin of [KAWPOW, ETHASH]) {
  describe(`a miner of ${coin.dialect} that has to be told another prefix`, () => {
    test('and says half a second after its login that it takes one is told it then, a job behind it', async (t) => {
      const pool = await poolOf(t, coin, 'aa01');
      await using bed = await bedOn(pool, coin);
      const [, miner] = await Promise.all([pool.client(), loggedIn(t, bed, coin)]);
      await sleep(500);
      const before = miner.lines.length;
      await announce(miner);
      const told = await miner.nextMethod('mining.set_extranonce');
      assert.equal(paramsOf(told)[0], 'aa01');
      await miner.nextMethod('mining.notify');
      assert.ok(
        miner.lines.slice(0, before).every((line) => !line.includes('"method"')),
        'no job for a prefix that does not fit',
      );
      await sleep(1000);
      assert.equal(miner.isClosed, false);
    });

    test('and says nothing is closed after a second', async (t) => {
      const pool = await poolOf(t, coin, 'aa01');
      await using bed = await bedOn(pool, coin);
      const [, miner] = await Promise.all([pool.client(), loggedIn(t, bed, coin)]);
      const sinceMs = performance.now();
      await miner.closed();
      const closedMs = performance.now() - sinceMs;
      assert.ok(closedMs > 900 && closedMs < 2500, `closed after ${closedMs} ms`);
    });

    test('long after its login is closed at once', async (t) => {
      const first = await poolOf(t, coin, '');
      const second = await poolOf(t, coin, 'bb0203');
      await using bed = await bedOn(first, coin);
      const [, miner] = await Promise.all([first.client(), loggedIn(t, bed, coin)]);
      await miner.nextMethod('mining.notify');
      await sleep(1100);
      bed.change(dialectAccount(NAME, [second], coin, { revision: 2 }));
      await second.client();
      const sinceMs = performance.now();
      await miner.closed();
      const closedMs = performance.now() - sinceMs;
      assert.ok(closedMs < 500, `closed after ${closedMs} ms`);
    });
  });

  test(`a share of ${coin.dialect} in flight at a change of pool goes to the pool before, with the prefix that it was found with`, async (t) => {
    const first = await poolOf(t, coin, 'aa01');
    const second = await poolOf(t, coin, 'bb0203');
    await using bed = await bedOn(first, coin);
    const [before, miner] = await Promise.all([first.client(), loggedIn(t, bed, coin, true)]);
    const job = paramsOf(await miner.nextMethod('mining.notify'))[0];
    bed.change(dialectAccount(NAME, [second], coin, { revision: 2 }));
    const now = await second.client();
    assert.equal(paramsOf(await miner.nextMethod('mining.set_extranonce'))[0], 'bb0203');
    const nextJob = paramsOf(await miner.nextMethod('mining.notify'))[0];
    for (const [peer, id, jobId, prefix] of [
      [before, 8, job, 'aa01'],
      [now, 9, nextJob, 'bb0203'],
    ] as const) {
      const share = coin.share(prefix.padEnd(16, '1'), prefix);
      miner.send({ id, method: 'mining.submit', params: [`${NAME}.rig`, jobId, ...share] });
      const submit = await peer.nextMethod('mining.submit');
      assert.deepEqual(paramsOf(submit).slice(1), ['j1', ...share]);
      accept(peer, submit);
      const answer = await miner.nextWhere((message) => message['id'] === id);
      assert.equal(answer['result'], true);
    }
  });
}
