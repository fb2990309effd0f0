import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { DIALECTS } from '../../src/wire/dialects/index.ts';
import { dialectAccount } from '../support/dialect-account.ts';
import { connectLines, type LinePeer, type Message } from '../support/line-peer.ts';
import { type ProxyBed, startProxyBed } from '../support/proxy-bed.ts';
import { paramsOf } from '../support/scripted-miner.ts';
import { accept, ScriptedPool } from '../support/scripted-pool.ts';

const NAME = '00112233445566aa';
const KASPA = { dialect: 'kaspa', algorithm: 'kheavyhash', divider: 1 };
const WORDS = '[1749944618524778994,12887266473638193790,4625232074401863082,1167088121787636990]';

/** A bridge that waits for its client; tells it a prefix where it has one. */
class Bridge {
  readonly #pool: ScriptedPool;
  readonly #prefix: string;
  #timestamp = 1_700_000_000_000;

  constructor(pool: ScriptedPool, prefix: string) {
    this.#pool = pool;
    this.#prefix = prefix;
  }

  get endpoint(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.#pool.port };
  }

  /** Takes the next connection through its login, with a first job. */
  async client(job: string): Promise<LinePeer> {
    const peer = await this.#pool.connection();
    const subscribe = await peer.nextMethod('mining.subscribe');
    peer.send({ id: subscribe['id'], result: [true, 'EthereumStratum/1.0.0'], error: null });
    accept(peer, await peer.nextMethod('mining.authorize'));
    if (this.#prefix !== '') {
      const params = [this.#prefix, 8 - this.#prefix.length / 2];
      peer.send({ id: null, method: 'mining.set_extranonce', params });
    }
    peer.send({ id: null, method: 'mining.set_difficulty', params: [4096] });
    this.notify(peer, job);
    return peer;
  }

  notify(peer: LinePeer, job: string): void {
    this.#timestamp += 1000;
    peer.send(`{"id":null,"method":"mining.notify","params":["${job}",${WORDS},${this.#timestamp}]}`);
  }
}

async function bridge(t: TestContext, prefix: string): Promise<Bridge> {
  const pool = await new ScriptedPool().start();
  t.after(() => pool[Symbol.asyncDispose]());
  return new Bridge(pool, prefix);
}

function bedOn(pools: readonly Bridge[]): Promise<ProxyBed> {
  return startProxyBed([dialectAccount(NAME, pools, KASPA)], undefined, { dialects: DIALECTS });
}

function moveTo(bed: ProxyBed, pools: readonly Bridge[], revision = 2): void {
  bed.change(dialectAccount(NAME, pools, KASPA, { revision }));
}

/** A miner that has logged in, its answers taken. */
async function loggedIn(t: TestContext, bed: ProxyBed, agent: string): Promise<LinePeer> {
  const miner = await connectLines(bed.port);
  t.after(() => miner.end());
  miner.send({ id: 0, method: 'mining.subscribe', params: [agent] });
  miner.send({ id: 1, method: 'mining.authorize', params: [`${NAME}.rig`, 'x'] });
  return miner;
}

/** Everything up to and with the next job. */
async function upToJob(miner: LinePeer): Promise<readonly Message[]> {
  const messages: Message[] = [];
  do messages.push(await miner.next());
  while (messages.at(-1)?.['method'] !== 'mining.notify');
  return messages;
}

function prefixesIn(messages: readonly Message[]): readonly (readonly unknown[])[] {
  return messages.filter(({ method }) => method === 'mining.set_extranonce').map(paramsOf);
}

function submit(miner: LinePeer, id: number, job: string, nonce: string): void {
  miner.send({ id, method: 'mining.submit', params: [`${NAME}.rig`, job, nonce] });
}

function answerTo(miner: LinePeer, id: number): Promise<Message> {
  return miner.nextWhere((message) => message['id'] === id && message['method'] === undefined);
}

function codeOf(answer: Message): unknown {
  return (answer['error'] as readonly unknown[] | null)?.[0];
}

/** The next share that a pool is sent: job and nonce. It is accepted. */
async function takeShare(peer: LinePeer): Promise<readonly unknown[]> {
  const share = await peer.nextMethod('mining.submit');
  accept(peer, share);
  return paramsOf(share).slice(1);
}

describe('a kaspa pool without a prefix', () => {
  test('is one whose miners are told none, and the whole nonce is theirs', async (t) => {
    const pool = await bridge(t, '');
    await using bed = await bedOn([pool]);
    const [peer, miner] = await Promise.all([pool.client('17'), loggedIn(t, bed, 'lolMiner 1.76')]);
    assert.deepEqual(prefixesIn(await upToJob(miner)), []);
    submit(miner, 9, '17', '0x00ab1234567890ab');
    assert.deepEqual(await takeShare(peer), ['17', '0x00ab1234567890ab']);
    assert.equal((await answerTo(miner, 9))['result'], true);
  });

  for (const agent of ['kaspa-miner/0.2.1', 'karlsen-miner/1.0.0', 'iceriverminer-v1.1']) {
    test(`gives ${agent} one of ours, without which it is of no use`, async (t) => {
      const pool = await bridge(t, '');
      await using bed = await bedOn([pool]);
      const [peer, miner] = await Promise.all([pool.client('17'), loggedIn(t, bed, agent)]);
      const [told, ...more] = prefixesIn(await upToJob(miner));
      assert.deepEqual(more, []);
      assert.match(String(told?.[0]), /^[0-9a-f]{4}$/);
      assert.equal(told?.[1], 6);
      submit(miner, 9, '17', '0x1234567890ab');
      assert.deepEqual(await takeShare(peer), ['17', `0x${String(told?.[0])}1234567890ab`]);
    });
  }

  test('is moved to without an empty prefix being told', async (t) => {
    const first = await bridge(t, 'aa01');
    const second = await bridge(t, '');
    await using bed = await bedOn([first]);
    const [, miner] = await Promise.all([first.client('17'), loggedIn(t, bed, 'lolMiner 1.76')]);
    assert.deepEqual(prefixesIn(await upToJob(miner)), [['aa01', 6]]);
    moveTo(bed, [second]);
    const peer = await second.client('17');
    const [told, ...more] = prefixesIn(await upToJob(miner));
    assert.deepEqual(more, []);
    assert.match(String(told?.[0]), /^[0-9a-f]{4}$/);
    assert.notEqual(told?.[0], 'aa01');
    assert.equal(told?.[1], 6);
    submit(miner, 9, '17', `0x${String(told?.[0])}1234567890ab`);
    assert.deepEqual(await takeShare(peer), ['17', `0x${String(told?.[0])}1234567890ab`]);
  });
});

describe('a kaspa share in flight at a change of pool', () => {
  for (const [formerPrefix, prefix] of [
    ['aa01', 'bb02'],
    ['aa', 'bb0203'],
    ['', 'bb02'],
    ['aa01', ''],
  ] as const) {
    test(`from the prefix "${formerPrefix}" to "${prefix}" goes to the pool that its nonce was found for, whatever job has its name there`, async (t) => {
      const first = await bridge(t, formerPrefix);
      const second = await bridge(t, prefix);
      await using bed = await bedOn([first]);
      const [before, miner] = await Promise.all([first.client('17'), loggedIn(t, bed, 'lolMiner 1.76')]);
      await upToJob(miner);
      moveTo(bed, [second]);
      const now = await second.client('17');
      const told = String(prefixesIn(await upToJob(miner))[0]?.[0]);
      const late = (formerPrefix === '' ? 'cc03' : formerPrefix).padEnd(16, '1');
      const fresh = told.padEnd(16, '2');
      submit(miner, 8, '17', `0x${late}`);
      submit(miner, 9, '17', `0x${fresh}`);
      assert.deepEqual(await takeShare(before), ['17', `0x${late}`]);
      assert.deepEqual(await takeShare(now), ['17', `0x${fresh}`]);
      assert.equal((await answerTo(miner, 8))['result'], true);
      assert.equal((await answerTo(miner, 9))['result'], true);
    });
  }

  test('for a job of the former pool alone, of an ASIC that sends what follows its prefix, has the former prefix put before it', async (t) => {
    const first = await bridge(t, 'aa01');
    const second = await bridge(t, 'bb0203');
    await using bed = await bedOn([first]);
    const [before, miner] = await Promise.all([first.client('16'), loggedIn(t, bed, 'lolMiner 1.76')]);
    await upToJob(miner);
    moveTo(bed, [second]);
    await second.client('17');
    await upToJob(miner);
    submit(miner, 8, '16', '0x1234567890ab');
    assert.deepEqual(await takeShare(before), ['16', '0xaa011234567890ab']);
  });

  test('that no pool can be sent is stale, on which kaspa-miner goes on, and a prefix that it never had is its own fault', async (t) => {
    const first = await bridge(t, 'aa01');
    const second = await bridge(t, 'bb02');
    await using bed = await bedOn([first]);
    const [, miner] = await Promise.all([first.client('16'), loggedIn(t, bed, 'kaspa-miner/0.2.1')]);
    await upToJob(miner);
    moveTo(bed, [second]);
    const now = await second.client('17');
    await upToJob(miner);
    submit(miner, 7, '17', '0xaa01111111111111');
    assert.equal(codeOf(await answerTo(miner, 7)), 21);
    submit(miner, 8, '16', '0xbb02111111111111');
    assert.equal(codeOf(await answerTo(miner, 8)), 21);
    submit(miner, 9, '15', '0xbb02111111111111');
    assert.equal(codeOf(await answerTo(miner, 9)), 21);
    submit(miner, 10, '17', '0xdd02111111111111');
    assert.equal(codeOf(await answerTo(miner, 10)), 20);
    submit(miner, 11, '17', '0xbb02111111111111');
    assert.deepEqual(await takeShare(now), ['17', '0xbb02111111111111']);
    const { counts } = bed.proxy.report().totals.find(({ counts: { malformed } }) => malformed > 0) ?? {};
    assert.equal(counts?.stale, 2);
    assert.equal(counts?.malformed, 1);
  });

  for (const [what, job, result] of [
    ['for a job of that pool alone', '16', 'unknown-job'],
    ['for a job whose name the new pool has too', '17', 'stale'],
  ] as const) {
    test(`to a pool that has gone down is stale at once, ${what}`, async (t) => {
      const first = await bridge(t, 'aa01');
      const second = await bridge(t, 'bb02');
      await using bed = await bedOn([first, second]);
      const [before, miner] = await Promise.all([first.client('16'), loggedIn(t, bed, 'kaspa-miner/0.2.1')]);
      await upToJob(miner);
      first.notify(before, '17');
      await upToJob(miner);
      before.end();
      await second.client('17');
      await upToJob(miner);
      submit(miner, 7, job, '0xaa01111111111111');
      const answer = await miner.nextWhere((message) => message['id'] === 7, 1000);
      assert.equal(codeOf(answer), 21);
      const counts = bed.proxy.report().totals.map((total) => total.counts[result]);
      assert.equal(Math.max(...counts), 1);
    });
  }

  test('of a pool that gave another prefix itself is stale', async (t) => {
    const pool = await bridge(t, 'aa01');
    await using bed = await bedOn([pool]);
    const [peer, miner] = await Promise.all([pool.client('16'), loggedIn(t, bed, 'kaspa-miner/0.2.1')]);
    await upToJob(miner);
    peer.send({ id: null, method: 'mining.set_extranonce', params: ['bb02', 6] });
    pool.notify(peer, '16');
    assert.deepEqual(prefixesIn(await upToJob(miner)), [['bb02', 6]]);
    submit(miner, 7, '16', '0xaa01111111111111');
    assert.equal(codeOf(await answerTo(miner, 7)), 21);
  });
});
