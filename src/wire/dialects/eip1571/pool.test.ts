import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HEADER, nicehash } from '../../../../test/support/ethash-fixtures.ts';
import type { LoginFacts } from '../../dialect.ts';
import type { PoolEvent } from '../../messages.ts';
import { decodePool, eip1571Pool as pool } from './pool.ts';

const say = (message: unknown): PoolEvent => decodePool(JSON.stringify(message));
const set = (params: unknown): PoolEvent => say({ method: 'mining.set', params });

const facts: LoginFacts = {
  user: 'account.rig',
  password: 'password',
  agent: 'proxy/1',
  host: 'somemininigpool.com',
  port: 1234,
  algorithm: 'ethash',
  sessionId: 's-12345',
  versionMask: 0,
  isPlain: false,
};

const notify = (params: unknown): PoolEvent => say({ method: 'mining.notify', params });
const jobEvent = (clean: boolean, parts: object, block: string): PoolEvent => ({
  kind: 'job',
  work: {
    family: 'ethash',
    poolJobId: 'bf0488aa',
    block,
    clean,
    target: null,
    algorithm: null,
    parts: { header: HEADER, ...parts },
  },
});

describe('an EthereumStratum/2.0.0 pool', () => {
  const [hello, subscribe, authorize] = pool.login;
  const proto = 'EthereumStratum/2.0.0';

  test('is greeted, and may not want compression', () => {
    assert.equal(
      hello?.write(1, facts),
      '{"id":1,"method":"mining.hello","params":{"agent":"proxy/1","host":"somemininigpool.com","port":"4d2","proto":"EthereumStratum/2.0.0"}}\n',
    );
    const answer = { proto, encoding: 'plain', resume: '0', timeout: 'b4', maxerrors: '5', node: 'x' };
    assert.deepEqual(hello.read(answer, null), { kind: 'taken' });
    assert.match(JSON.stringify(hello.read({ ...answer, encoding: 'gzip' }, null)), /unusable.*compressed/);
    for (const result of [null, true, {}, { proto: 'EthereumStratum/1.0.0' }])
      assert.equal(hello.read(result, null).kind, 'unusable');
    assert.deepEqual(hello.read(null, { code: 400, message: 'Bad' }), { kind: 'unusable', problem: 'Bad' });
  });

  test('gives a session; an earlier one is not resumed', () => {
    assert.equal(subscribe?.write(2, facts), '{"id":2,"method":"mining.subscribe"}\n');
    assert.deepEqual(subscribe.read('s-12345', null), {
      kind: 'taken',
      subscription: { sessionId: 's-12345', extranonce1: '', extranonce2Bytes: 8 },
    });
    assert.equal(subscribe.read(null, { code: 500, message: 'No' }).kind, 'unusable');
  });

  test('gives a name for shares', () => {
    assert.equal(
      authorize?.write(3, facts),
      '{"id":3,"method":"mining.authorize","params":["account.rig","password"]}\n',
    );
    assert.deepEqual(authorize.read('w-123', null), { kind: 'taken', worker: 'w-123' });
    assert.deepEqual(authorize.read(undefined, null), { kind: 'taken' });
    assert.equal(authorize.read(null, { code: 301, message: 'No' }).kind, 'refused');
    assert.deepEqual(authorize.read(undefined, { code: 215, message: 'Invalid Worker Name' }), {
      kind: 'taken',
    });
  });

  test('sets what has changed', () => {
    const target = '0112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba';
    const all = set({ epoch: 'dc', target, algo: 'ethash', extranonce: 'af4c' });
    assert.ok(all.kind === 'several');
    const [standing, bound, prefix] = all.events;
    assert.deepEqual(standing, {
      kind: 'standing',
      standing: { parts: { epoch: 'dc' }, algorithm: 'ethash' },
    });
    assert.ok(bound?.kind === 'target');
    assert.equal(bound.target.text, target.padStart(64, '0'));
    // 2^256 / target, to the precision of a double
    const hashes = Number((1n << 276n) / BigInt(`0x${target}`)) / 2 ** 20;
    assert.ok(Math.abs(bound.target.hashes / hashes - 1) < 1e-12);
    assert.deepEqual(prefix, { kind: 'extranonce', extranonce1: 'af4c', extranonce2Bytes: 6 });

    assert.deepEqual(set({ extranonce: 'af4c' }), prefix);
    assert.deepEqual(set({ extranonce: '' }), { kind: 'extranonce', extranonce1: '', extranonce2Bytes: 8 });
    assert.deepEqual(set({ target }), bound);
    assert.deepEqual(set({ algo: 'progpow' }), {
      kind: 'standing',
      standing: { parts: {}, algorithm: 'progpow' },
    });
    assert.deepEqual(set({ epoch: '0xDD' }), {
      kind: 'standing',
      standing: { parts: { epoch: 'dd' }, algorithm: null },
    });
    for (const params of [{}, null, [], { timeout: 'b4' }])
      assert.deepEqual(set(params), { kind: 'several', events: [] });
  });

  test('is at fault with what cannot be set', () => {
    for (const params of [
      { epoch: 'x' },
      { target: '0' },
      { target: 5 },
      { extranonce: 'abc' },
      { extranonce: 'zz' },
    ])
      assert.equal(set(params).kind, 'fault');
  });

  test('sends jobs: job id, height, header, clean', () => {
    const known = { height: '6526d5' };
    assert.deepEqual(notify(['bf0488aa', '6526d5', HEADER, '0']), jobEvent(false, known, '6526d5'));
    assert.deepEqual(notify(['bf0488aa', '0x6526D5', `0x${HEADER}`, '1']), jobEvent(true, known, '6526d5'));
    assert.deepEqual(notify(['bf0488aa', null, HEADER, true]), jobEvent(true, {}, HEADER));
    for (const params of [
      null,
      [],
      ['j', '1', 'x', '0'],
      [null, '1', HEADER, '0'],
      ['j', '1', '', '0', HEADER],
    ]) {
      const event = notify(params);
      assert.ok(event.kind === 'fault' || params?.[2] === '', JSON.stringify(event));
    }
  });

  test('says yes by an id alone, no by an error, and remarks', () => {
    assert.deepEqual(say({ id: 31 }), { kind: 'reply', id: 31, result: undefined, refusal: null });
    const refused = (code: number, message: string): unknown => {
      const event = say({ id: 31, error: { code, message } });
      assert.ok(event.kind === 'reply');
      return event.refusal;
    };
    assert.deepEqual(refused(404, 'Job not found'), { code: 404, message: 'Job not found' });
    assert.deepEqual(refused(202, 'Stale'), { code: 202, message: 'Stale' });
    assert.equal(refused(220, 'Enhance your calm'), null);
    assert.deepEqual(say({ id: 0 }), { kind: 'notice', method: 'reply' });
  });

  test('sends us elsewhere, or away', () => {
    assert.deepEqual(
      say({ method: 'mining.reconnect', params: { host: 'someotherhost.com', port: 'd80', resume: '1' } }),
      { kind: 'reconnect', host: 'someotherhost.com', port: 3456, waitSeconds: 0 },
    );
    const again = { kind: 'reconnect', host: null, port: null, waitSeconds: 0 };
    assert.deepEqual(say({ method: 'mining.reconnect' }), again);
    assert.deepEqual(say({ method: 'mining.reconnect', params: { port: 'fffff' } }), again);
    assert.deepEqual(say({ method: 'mining.bye' }), again);
    assert.deepEqual(say({ method: 'mining.hashrate', params: { hr: '1' } }), {
      kind: 'notice',
      method: 'mining.hashrate',
    });
  });

  test('is given shares under the name it gave', () => {
    const share = {
      family: 'ethash',
      user: 'account.rig',
      poolJobId: 'bf0488aa',
      parts: { nonce: nicehash.full_nonce },
    } as const;
    const subscription = { sessionId: 's', extranonce1: 'a2eea0', extranonce2Bytes: 5 };
    const params = nicehash.cross_flavour.ethereum_stratum_2_submit_params_when_extranonce_is_a2eea0;
    assert.equal(
      pool.submit(31, share, { ...subscription, worker: 'w-123' }),
      `{"id":31,"method":"mining.submit","params":${JSON.stringify(params)}}\n`,
    );
    assert.equal(
      pool.submit(31, share, subscription),
      '{"id":31,"method":"mining.submit","params":["bf0488aa","cfae7df760","account.rig"]}\n',
    );
  });

  test('hears from us in ids that it understands', () => {
    assert.equal(pool.mostId, 65_535);
    const nothing = { sessionId: null, extranonce1: '', extranonce2Bytes: 8 };
    assert.equal(pool.keepalive?.(50, nothing), '{"id":50,"method":"mining.noop"}\n');
    assert.equal(pool.pong('7'), '{"id":7}\n');
    assert.equal(pool.acknowledge('7'), '{"id":7}\n');
    assert.equal(pool.version('7', 'x'), '{"id":7,"result":"x"}\n');
  });
});

describe("the bucket of an EthereumStratum/2.0.0 pool's refusal", () => {
  for (const [code, message, bucket] of [
    [404, 'Job not found', 'unknown-job'],
    [404, '', 'unknown-job'],
    [202, 'Stale', 'stale'],
    [406, 'Bad nonce', 'low-difficulty'],
    [406, 'Duplicate share', 'duplicate'],
    [301, '', 'unauthorized'],
    [400, '', 'malformed'],
    [500, 'Oops', 'rejected'],
    [null, 'Oops', 'rejected'],
  ] as const) {
    test(`${code ?? 'no code'} ${message} is ${bucket}`, () =>
      assert.equal(pool.classify({ code, message }), bucket));
  }
});
