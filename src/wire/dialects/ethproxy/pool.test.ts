import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HEADER, MIX, nicehash, SEED, TARGET } from '../../../../test/support/ethash-fixtures.ts';
import type { LoginFacts, RelayedShare } from '../../dialect.ts';
import type { PoolEvent } from '../../messages.ts';
import { UNDIVIDED } from '../ethash/events.ts';
import { decodePool, ethProxyPool } from './pool.ts';

const say = (message: unknown): PoolEvent => decodePool(JSON.stringify(message));
const facts: LoginFacts = {
  user: '0xb85150eb365e7df0941f0cf08235f987ba91506a.rig1',
  password: 'x',
  agent: 'proxy/1',
  host: 'pool.example',
  port: 1234,
  algorithm: 'etchash',
  sessionId: null,
  versionMask: 0,
  isPlain: false,
};
const share: RelayedShare = {
  family: 'ethash',
  user: 'account.rig1',
  poolJobId: HEADER,
  parts: { nonce: nicehash.full_nonce, header: HEADER, mix: MIX },
};

const reply = (message: object): PoolEvent => say({ id: 40, ...message });

describe('an EthProxy pool', () => {
  const list = [`0x${HEADER}`, `0x${SEED}`, `0x${TARGET}`];
  const work = {
    family: 'ethash',
    poolJobId: HEADER,
    block: HEADER,
    clean: false,
    target: { hashes: 4_295_032_833.000_015, text: TARGET },
    algorithm: null,
    parts: { header: HEADER, seed: SEED },
  };

  test('pushes jobs under id 0, or null, or without one', () => {
    for (const id of [0, null, undefined, 'x'])
      assert.deepEqual(say({ id, jsonrpc: '2.0', result: list }), { kind: 'job', work });
  });

  test('answers eth_getWork with a job, which is an answer too', () => {
    assert.deepEqual(say({ id: 5, jsonrpc: '2.0', result: list }), {
      kind: 'several',
      events: [
        { kind: 'reply', id: 5, result: list, refusal: null },
        { kind: 'job', work },
      ],
    });
  });

  test('may tell the height, and more', () => {
    const event = say({ id: 0, result: [...list, '0x6526D5', 'x'] });
    assert.ok(event.kind === 'job' && event.work.family === 'ethash');
    assert.equal(event.work.block, '6526d5');
    assert.deepEqual(event.work.parts, {
      header: HEADER,
      seed: SEED,
      height: '6526d5',
      'more:ethproxy': ',"x"',
    });
    const other = say({ id: 0, result: [...list, 7] });
    assert.ok(other.kind === 'job' && other.work.family === 'ethash');
    assert.deepEqual(other.work.parts, { header: HEADER, seed: SEED, 'more:ethproxy': ',7' });
  });

  test('may write upper case, no 0x, a short target', () => {
    const event = say({ id: 0, result: [HEADER.toUpperCase(), `0X${SEED.toUpperCase()}`, '0xFFFF'] });
    assert.ok(event.kind === 'job' && event.work.family === 'ethash');
    assert.equal(event.work.poolJobId, HEADER);
    assert.equal(event.work.target?.text, 'ffff'.padStart(64, '0'));
    assert.deepEqual(event.work.parts, { header: HEADER, seed: SEED });
  });

  for (const [what, result] of [
    ['nothing', []],
    ['a short header', [HEADER.slice(2), SEED, TARGET]],
    ['no seed', [HEADER, null, TARGET]],
    ['a target that nothing meets', [HEADER, SEED, '0x0']],
    ['numbers', [1, 2, 3]],
  ] as const) {
    test(`is at fault with a job of ${what}`, () => assert.equal(say({ id: 0, result }).kind, 'fault'));
  }

  test('says yes and no', () => {
    const yes = { kind: 'reply', id: 40, result: true, refusal: null };
    assert.deepEqual(reply({ jsonrpc: '2.0', result: true }), yes);
    assert.deepEqual(reply({ result: true, error: null }), yes);
    for (const [message, code, text] of [
      [{ result: false }, null, 'Rejected by the pool'],
      [{ error: { code: 23, message: 'Invalid share' } }, 23, 'Invalid share'],
      [{ error: { code: '999', message: 'Stale' } }, 999, 'Stale'],
      [{ result: null, error: [22, 'Duplicate share', null] }, 22, 'Duplicate share'],
      [{ error: 'Bad' }, null, 'Bad'],
      [{ error: {} }, null, 'Rejected by the pool'],
      [{ error: true }, null, 'Rejected by the pool'],
      [{ error: 5 }, 5, 'Rejected by the pool'],
      [{ error: ['Stale'] }, null, 'Stale'],
    ] as const) {
      const event = reply(message);
      assert.ok(event.kind === 'reply');
      assert.deepEqual(event.refusal, { code, message: text });
    }
  });

  test('answers to nobody, other methods and rubbish', () => {
    assert.deepEqual(say({ id: 0, result: true }), { kind: 'notice', method: 'reply' });
    assert.deepEqual(say({ id: -1, error: 'x' }), { kind: 'notice', method: 'reply' });
    assert.deepEqual(say({ id: 1, method: 'mining.notify', params: [] }), {
      kind: 'notice',
      method: 'mining.notify',
    });
    assert.deepEqual(say({ id: 7, method: 'client.get_version' }), { kind: 'get-version', id: '7' });
    assert.deepEqual(say({ id: 7, method: 'mining.ping' }), { kind: 'ping', id: '7' });
    assert.equal(decodePool('[]').kind, 'fault');
    assert.equal(decodePool('nonsense').kind, 'fault');
  });

  test('asks to connect elsewhere, or again', () => {
    assert.deepEqual(say({ method: 'client.reconnect', params: ['Other.Example', '3333', 5] }), {
      kind: 'reconnect',
      host: 'other.example',
      port: 3333,
      waitSeconds: 5,
    });
    const again = { kind: 'reconnect', host: null, port: null, waitSeconds: 0 };
    for (const params of [[], undefined, ['', 70_000, -1], [7, 1.5, 'soon'], [null, null, 1e9]])
      assert.deepEqual(say({ method: 'client.reconnect', params }), again);
  });
});

