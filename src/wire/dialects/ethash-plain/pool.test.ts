import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HEADER, MIX, nicehash, SEED, TARGET } from '../../../../test/support/ethash-fixtures.ts';
import type { LoginFacts } from '../../dialect.ts';
import type { PoolEvent } from '../../messages.ts';
import { UNDIVIDED } from '../ethash/events.ts';
import { decodePool, ethashPlainPool } from './pool.ts';

const notify = (params: unknown, more: object = {}): PoolEvent =>
  decodePool(JSON.stringify({ id: null, jsonrpc: '2.0', method: 'mining.notify', params, ...more }));

const jobEvent = (poolJobId: string, clean: boolean, parts: object, block = HEADER): PoolEvent => ({
  kind: 'job',
  work: {
    family: 'ethash',
    poolJobId,
    block,
    clean,
    target: { hashes: 4_295_032_833.000_015, text: TARGET },
    algorithm: null,
    parts: { header: HEADER, seed: SEED, ...parts },
  },
});
const subscribeLine = (params: string): string =>
  `{"id":1,"jsonrpc":"2.0","method":"mining.subscribe","params":[${params}]}\n`;

describe('a pool of the plain dialect', () => {
  test('sends jobs: job id, header, seed hash, target, clean', () => {
    assert.deepEqual(notify(['job', HEADER, SEED, TARGET, true]), jobEvent('job', true, {}));
    assert.deepEqual(notify([7, `0x${HEADER}`, `0x${SEED}`, `0x${TARGET}`, 0]), jobEvent('7', false, {}));
    assert.deepEqual(notify(['job', HEADER, SEED, TARGET.slice(8)]), jobEvent('job', false, {}));
    assert.deepEqual(
      notify(['job', HEADER, SEED, TARGET, true, 'x'], { height: 6_629_077 }),
      jobEvent('job', true, { height: '6526d5', 'more:ethash-plain': ',"x"' }, '6526d5'),
    );
  });

  test('that speaks 1.0.0 is told apart', () => {
    const event = notify(['job', SEED, HEADER, true]);
    assert.ok(event.kind === 'fault');
    assert.match(event.problem, /ethereum-stratum/);
  });

  for (const params of [
    null,
    [],
    ['job'],
    ['job', HEADER, SEED],
    [{}, HEADER, SEED, TARGET],
    ['j', 'x', SEED, TARGET],
  ]) {
    test(`is at fault with ${JSON.stringify(params).slice(0, 30)}`, () =>
      assert.equal(notify(params).kind, 'fault'));
  }

  test('answers subscribe with anything that is no error', () => {
    const [subscribe] = ethashPlainPool.login;
    for (const result of [true, [], [[]], null, undefined])
      assert.deepEqual(subscribe?.read(result, null), { kind: 'taken', subscription: UNDIVIDED });
    assert.deepEqual(subscribe?.read(null, { code: 20, message: 'No' }), {
      kind: 'unusable',
      problem: 'No',
    });
  });
});

describe('a pool of the plain dialect is told', () => {
  const facts: LoginFacts = {
    user: 'user.worker',
    password: 'x',
    agent: 'proxy/1',
    host: 'pool.example',
    port: 1234,
    algorithm: 'etchash',
    sessionId: 'ab',
    versionMask: 0,
    isPlain: false,
  };
  const [subscribe, authorize] = ethashPlainPool.login;

  test('who we are, or nothing where it refuses that', () => {
    assert.equal(subscribe?.write(1, facts), subscribeLine('"proxy/1"'));
    assert.equal(subscribe.write(1, { ...facts, isPlain: true }), subscribeLine(''));
  });

  test('whom we mine for', () => {
    const line = '{"id":2,"jsonrpc":"2.0","method":"mining.authorize","params":["user.worker","x"]}\n';
    assert.equal(authorize?.write(2, facts), line);
    assert.equal(ethashPlainPool.furtherName?.(2, 'user.worker', 'x'), line);
    assert.deepEqual(authorize.read(true, null), { kind: 'taken' });
    assert.equal(authorize.read('yes', null).kind, 'refused');
    assert.equal(authorize.read(null, { code: 24, message: 'No' }).kind, 'refused');
  });

  test('shares with its own job id', () => {
    const parts = { nonce: nicehash.full_nonce, header: HEADER, mix: MIX };
    const share = { family: 'ethash', user: 'user.worker', poolJobId: 'jöb', parts } as const;
    assert.equal(
      ethashPlainPool.submit(40, share, UNDIVIDED),
      `{"id":40,"jsonrpc":"2.0","method":"mining.submit","params":["user.worker","j\\u00f6b","0x${nicehash.full_nonce}","0x${HEADER}","0x${MIX}"]}\n`,
    );
  });
});
