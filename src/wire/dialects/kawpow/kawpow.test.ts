import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  decodeAnyhow,
  factsOf,
  jobIn,
  LOGIN_FACTS,
  loginCall,
  nearlyLines,
  parseLine,
  problemOf,
  shareOf,
  submitIn,
  targetRows,
  viewOf,
} from '../../../../test/support/relayed-fixtures.ts';
import { kawpow } from './index.ts';

const { miner, pool } = kawpow;

const HEADER = '7d4f3fab5d4d7c0b8ce31e35e0bd3c1bdf1f6bd9a91cd22e2bf4fd1fd3a1a1a1';
const SEED = 'a1f8a2c5d3e4b6978899aabbccddeeff00112233445566778899aabbccddeeff';
const MIX = '5b3bf1ac4a7e83c1d2e3f405162738495a6b7c8d9eafb0c1d2e3f40516273849';
const TARGET = `00000000ff${'0'.repeat(54)}`;
const NOTIFY = `{"id":null,"method":"mining.notify","params":["1","${HEADER}","${SEED}","${TARGET}",true,1234567,"1b00c2a5"]}`;
const work = jobIn(kawpow, NOTIFY);
const PARAMS = ['RAddr.rig', '2a', '0x64290b00deadbeef', `0x${HEADER}`, `0x${MIX}`] as const;
const facts = factsOf(work, { extranonce1: '64290b', extranonce2Bytes: 5 });
const notifyWith = (at: number, value: unknown): string =>
  JSON.stringify({
    method: 'mining.notify',
    params: (JSON.parse(NOTIFY) as { params: unknown[] }).params.with(at, value),
  });

describe('a kawpow miner', () => {
  for (const params of [
    ['kawpowminer/1.2.4'],
    ['GMiner/2.09', null, 'rvnt.minermore.com', '4505'],
    ['GMiner', 'EthereumStratum/1.0.0'],
  ]) {
    test(`subscribes by ${JSON.stringify(params)}`, () => {
      const line = JSON.stringify({ id: 1, jsonrpc: '2.0', method: 'mining.subscribe', params });
      assert.deepEqual(miner.decode(line), { kind: 'subscribe', id: '1', agent: params[0], sessionId: null });
    });
  }

  test('is answered to the byte', () => {
    const session = { sessionId: 's1', extranonce1: '64290b', extranonce2Bytes: 5, agent: '' };
    assert.equal(miner.subscribed('1', session), '{"id":1,"result":[null,"64290b"],"error":null}\n');
    assert.equal(
      miner.extranonce('0041', 6),
      '{"id":null,"method":"mining.set_extranonce","params":["0041"]}\n',
    );
    assert.equal(
      miner.difficulty(viewOf(work, { target: work.target })),
      `{"id":null,"method":"mining.set_target","params":["${TARGET}"]}\n`,
    );
    assert.equal(
      miner.refuse('40', { reason: 'low-difficulty', message: 'Low difficulty share', code: null }),
      '{"id":40,"result":null,"error":[23,"Low difficulty share",null]}\n',
    );
    assert.deepEqual(miner.decode('{"id":9,"method":"eth_submitHashrate","params":["0x500000","0x1"]}'), {
      kind: 'courtesy',
      id: '9',
    });
    assert.equal(miner.yes('9'), '{"id":9,"result":true,"error":null}\n');
  });

  test('gets the job as the pool wrote it, under our id', () => {
    assert.equal(miner.job(viewOf(work, { jobId: '1', target: work.target })), `${NOTIFY}\n`);
    assert.equal(
      miner.job(viewOf(work, { target: work.target, clean: false })),
      `${NOTIFY.replace('["1"', '["2a"').replace('true', 'false')}\n`,
    );
  });

  test('gets target and job of a difficulty of ours', () => {
    // A divider of the catalogue, which is no whole number.
    const view = viewOf(work, { difficulty: 1, divider: 0.99609375 });
    const { params } = parseLine(miner.job(view)) as { params: string[] };
    assert.equal(params[3]?.slice(0, 12), '00000000ff00');
    assert.deepEqual((parseLine(miner.difficulty(view)) as { params: string[] }).params, [params[3]]);
  });

  test('of xmrig takes a prefix unasked, others where they asked', () => {
    assert.ok(miner.nonces.kind === 'prefix');
    assert.equal(miner.nonces.isTakenBy?.('XMRig/6.21.0 (Linux x86_64)'), true);
    assert.equal(miner.nonces.isTakenBy?.('kawpowminer/1.2.4'), false);
    assert.equal(miner.nonces.isAlwaysTaken, false);
  });
});