describe('an EthProxy pool is told', () => {
  const [login, getWork] = ethProxyPool.login;
  const named = (user: string): unknown => JSON.parse(login?.write(1, { ...facts, user }) ?? '');

  test('the account, and the rig beside it', () => {
    assert.equal(
      login?.write(1, facts),
      '{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","worker":"rig1","params":["0xb85150eb365e7df0941f0cf08235f987ba91506a","x"]}\n',
    );
    for (const user of ['alone', 'alone.'])
      assert.equal(
        login.write(1, { ...facts, user }),
        '{"id":1,"jsonrpc":"2.0","method":"eth_submitLogin","params":["alone","x"]}\n',
      );
    assert.deepEqual(login.read(true, null), { kind: 'taken', subscription: UNDIVIDED });
    const refusal = { code: -1, message: 'Invalid login' };
    assert.deepEqual(login.read(undefined, refusal), { kind: 'refused', refusal });
  });

  test('a mail address whole, and what stands behind the rig with it', () => {
    const spoken = { id: 1, jsonrpc: '2.0', method: 'eth_submitLogin' };
    for (const user of ['mail@example.com', 'first@mail.example.com', 'a@b']) {
      assert.deepEqual(named(user), { ...spoken, params: [user, 'x'] });
    }
    // [nanopool] The address for its news follows the rig.
    assert.deepEqual(named('0xb851.rig1/mail@example.com'), {
      ...spoken,
      worker: 'rig1/mail@example.com',
      params: ['0xb851', 'x'],
    });
    const whole = ethProxyPool.submit(40, { ...share, user: 'mail@example.com' }, UNDIVIDED);
    assert.doesNotMatch(whole, /worker/);
  });

  test('that work is wanted, at login and when it has been silent', () => {
    const line = '{"id":2,"jsonrpc":"2.0","method":"eth_getWork","params":[]}\n';
    assert.equal(getWork?.write(2, facts), line);
    assert.equal(ethProxyPool.keepalive?.(2, UNDIVIDED), line);
    assert.equal(getWork.isOptional, true);
    assert.deepEqual(getWork.read(null, { code: 0, message: 'Work not ready' }), { kind: 'taken' });
  });

  test("the specification's share, in the only form that pools match", () => {
    const line = ethProxyPool.submit(40, share, UNDIVIDED);
    assert.equal(
      line,
      `{"id":40,"jsonrpc":"2.0","method":"eth_submitWork","worker":"rig1","params":${JSON.stringify(nicehash.cross_flavour.eth_proxy_submit_params)}}\n`,
    );
    for (const value of (JSON.parse(line) as { params: string[] }).params)
      assert.match(value, /^0x(?:[0-9a-f]{16}|[0-9a-f]{64})$/);
  });

  test('no share without a mix hash', () => {
    const { nonce = '', header = '' } = share.parts;
    assert.throws(() => ethProxyPool.submit(40, { ...share, parts: { nonce, header } }, UNDIVIDED), /mix/);
  });

  test('what it asks', () => {
    assert.equal(ethProxyPool.version('7', 'x/1'), '{"id":7,"jsonrpc":"2.0","result":"x/1"}\n');
    assert.equal(ethProxyPool.pong('7'), '{"id":7,"jsonrpc":"2.0","result":"pong"}\n');
    assert.equal(ethProxyPool.acknowledge('7'), '{"id":7,"jsonrpc":"2.0","result":true}\n');
  });
});

describe("the bucket of an EthProxy pool's refusal", () => {
  for (const [code, message, bucket] of [
    [22, 'Duplicate share', 'duplicate'],
    [23, 'Invalid share', 'low-difficulty'],
    [25, 'Not subscribed', 'unauthorized'],
    [24, '', 'unauthorized'],
    [21, '', 'stale'],
    [-1, 'Malformed PoW result', 'malformed'],
    [-1, 'Invalid params', 'malformed'],
    [-1, 'Invalid login', 'unauthorized'],
    [999, 'Stale share', 'stale'],
    [null, 'Job not found', 'unknown-job'],
    [null, 'Low difficulty share', 'low-difficulty'],
    [null, 'Rejected by the pool', 'rejected'],
    [500, '?', 'rejected'],
  ] as const) {
    test(`${code ?? 'no code'} ${message} is ${bucket}`, () =>
      assert.equal(ethProxyPool.classify({ code, message }), bucket));
  }
});
