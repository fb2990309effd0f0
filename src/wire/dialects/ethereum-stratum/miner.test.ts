import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ethashFacts,
  ethashJob,
  ethashView,
  HEADER,
  nicehash,
  SEED,
  shareOf,
} from '../../../../test/support/ethash-fixtures.ts';
import type { MinerRequest, SubmitRequest } from '../../messages.ts';
import { readTarget } from '../ethash/parts.ts';
import { decodeMiner, ethereumStratumMiner as miner } from './miner.ts';

const call = (method: string, params: unknown, id: unknown = 1): MinerRequest =>
  decodeMiner(JSON.stringify({ id, method, params }));

function submitOf(nonce: unknown): SubmitRequest {
  const request = call('mining.submit', ['username', '2a', nonce], 244);
  assert.ok(request.kind === 'submit', JSON.stringify(request));
  return request;
}
const facts = { ...ethashFacts, extranonce1: 'a2eea0', extranonce2Bytes: 5 };

const toldDifficulty = (difficulty: number, target: string | null): string =>
  miner.difficulty({ ...ethashView, difficulty, target: readTarget(target) });
const difficultyLine = (value: string): string =>
  `{"id":null,"method":"mining.set_difficulty","params":[${value}]}\n`;
function jobOfEpoch(epoch: string): string {
  const parts = { header: HEADER, epoch, height: '1' };
  return miner.job({ ...ethashView, clean: false, work: { ...ethashJob, parts } });
}
const jobWithSeed = (seed: string): string =>
  `{"id":null,"method":"mining.notify","params":["2a","${seed}","${HEADER}",false]}\n`;

describe('an EthereumStratum/1.0.0 miner', () => {
  test('subscribes: the version is no session id', () => {
    const base = { kind: 'subscribe', id: '1', agent: 'MinerName/1.0.0' };
    assert.deepEqual(call('mining.subscribe', ['MinerName/1.0.0', 'EthereumStratum/1.0.0']), {
      ...base,
      sessionId: null,
    });
    assert.deepEqual(call('mining.subscribe', ['MinerName/1.0.0', 'EthereumStratum/1.0.0', 'ab']), {
      ...base,
      sessionId: 'ab',
    });
  });

  test('announces that it follows another prefix', () => {
    for (const method of ['mining.extranonce.subscribe', 'mining.subscribe.extranonce'])
      assert.deepEqual(call(method, [], 2), { kind: 'extranonce-subscribe', id: '2' });
  });

  test('reports its hashrate, pings, suggests, asks what nobody knows', () => {
    assert.deepEqual(call('eth_submitHashrate', ['0x1', '0x2'], 9), { kind: 'courtesy', id: '9' });
    assert.deepEqual(call('mining.ping', [], 9), { kind: 'ping', id: '9' });
    assert.deepEqual(call('mining.suggest_difficulty', ['2.5']), {
      kind: 'suggest-difficulty',
      id: '1',
      difficulty: 2.5,
    });
    assert.equal(call('mining.suggest_difficulty', [-1]).kind, 'malformed');
    assert.deepEqual(call('mining.x', []), { kind: 'unknown', id: '1', method: 'mining.x' });
    assert.equal(decodeMiner('{"id":3}').kind, 'malformed');
    assert.deepEqual(decodeMiner('{"id":3,"result":true}'), { kind: 'reply', id: '3' });
    assert.equal(decodeMiner('[]').kind, 'fault');
    assert.equal(decodeMiner(`{"id":"${'x'.repeat(255)}","method":"mining.ping"}`).kind, 'fault');
  });

  test("submits the specification's share: the digits after the prefix", () => {
    const request = submitOf(nicehash.miner_nonce);
    assert.deepEqual(request, {
      kind: 'submit',
      family: 'ethash',
      id: '244',
      user: 'username',
      jobId: '2a',
      parts: { nonce: nicehash.miner_nonce },
    });
    assert.deepEqual(shareOf(miner.assemble(request, facts)).parts, {
      nonce: nicehash.full_nonce,
      header: HEADER,
    });
  });

  test('may submit the whole nonce, in upper case, with 0x', () => {
    for (const nonce of [nicehash.full_nonce, `0x${nicehash.full_nonce.toUpperCase()}`])
      assert.equal(
        shareOf(miner.assemble(submitOf(nonce), { ...facts, extranonce1: 'A2EEA0' })).parts['nonce'],
        nicehash.full_nonce,
      );
  });

  test('submits all digits where it was given no prefix', () => {
    const whole = { ...ethashFacts, extranonce2Bytes: 8 };
    assert.equal(
      shareOf(miner.assemble(submitOf('00112233445566ff'), whole)).parts['nonce'],
      '00112233445566ff',
    );
    assert.equal(miner.assemble(submitOf('112233445566ff'), whole).kind, 'malformed');
  });

  test('has a whole nonce with another prefix refused, and any other length', () => {
    assert.deepEqual(miner.assemble(submitOf('b2eea0cfae7df760'), facts), {
      kind: 'malformed',
      problem: 'the nonce must begin with a2eea0',
    });
    for (const nonce of ['cfae7df7601', 'cfae7df76', 'f'])
      assert.deepEqual(miner.assemble(submitOf(nonce), facts), {
        kind: 'malformed',
        problem: 'the nonce must have 10 hex digits after a2eea0',
      });
  });

  for (const [what, params] of [
    ['two parameters', ['u', 'j']],
    ['a numeric job id', ['u', 1, 'ff']],
    ['a job id of 129 characters', ['u', 'x'.repeat(129), 'ff']],
    ['a nonce of 17 digits', ['u', 'j', '1'.repeat(17)]],
    ['a nonce that is no hex', ['u', 'j', 'xyz']],
    ['no nonce', ['u', 'j', null]],
    ['no list', { a: 1 }],
  ] as const) {
    test(`has its share refused with ${what}`, () =>
      assert.equal(call('mining.submit', params).kind, 'malformed'));
  }

  test('may leave out its name', () => {
    const request = call('mining.submit', [null, ' 2a ', 'ff']);
    assert.ok(request.kind === 'submit');
    assert.deepEqual([request.user, request.jobId], ['', '2a']);
  });
});

