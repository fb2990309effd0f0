import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ethashFacts,
  ethashJob,
  ethashView,
  HEADER,
  MIX,
  nicehash,
  SEED,
  shareOf,
  TARGET,
} from '../../../../test/support/ethash-fixtures.ts';
import type { MinerRequest } from '../../messages.ts';
import { decodeMiner, ethashPlainMiner } from './miner.ts';

const call = (method: string, params: unknown, id: unknown = 1): MinerRequest =>
  decodeMiner(JSON.stringify({ id, jsonrpc: '2.0', method, params, worker: 'rig1' }));
const nonce = `0x${nicehash.full_nonce}`;

describe('a miner of the plain dialect', () => {
  test('subscribes with or without an agent', () => {
    const subscribe = { kind: 'subscribe', id: '1', agent: '', sessionId: null };
    assert.deepEqual(call('mining.subscribe', []), subscribe);
    assert.deepEqual(call('mining.subscribe', undefined), subscribe);
    assert.deepEqual(call('mining.subscribe', ['gminer/3']), { ...subscribe, agent: 'gminer/3' });
    assert.deepEqual(call('mining.subscribe', ['x', 'abc']), {
      ...subscribe,
      agent: 'x',
      sessionId: 'abc',
    });
  });

  test('authorizes', () => {
    assert.deepEqual(call('mining.authorize', ['user.worker', 'x'], 3), {
      kind: 'authorize',
      id: '3',
      user: 'user.worker',
      password: 'x',
    });
  });

  test('submits, the header naming the work whatever the job id says', () => {
    for (const jobId of [HEADER, '2a', 'ab'.padEnd(64, '0')]) {
      const request = call('mining.submit', ['user', jobId, nonce, `0x${HEADER}`, `0x${MIX}`], 40);
      assert.ok(request.kind === 'submit');
      assert.deepEqual(request, {
        kind: 'submit',
        family: 'ethash',
        id: '40',
        user: 'user',
        jobId: HEADER,
        parts: { nonce: nicehash.full_nonce, header: HEADER, mix: MIX },
      });
      assert.equal(shareOf(ethashPlainMiner.assemble(request, ethashFacts)).parts['mix'], MIX);
    }
  });

  test('has a share without header and mix hash refused', () => {
    const request = call('mining.submit', ['user', '2a', nonce], 40);
    assert.ok(request.kind === 'malformed');
    assert.match(request.problem, /mix/);
  });
});

describe('a miner of the plain dialect is told', () => {
  test('yes to its subscribe', () => {
    const session = { sessionId: 'ab', extranonce1: '', extranonce2Bytes: 0, agent: '' };
    assert.equal(ethashPlainMiner.subscribed('1', session), '{"id":1,"jsonrpc":"2.0","result":true}\n');
  });

  test('jobs named by their header, which stands before the seed hash, without 0x', () => {
    assert.equal(ethashPlainMiner.jobId(ethashJob), HEADER);
    assert.equal(
      ethashPlainMiner.job(ethashView),
      `{"id":null,"jsonrpc":"2.0","method":"mining.notify","params":["${HEADER}","${HEADER}","${SEED}","${TARGET}",true]}\n`,
    );
    const parts = { ...ethashJob.parts, 'more:ethash-plain': ',7', 'more:ethproxy': ',8' };
    assert.equal(
      ethashPlainMiner.job({ ...ethashView, clean: false, work: { ...ethashJob, parts } }),
      `{"id":null,"jsonrpc":"2.0","method":"mining.notify","params":["${HEADER}","${HEADER}","${SEED}","${TARGET}",false,7]}\n`,
    );
  });

  test('nothing apart from its jobs', () => {
    assert.equal(ethashPlainMiner.difficulty(ethashView), '');
    assert.equal(ethashPlainMiner.extranonce('ab', 7), '');
  });
});
