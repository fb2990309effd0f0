import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HEADER, nicehash, SEED, TARGET } from '../../../../test/support/ethash-fixtures.ts';
import type { LoginFacts } from '../../dialect.ts';
import type { PoolEvent } from '../../messages.ts';
import { decodePool, ethereumStratumPool as pool } from './pool.ts';

const say = (method: string, params: unknown, more: object = {}): PoolEvent =>
  decodePool(JSON.stringify({ id: null, method, params, ...more }));
const notify = (params: unknown, more: object = {}): PoolEvent => say('mining.notify', params, more);

const facts: LoginFacts = {
  user: 'test',
  password: 'password',
  agent: 'EthereumMiner/1.0.0',
  host: 'pool.example',
  port: 1234,
  algorithm: 'etchash',
  sessionId: 'ab',
  versionMask: 0,
  isPlain: true,
};

const jobEvent = (clean: boolean, parts: object, block = HEADER): PoolEvent => ({
  kind: 'job',
  work: {
    family: 'ethash',
    poolJobId: 'bf0488aa',
    block,
    clean,
    target: null,
    algorithm: null,
    parts: { header: HEADER, seed: SEED, ...parts },
  },
});

describe('an EthereumStratum/1.0.0 pool', () => {
  const [subscribe, extranonce, authorize] = pool.login;

  test('is logged in to as the specification has it', () => {
    const lines = nicehash.lines.filter((line) => line.startsWith('>'));
    assert.equal(`> ${subscribe?.write(1, facts)}`, `${lines[0]}\n`);
    assert.equal(`> ${authorize?.write(2, facts)}`, `${lines[1]}\n`);
    assert.equal(pool.furtherName?.(2, 'test', 'password'), authorize?.write(2, facts));
    assert.equal(
      extranonce?.write(3, facts),
      '{"id":3,"method":"mining.extranonce.subscribe","params":[]}\n',
    );
    assert.equal(extranonce.isOptional, true);
    assert.deepEqual(extranonce.read(null, { code: 20, message: 'Not supported' }), { kind: 'taken' });
    assert.deepEqual(authorize?.read(true, null), { kind: 'taken' });
    assert.equal(authorize?.read(false, { code: 24, message: 'No' }).kind, 'refused');
  });

  test('begins the nonce', () => {
    const names = ['mining.notify', 'ae68', 'EthereumStratum/1.0.0'];
    for (const [result, sessionId, extranonce1, extranonce2Bytes] of [
      [[names, 'a2eea0'], 'ae68', 'a2eea0', 5],
      [[names, '0xAF4C'], 'ae68', 'af4c', 6],
      [[names, '080c', 6], 'ae68', '080c', 6],
      [[names, ''], 'ae68', '', 8],
      [[names], 'ae68', '', 8],
      [[null, '01'], null, '01', 7],
      [[['x', ''], '01020304050607'], null, '01020304050607', 1],
    ] as const)
      assert.deepEqual(subscribe?.read(result, null), {
        kind: 'taken',
        subscription: { sessionId, extranonce1, extranonce2Bytes },
      });
  });

  test('is of no use where it leaves nothing, or half a byte', () => {
    for (const result of [[[], '0102030405060708'], [[], 'abc'], [[], 7], true, null, {}])
      assert.equal(subscribe?.read(result, null).kind, 'unusable');
    assert.deepEqual(subscribe?.read(null, { code: 20, message: 'No' }), { kind: 'unusable', problem: 'No' });
  });

  test('sends jobs: job id, seed hash, header, clean', () => {
    assert.deepEqual(notify(['bf0488aa', SEED, HEADER, true]), jobEvent(true, {}));
    assert.deepEqual(
      notify(['bf0488aa', `0x${SEED}`, `0X${HEADER.toUpperCase()}`, false]),
      jobEvent(false, {}),
    );
    assert.deepEqual(notify(['bf0488aa', SEED, HEADER]), jobEvent(false, {}));
    assert.deepEqual(
      notify(['bf0488aa', SEED, HEADER, true, 6_629_077]),
      jobEvent(true, { height: '6526d5', 'more:ethereum-stratum': ',6629077' }, '6526d5'),
    );
    assert.deepEqual(
      notify(['bf0488aa', SEED, HEADER, true], { height: 6_629_077 }),
      jobEvent(true, { height: '6526d5' }, '6526d5'),
    );
  });

  test('that speaks the plain dialect is told apart', () => {
    const event = notify(['job', HEADER, SEED, TARGET, true]);
    assert.ok(event.kind === 'fault');
    assert.match(event.problem, /ethash-plain/);
  });

  for (const params of [
    null,
    [],
    ['job', SEED],
    [null, SEED, HEADER, true],
    ['job', SEED, HEADER.slice(1), true],
  ]) {
    test(`is at fault with the job ${JSON.stringify(params).slice(0, 30)}`, () =>
      assert.equal(notify(params).kind, 'fault'));
  }

  test('sets difficulty and prefix', () => {
    assert.deepEqual(say('mining.set_difficulty', [0.5]), { kind: 'difficulty', difficulty: 0.5 });
    assert.deepEqual(say('mining.set_difficulty', ['1.5']), { kind: 'difficulty', difficulty: 1.5 });
    for (const value of [0, -1, null, 'x', [], Infinity])
      assert.equal(say('mining.set_difficulty', [value]).kind, 'fault');
    assert.deepEqual(say('mining.set_extranonce', ['af4c']), {
      kind: 'extranonce',
      extranonce1: 'af4c',
      extranonce2Bytes: 6,
    });
    for (const value of ['abc', 'xy', 7, '00'.repeat(8)])
      assert.equal(say('mining.set_extranonce', [value]).kind, 'fault');
    assert.deepEqual(say('mining.other', []), { kind: 'notice', method: 'mining.other' });
  });

  test('is given the digits after its prefix', () => {
    const share = {
      family: 'ethash',
      user: 'test',
      poolJobId: 'bf0488aa',
      parts: { nonce: nicehash.full_nonce },
    } as const;
    const at = (extranonce1: string): string =>
      pool.submit(3, share, {
        sessionId: null,
        extranonce1,
        extranonce2Bytes: 8 - extranonce1.length / 2,
      });
    assert.equal(`> ${at('a2eea0')}`, `${nicehash.lines.findLast((line) => line.startsWith('>'))}\n`);
    // A byte of ours between the pool's prefix and what the miner found.
    assert.equal(
      at('a2ee'),
      '{"id":3,"method":"mining.submit","params":["test","bf0488aa","a0cfae7df760"]}\n',
    );
    assert.equal(
      at(''),
      '{"id":3,"method":"mining.submit","params":["test","bf0488aa","a2eea0cfae7df760"]}\n',
    );
  });

  test('is answered', () => {
    assert.equal(pool.pong('7'), '{"id":7,"result":"pong","error":null}\n');
    assert.equal(pool.version('7', 'x'), '{"id":7,"result":"x","error":null}\n');
    assert.equal(pool.acknowledge('7'), '{"id":7,"result":true,"error":null}\n');
  });
});
