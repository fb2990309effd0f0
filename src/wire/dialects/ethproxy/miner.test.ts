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
import type { MinerRequest, SubmitRequest } from '../../messages.ts';
import { readTarget } from '../ethash/parts.ts';
import { decodeMiner, ethProxyMiner } from './miner.ts';

const decode = (message: unknown): MinerRequest => decodeMiner(JSON.stringify(message));
const submit = (params: unknown): MinerRequest => decode({ id: 40, method: 'eth_submitWork', params });

function decodeSubmit(params: unknown): SubmitRequest {
  const request = submit(params);
  assert.ok(request.kind === 'submit', JSON.stringify(request));
  return request;
}

const login = (message: object): MinerRequest => decode({ id: 1, method: 'eth_submitLogin', ...message });

describe('an EthProxy miner', () => {
  test('logs in, with its rig beside the name', () => {
    const base = { kind: 'login', id: '1', agent: '' };
    assert.deepEqual(login({ worker: 'rig1', params: ['0xb851', 'x'] }), {
      ...base,
      user: '0xb851',
      password: 'x',
      rig: 'rig1',
    });
    assert.deepEqual(login({ params: ['0xb851.rig'] }), {
      ...base,
      user: '0xb851.rig',
      password: '',
      rig: '',
    });
    // [trexminer/T-Rex#75]
    assert.deepEqual(login({ params: ['0xb851'], worker: 'rig1' }), {
      ...base,
      user: '0xb851',
      password: '',
      rig: 'rig1',
    });
    assert.deepEqual(login({ worker: 7, params: ['0xb851', 8] }), {
      ...base,
      user: '0xb851',
      password: '',
      rig: '',
    });
    for (const params of [undefined, null, [], [7], {}, 'x']) {
      const request = login({ params });
      assert.ok(request.kind === 'malformed');
      assert.match(request.problem, /user name/);
    }
  });

  test('asks for work and reports its hashrate', () => {
    assert.deepEqual(decode({ id: 5, method: 'eth_getWork', params: [] }), { kind: 'get-job', id: '5' });
    assert.deepEqual(decode({ id: 5, method: 'eth_getWork' }), { kind: 'get-job', id: '5' });
    assert.deepEqual(
      decode({ id: 9, jsonrpc: '2.0', worker: 'rig1', method: 'eth_submitHashrate', params: ['0x1', '0x2'] }),
      { kind: 'courtesy', id: '9' },
    );
  });

  test("submits the specification's share", () => {
    const request = decodeSubmit(nicehash.cross_flavour.eth_proxy_submit_params);
    assert.deepEqual(request, {
      kind: 'submit',
      family: 'ethash',
      id: '40',
      user: '',
      jobId: HEADER,
      parts: { nonce: nicehash.full_nonce, header: HEADER, mix: MIX },
    });
    assert.deepEqual(ethProxyMiner.assemble(request, ethashFacts), {
      kind: 'share',
      share: {
        family: 'ethash',
        user: 'account.rig',
        poolJobId: 'pool-7',
        parts: { nonce: nicehash.full_nonce, header: HEADER, mix: MIX },
      },
    });
  });

  test('may write hex without 0x, in upper case, its nonce without leading zeros', () => {
    const request = decodeSubmit([`0XAB`, HEADER.toUpperCase(), MIX.toUpperCase()]);
    const { parts } = shareOf(ethProxyMiner.assemble(request, ethashFacts));
    assert.deepEqual(parts, { nonce: '00000000000000ab', header: HEADER, mix: MIX });
  });

  for (const [what, params, problem] of [
    ['no parameters', undefined, /nonce/],
    ['a nonce of 17 digits', ['0x11112222333344445', HEADER, MIX], /16 hex digits/],
    ['a nonce that is no hex', ['0xzz', HEADER, MIX], /nonce/],
    ['a numeric nonce', [7, HEADER, MIX], /nonce/],
    ['a short header', ['0x1', HEADER.slice(2), MIX], /header/],
    ['no mix hash', ['0x1', HEADER], /mix/],
    ['a long mix hash', ['0x1', HEADER, `${MIX}00`], /mix/],
  ] as const) {
    test(`has its share refused with ${what}`, () => {
      const request = submit(params);
      assert.ok(request.kind === 'malformed');
      assert.match(request.problem, problem);
    });
  }

  test('has a share refused whose header is not the one of the job', () => {
    const request = decodeSubmit(['0x1', '00'.repeat(32), MIX]);
    assert.deepEqual(ethProxyMiner.assemble(request, ethashFacts), {
      kind: 'malformed',
      problem: 'the header is not the one of the job',
    });
  });

  test('names jobs by their header', () => {
    assert.equal(ethProxyMiner.ownJobIds, false);
    assert.equal(ethProxyMiner.jobId(ethashJob), HEADER);
  });
});

describe('an EthProxy miner is told', () => {
  test('answers and refusals', () => {
    assert.equal(ethProxyMiner.yes('40'), '{"id":40,"jsonrpc":"2.0","result":true}\n');
    assert.equal(
      ethProxyMiner.authorized('1', { sessionId: 'x', job: null }),
      '{"id":1,"jsonrpc":"2.0","result":true}\n',
    );
    assert.equal(
      ethProxyMiner.refuse('40', { reason: 'low-difficulty', message: 'Invalid share', code: null }),
      '{"id":40,"jsonrpc":"2.0","error":{"code":23,"message":"Invalid share"}}\n',
    );
    assert.equal(
      ethProxyMiner.refuse('"a"', { reason: 'rejected', message: 'Ü"', code: -1 }),
      '{"id":"a","jsonrpc":"2.0","error":{"code":-1,"message":"\\u00dc\\""}}\n',
    );
  });

  const work = `["0x${HEADER}","0x${SEED}","0x${TARGET}","0x6526d5"]`;

  test('a job under id 0, or as the answer it asked for', () => {
    assert.equal(ethProxyMiner.job(ethashView), `{"id":0,"jsonrpc":"2.0","result":${work}}\n`);
    assert.equal(ethProxyMiner.currentJob('5', ethashView), `{"id":5,"jsonrpc":"2.0","result":${work}}\n`);
  });

  test("a job without a height has three elements, the pool's target goes before ours", () => {
    const view = {
      ...ethashView,
      target: readTarget('0xffff'),
      work: { ...ethashJob, parts: { header: HEADER, seed: SEED } },
    };
    const target = 'ffff'.padStart(64, '0');
    assert.equal(
      ethProxyMiner.job(view),
      `{"id":0,"jsonrpc":"2.0","result":["0x${HEADER}","0x${SEED}","0x${target}"]}\n`,
    );
  });

  test('nothing apart from its jobs', () => {
    assert.equal(ethProxyMiner.difficulty(ethashView), '');
    assert.equal(ethProxyMiner.extranonce('ab', 7), '');
    assert.equal(ethProxyMiner.message('hello'), '');
    assert.equal(ethProxyMiner.versionMask(1), '');
  });
});