describe('an EthereumStratum/1.0.0 miner is told', () => {
  test('its prefix, in the only shape that ethminer takes', () => {
    const session = {
      sessionId: 'ae6812eb4cd7735a302a8a9dd95cf71f',
      extranonce1: '080c',
      extranonce2Bytes: 6,
      agent: '',
    };
    assert.equal(
      miner.subscribed('1', session),
      '{"id":1,"result":[["mining.notify","ae6812eb4cd7735a302a8a9dd95cf71f","EthereumStratum/1.0.0"],"080c"],"error":null}\n',
    );
    assert.equal(
      miner.extranonce('af4c', 6),
      '{"id":null,"method":"mining.set_extranonce","params":["af4c"]}\n',
    );
  });

  test('answers and refusals', () => {
    assert.equal(miner.yes('244'), '{"id":244,"result":true,"error":null}\n');
    assert.equal(
      miner.refuse('244', { reason: 'unknown-job', message: 'Job not found', code: null }),
      '{"id":244,"result":false,"error":[21,"Job not found",null]}\n',
    );
    assert.equal(
      miner.refuse('244', { reason: 'rejected', message: 'x', code: 404 }),
      '{"id":244,"result":false,"error":[404,"x",null]}\n',
    );
  });

  test("difficulties as the pool wrote them, or made of the pool's target", () => {
    assert.equal(toldDifficulty(0.5, null), difficultyLine('0.5'));
    assert.equal(toldDifficulty(2.3e-10, null), difficultyLine('2.3e-10'));
    assert.equal(toldDifficulty(7, `00000001fffe${'0'.repeat(52)}`), difficultyLine('0.5'));
  });

  test('jobs: our id, seed hash, header, clean', () => {
    assert.equal(
      miner.job(ethashView),
      `{"id":null,"method":"mining.notify","params":["2a","${SEED}","${HEADER}",true]}\n`,
    );
  });

  test("jobs of a 2.0.0 pool with the epoch's seed hash, zeros where it is beyond all epochs", () => {
    assert.equal(jobOfEpoch('32'), jobWithSeed(SEED));
    assert.equal(jobOfEpoch('ffff'), jobWithSeed('0'.repeat(64)));
  });

  test('what a pool of the same dialect wrote beyond that', () => {
    const parts = { ...ethashJob.parts, 'more:ethereum-stratum': ',6629077', 'more:ethproxy': ',8' };
    assert.equal(
      miner.job({ ...ethashView, work: { ...ethashJob, parts } }),
      `{"id":null,"method":"mining.notify","params":["2a","${SEED}","${HEADER}",true,6629077]}\n`,
    );
  });
});
