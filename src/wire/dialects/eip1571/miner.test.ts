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
  TARGET,
} from '../../../../test/support/ethash-fixtures.ts';
import type { MinerRequest } from '../../messages.ts';
import { readTarget } from '../ethash/parts.ts';
import { decodeMiner, eip1571Miner as miner } from './miner.ts';

const decode = (message: unknown): MinerRequest => decodeMiner(JSON.stringify(message));
const hello = (params: unknown): MinerRequest => decode({ id: 0, method: 'mining.hello', params });

const setLine = (params: string): string => `{"method":"mining.set","params":{${params}}}\n`;
const notifyLine = (height: string, clean: string): string =>
  `{"method":"mining.notify","params":["2a","${height}","${HEADER}","${clean}"]}\n`;

describe('an EthereumStratum/2.0.0 miner', () => {
  test('presents itself under id 0', () => {
    const params = {
      agent: 'ethminer-0.17',
      host: 'pool.example',
      port: '4d2',
      proto: 'EthereumStratum/2.0.0',
    };
    const said = { kind: 'hello', id: '0', agent: 'ethminer-0.17' };
    assert.deepEqual(hello(params), said);
    assert.deepEqual(hello({ agent: 'ethminer-0.17' }), said);
    assert.equal(hello({ ...params, proto: 'EthereumStratum/3.0.0' }).kind, 'malformed');
    // Alephium's hello has a list.
    for (const other of [undefined, null, [], ['x'], 'x']) assert.equal(hello(other).kind, 'malformed');
  });

  test('subscribes without parameters, or with the bare id of its last session', () => {
    const subscribe = { kind: 'subscribe', id: '1', agent: '', sessionId: null };
    assert.deepEqual(decode({ id: 1, method: 'mining.subscribe' }), subscribe);
    assert.deepEqual(decode({ id: 1, method: 'mining.subscribe', params: 's-12345' }), {
      ...subscribe,
      sessionId: 's-12345',
    });
    assert.deepEqual(decode({ id: 1, method: 'mining.subscribe', params: null }), subscribe);
  });

  test('submits job id, nonce and the name it was given', () => {
    const params = nicehash.cross_flavour.ethereum_stratum_2_submit_params_when_extranonce_is_a2eea0;
    const request = decode({ id: 31, method: 'mining.submit', params });
    assert.ok(request.kind === 'submit');
    assert.deepEqual(request, {
      kind: 'submit',
      family: 'ethash',
      id: '31',
      user: '',
      jobId: 'bf0488aa',
      parts: { nonce: nicehash.miner_nonce },
    });
    const facts = { ...ethashFacts, extranonce1: 'a2eea0', extranonce2Bytes: 5 };
    assert.equal(shareOf(miner.assemble(request, facts)).parts['nonce'], nicehash.full_nonce);
    assert.equal(decode({ id: 31, method: 'mining.submit', params: ['bf0488aa'] }).kind, 'malformed');
  });

  test('reports, keeps alive, leaves', () => {
    assert.deepEqual(decode({ id: 16, method: 'mining.hashrate', params: ['500000', 'w-1'] }), {
      kind: 'courtesy',
      id: '16',
    });
    assert.deepEqual(decode({ id: 50, method: 'mining.noop' }), { kind: 'courtesy', id: '50' });
    assert.deepEqual(decode({ method: 'mining.bye' }), { kind: 'reply', id: 'null' });
    assert.deepEqual(decode({ method: 'mining.reconnect' }), { kind: 'reply', id: 'null' });
    assert.deepEqual(decode({ id: 2, method: 'mining.authorize', params: ['account.rig', 'x'] }), {
      kind: 'authorize',
      id: '2',
      user: 'account.rig',
      password: 'x',
    });
  });
});

describe('an EthereumStratum/2.0.0 miner is told', () => {
  test('all six members of a hello, without compression', () => {
    assert.equal(
      miner.hello('0'),
      '{"id":0,"result":{"proto":"EthereumStratum/2.0.0","encoding":"plain","resume":"0","timeout":"b4","maxerrors":"5","node":"stratum-proxy"}}\n',
    );
  });

  test('its session, its name, and success by an id alone', () => {
    const session = { sessionId: 's-12345', extranonce1: '', extranonce2Bytes: 8, agent: '' };
    assert.equal(miner.subscribed('1', session), '{"id":1,"result":"s-12345"}\n');
    assert.equal(miner.authorized('2', { sessionId: 's', job: null }), '{"id":2,"result":"w-1"}\n');
    assert.equal(miner.yes('31'), '{"id":31}\n');
    assert.equal(miner.pong('31'), '{"id":31}\n');
  });

  for (const [reason, code, told] of [
    ['unknown-job', null, 404],
    ['stale', null, 404],
    ['duplicate', null, 406],
    ['low-difficulty', null, 406],
    ['unauthorized', null, 301],
    ['not-subscribed', null, 300],
    ['malformed', null, 400],
    ['rejected', null, 406],
    ['other', null, 400],
    ['stale', 202, 202],
    ['rejected', 503, 503],
    // The codes of other dialects, which ethminer would take for "accepted": they begin with a 2.
    ['unknown-job', 21, 404],
    ['duplicate', 22, 406],
    ['low-difficulty', 23, 406],
    ['unauthorized', 24, 301],
    ['rejected', -1, 406],
    ['rejected', 999, 406],
  ] as const) {
    test(`code ${told} for ${reason}${code === null ? '' : ` of the pool's ${code}`}`, () =>
      assert.equal(
        miner.refuse('31', { reason, message: 'Job not found', code }),
        `{"id":31,"error":{"code":${told},"message":"Job not found"}}\n`,
      ));
  }

  test('its prefix when it is known', () => {
    assert.equal(miner.extranonce('af4c', 6), '{"method":"mining.set","params":{"extranonce":"af4c"}}\n');
    assert.equal(miner.difficulty(ethashView), '');
  });

  test('epoch, target and algorithm directly before each job', () => {
    const work = {
      ...ethashJob,
      algorithm: 'progpow',
      parts: { header: HEADER, epoch: 'dc', height: '6526d5' },
    };
    const target = readTarget('0112e0be826d694b2e62d01511f12a6061fbaec8bc02357593e70e52ba');
    assert.equal(
      miner.job({ ...ethashView, target, work }),
      setLine(`"epoch":"dc","target":"${target?.text}","algo":"progpow"`) + notifyLine('6526d5', '1'),
    );
  });

  test("the epoch that belongs to a 1.0.0 pool's seed hash, height 0 where nobody says it", () => {
    const view = { ...ethashView, clean: false };
    const job = (seed: string): string =>
      miner.job({ ...view, work: { ...ethashJob, parts: { header: HEADER, seed } } });
    assert.equal(
      job(SEED),
      setLine(`"epoch":"32","target":"${TARGET}","algo":"ethash"`) + notifyLine('0', '0'),
    );
    assert.equal(
      job('ff'.repeat(32)),
      setLine(`"target":"${TARGET}","algo":"ethash"`) + notifyLine('0', '0'),
    );
  });
});