describe('a kawpow share', () => {
  test('carries its whole nonce to the pool', () => {
    const share = shareOf(miner.assemble(submitIn(kawpow, PARAMS), facts));
    assert.deepEqual(share.parts, { nonce: '64290b00deadbeef', header: HEADER, mix: MIX });
    assert.equal(
      pool.submit(40, share, { sessionId: null, extranonce1: '6429', extranonce2Bytes: 6 }),
      `{"id":40,"method":"mining.submit","params":["account.rig","1","0x64290b00deadbeef","0x${HEADER}","0x${MIX}"]}\n`,
    );
  });

  test('may leave out 0x and be in capitals', () => {
    const bare = PARAMS.map((text, at) => (at < 2 ? text : text.replace('0x', '').toUpperCase()));
    assert.deepEqual(submitIn(kawpow, bare), submitIn(kawpow, PARAMS));
  });

  for (const prefix of ['', '64', '6429', '64290b', '64290b00']) {
    test(`begins with a prefix of ${prefix.length / 2} bytes`, () => {
      const request = submitIn(kawpow, PARAMS);
      shareOf(miner.assemble(request, { ...facts, extranonce1: prefix }));
      if (prefix === '') return;
      const other = `${prefix.slice(0, -1)}f`;
      assert.match(problemOf(miner.assemble(request, { ...facts, extranonce1: other })), /must begin with/);
    });
  }

  for (const [what, at, value, problem] of [
    ['the rest of the nonce alone', 2, '0x00deadbeef', /incorrect size of nonce, must be 8 bytes/],
    ['nine bytes of nonce', 2, '0x0064290b00deadbeef', /incorrect size of nonce/],
    ['a number for a nonce', 2, 7, /incorrect size of nonce/],
    ['half a header', 3, HEADER.slice(2), /header hash/],
    ['no mix', 4, undefined, /mix hash/],
    ['a job id that is none', 1, [], /job id/],
    ['a job id beyond any', 1, 'x'.repeat(129), /job id/],
  ] as const) {
    test(`with ${what} is malformed`, () => {
      const params = (PARAMS as readonly unknown[]).with(at, value);
      const line = JSON.stringify({ id: 4, method: 'mining.submit', params });
      assert.match(problemOf(miner.decode(line)), problem);
    });
  }

  test('for the header of another job is malformed', () => {
    const request = submitIn(kawpow, (PARAMS as readonly unknown[]).with(3, SEED));
    assert.match(problemOf(miner.assemble(request, facts)), /not the one of the job/);
    shareOf(miner.assemble(request, { ...facts, work: null }));
  });
});

describe('a kawpow pool', () => {
  test('is logged in to call by call', () => {
    assert.deepEqual(
      pool.login.map((call) => call.write(1, LOGIN_FACTS)),
      [
        '{"id":1,"method":"mining.subscribe","params":["proxy/1.0"]}\n',
        '{"id":1,"method":"mining.authorize","params":["user.rig","x"]}\n',
        '{"id":1,"method":"mining.extranonce.subscribe","params":[]}\n',
      ],
    );
    assert.equal(
      loginCall(kawpow, 'subscribe').write(1, { ...LOGIN_FACTS, isPlain: true }),
      '{"id":1,"method":"mining.subscribe","params":[]}\n',
    );
  });

  const PAIRS = [
    ['mining.set_difficulty', 'deadbeef'],
    ['mining.notify', 'deadbeef'],
  ];
  for (const [result, expected] of [
    [
      [null, '64290b'],
      [null, '64290b', 5],
    ],
    [
      [PAIRS, '0041'],
      ['deadbeef', '0041', 6],
    ],
    [
      [PAIRS, '0x0041', 6],
      ['deadbeef', '0041', 6],
    ],
    [
      [null, ''],
      [null, '', 8],
    ],
    [
      [null, 'a1'],
      [null, 'a1', 7],
    ],
    [
      [null, 'a1b2c3d4'],
      [null, 'a1b2c3d4', 4],
    ],
    [
      ['s', null],
      ['s', '', 8],
    ],
    [[null, '642'], null],
    [[null, '00'.repeat(8)], null],
    [[null, 'xy'], null],
    [true, null],
  ] as const) {
    test(`answers subscribe by ${JSON.stringify(result)}`, () => {
      const outcome = loginCall(kawpow, 'subscribe').read(result, null);
      if (expected === null) assert.equal(outcome.kind, 'unusable');
      else {
        const [sessionId, extranonce1, extranonce2Bytes] = expected;
        assert.deepEqual(outcome, {
          kind: 'taken',
          subscription: { sessionId, extranonce1, extranonce2Bytes },
        });
      }
    });
  }

  for (const name of ['kawpow', 'firopow']) {
    for (const row of targetRows(name)) {
      test(`of ${name} says difficulty ${row.difficulty} as a target`, () => {
        const { target } = jobIn(kawpow, notifyWith(3, row.target));
        assert.equal(target?.text, row.target);
        assert.equal(Math.floor(target?.hashes ?? 0), Number(row.expected_hashes_per_share));
      });
    }
  }

  test('sends jobs in all spellings', () => {
    assert.deepEqual(work, {
      family: 'kawpow',
      poolJobId: '1',
      block: '1234567',
      clean: true,
      target: { hashes: 4311810305.0039215, text: TARGET },
      algorithm: null,
      parts: { header: HEADER, seed: SEED, height: '1234567', bits: '1b00c2a5' },
    });
    // [quirk: coinmine.pl]
    assert.equal(jobIn(kawpow, notifyWith(3, `ff${'0'.repeat(54)}`)).target?.text, TARGET);
    assert.equal(jobIn(kawpow, notifyWith(3, `0x${TARGET}`)).target?.text, TARGET);
    assert.equal(jobIn(kawpow, notifyWith(5, '1234567')).parts['height'], '1234567');
    assert.equal(jobIn(kawpow, notifyWith(4, false)).clean, false);
    assert.equal(jobIn(kawpow, notifyWith(1, `0x${HEADER}`)).parts['header'], HEADER);
    const short = JSON.stringify({ method: 'mining.notify', params: ['1', HEADER, SEED, TARGET, true, 7] });
    assert.deepEqual(
      (parseLine(miner.job(viewOf(jobIn(kawpow, short)))) as { params: unknown[] }).params.length,
      6,
    );
    const long = JSON.stringify({
      method: 'mining.notify',
      params: ['1', HEADER, SEED, TARGET, true, 7, '1b00c2a5', 'x', { y: 1 }],
    });
    assert.deepEqual(
      (parseLine(miner.job(viewOf(jobIn(kawpow, long)))) as { params: unknown[] }).params.slice(7),
      ['x', { y: 1 }],
    );
  });

  test('says the rest', () => {
    for (const [line, kind] of [
      [`{"method":"mining.set_target","params":["${TARGET}"]}`, 'target'],
      [`{"method":"mining.set_difficulty","params":["${TARGET}"]}`, 'target'],
      ['{"method":"mining.set_difficulty","params":[0.5]}', 'notice'],
      ['{"method":"mining.set_extranonce","params":["64290b"]}', 'extranonce'],
      ['{"method":"mining.set_extranonce","params":["64290b",5]}', 'extranonce'],
      ['{"method":"mining.set_extranonce","params":["642"]}', 'fault'],
      ['{"method":"mining.set_target","params":["zz"]}', 'fault'],
      ['{"method":"client.reconnect","params":[]}', 'reconnect'],
      ['nonsense', 'fault'],
    ] as const) {
      assert.equal(pool.decode(line).kind, kind, line);
    }
    for (let at = 0; at < 7; at += 1) {
      if (at !== 4)
        assert.match(problemOf(pool.decode(notifyWith(at, { no: 1 }))), /kawpow form/, String(at));
    }
  });
});

describe('any bytes', () => {
  const methods = [
    'mining.notify',
    'mining.submit',
    'mining.set_target',
    'mining.subscribe',
    'mining.authorize',
  ];

  test('of miners and pools are decoded without throwing', () => {
    fc.assert(
      fc.property(nearlyLines(methods), (line) => {
        const request = miner.decode(line);
        if ('id' in request) parseLine(miner.yes(request.id));
        const event = pool.decode(line);
        if (event.kind === 'job') parseLine(miner.job(viewOf(event.work)));
      }),
      { numRuns: 2000 },
    );
  });

  test('give the same messages however they are cut', () => {
    const text = `${NOTIFY}\r\n{"id":1,"result":[null,"64290b"],"error":null}\n`;
    assert.deepEqual(
      decodeAnyhow(text, (line) => pool.decode(line)).map(({ kind }) => kind),
      ['job', 'reply'],
    );
  });
});
