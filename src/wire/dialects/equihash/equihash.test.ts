import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
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
  vector,
  viewOf,
} from '../../../../test/support/relayed-fixtures.ts';
import type { RelayedWork, ShareTarget } from '../../../domain/job.ts';
import type { RelayedShare } from '../../dialect.ts';
import type { PoolSubscription } from '../../messages.ts';
import { equihash } from './index.ts';
import { compactSize, sizeProblem } from './parts.ts';

const { miner, pool } = equihash;

const genesis = vector('equihash-zcash-genesis') as Readonly<
  Record<
    'version' | 'prevhash' | 'merkleroot' | 'reserved' | 'time' | 'bits' | 'nonce' | 'solution' | 'hash',
    string
  >
>;
const { sizes } = vector('equihash-sizes') as {
  readonly sizes: readonly {
    readonly n: number;
    readonly k: number;
    readonly solution_bytes: number;
    readonly compactsize_hex: string;
    readonly submit_solution_hex_chars: number;
  }[];
};

const HEADER = [
  genesis.version,
  genesis.prevhash,
  genesis.merkleroot,
  genesis.reserved,
  genesis.time,
  genesis.bits,
] as const;
const NOTIFY = `{"id":null,"method":"mining.notify","params":["d178","${HEADER.join('","')}",true]}`;
const zcash = jobIn(equihash, NOTIFY);
const POW_LIMIT = `0007${'f'.repeat(60)}`;

const withTail = (...tail: readonly unknown[]): RelayedWork =>
  jobIn(
    equihash,
    JSON.stringify({ id: null, method: 'mining.notify', params: ['d178', ...HEADER, true, ...tail] }),
  );
const targetIn = (text: string): ShareTarget => {
  const event = pool.decode(`{"id":null,"method":"mining.set_target","params":["${text}"]}`);
  assert.ok(event.kind === 'target', JSON.stringify(event));
  return event.target;
};
const solutionOf = (bytes: number): string => compactSize(bytes) + 'ab'.repeat(bytes);

describe('an equihash miner', () => {
  for (const [what, params, sessionId] of [
    ['by the ZIP', ['MagicBean/1.0.0', null, 'pool.example.com', 3337], null],
    ['with a port as text', ['GMiner/2.09', null, 'pool.example.com', '3337'], null],
    ['that resumes', ['MagicBean/1.0.0', 'abcdef', 'pool.example.com', 3337], 'abcdef'],
    ['with nothing', [], null],
  ] as const) {
    test(`subscribes ${what}`, () => {
      assert.deepEqual(miner.decode(JSON.stringify({ id: 1, method: 'mining.subscribe', params })), {
        kind: 'subscribe',
        id: '1',
        agent: params[0] ?? '',
        sessionId,
      });
    });
  }

  test('says the rest as any miner does', () => {
    for (const [method, params, request] of [
      ['mining.authorize', ['t1abc.rig', 'x'], { kind: 'authorize', user: 't1abc.rig', password: 'x' }],
      ['mining.authorize', ['t1abc.rig'], { kind: 'authorize', user: 't1abc.rig', password: '' }],
      ['mining.extranonce.subscribe', [], { kind: 'extranonce-subscribe' }],
      ['mining.suggest_target', [POW_LIMIT], { kind: 'suggest-target', target: POW_LIMIT }],
      ['mining.ping', [], { kind: 'ping' }],
      ['eth_submitHashrate', ['0x1', '0x2'], { kind: 'courtesy' }],
      ['mining.nonsense', [], { kind: 'unknown', method: 'mining.nonsense' }],
    ] as const) {
      assert.deepEqual(miner.decode(JSON.stringify({ id: 7, method, params })), { id: '7', ...request });
    }
    assert.deepEqual(miner.decode('{"id":"a","result":true,"error":null}'), { kind: 'reply', id: '"a"' });
    assert.equal(miner.decode('[]').kind, 'fault');
    assert.equal(miner.decode(`{"id":"${'a'.repeat(300)}","method":"mining.ping"}`).kind, 'fault');
    assert.equal(problemOf(miner.decode('{"id":1}')), 'method is missing');
  });

  test('is answered to the byte', () => {
    const session = { sessionId: 's1', extranonce1: '8057', extranonce2Bytes: 30, agent: '' };
    assert.equal(miner.subscribed('1', session), '{"id":1,"result":["s1","8057"],"error":null}\n');
    assert.equal(
      miner.authorized('"x"', { sessionId: 's1', job: null }),
      '{"id":"x","result":true,"error":null}\n',
    );
    assert.equal(
      miner.extranonce('80570102', 28),
      '{"id":null,"method":"mining.set_extranonce","params":["80570102"]}\n',
    );
    assert.equal(
      miner.refuse('4', { reason: 'stale', message: 'Stale share', code: null }),
      '{"id":4,"result":null,"error":[21,"Stale share",null]}\n',
    );
    assert.equal(
      miner.refuse('4', { reason: 'rejected', message: 'schlecht: ü', code: -3 }),
      '{"id":4,"result":null,"error":[-3,"schlecht: \\u00fc",null]}\n',
    );
    assert.equal(miner.versionMask(1), '');
  });

  test('gets the target in the words of the pool, or one of ours', () => {
    const target = targetIn('000009f51d1cf698338000000000000000000000000000000000000000000000');
    assert.equal(
      miner.difficulty(viewOf(zcash, { target })),
      `{"id":null,"method":"mining.set_target","params":["${target.text}"]}\n`,
    );
    // Difficulty 1 of the family is 8192 solutions.
    assert.equal(
      miner.difficulty(viewOf(zcash, { difficulty: 1, divider: 524_288 })),
      `{"id":null,"method":"mining.set_target","params":["${POW_LIMIT}"]}\n`,
    );
  });

  test('gets the job as the pool wrote it, under our id', () => {
    assert.equal(miner.job(viewOf(zcash, { jobId: '5f' })), `${NOTIFY.replace('"d178"', '"5f"')}\n`);
    assert.equal(
      miner.job(viewOf(zcash, { jobId: 'd178', clean: false })),
      `${NOTIFY.replace(',true]', ',false]')}\n`,
    );
  });

  for (const tail of [['144_5', 'BgoldPoW'], ['192_7'], ['0'.repeat(2694)], ['144_5', { a: [1, 'ü'] }]]) {
    test(`gets ${tail.length + 8} elements with ${JSON.stringify(tail).slice(0, 24)} unchanged`, () => {
      const { params } = parseLine(miner.job(viewOf(withTail(...tail)))) as { params: unknown[] };
      assert.deepEqual(params.slice(8), tail);
    });
  }
});

describe('an equihash share', () => {
  const NONCE_2 = genesis.nonce.slice(10);
  const params = ['t1abc.rig', '2a', genesis.time, NONCE_2, genesis.solution];
  const facts = factsOf(zcash, { extranonce1: genesis.nonce.slice(0, 10), extranonce2Bytes: 27 });

  test('goes to the pool with the nonce cut where the pool has it', () => {
    const request = submitIn(equihash, params);
    assert.equal(request.user, 't1abc.rig');
    const share = shareOf(miner.assemble(request, facts));
    assert.equal(share.parts['nonce'], genesis.nonce);
    const subscription: PoolSubscription = {
      sessionId: null,
      extranonce1: genesis.nonce.slice(0, 8),
      extranonce2Bytes: 28,
    };
    assert.equal(
      pool.submit(9, share, subscription),
      `{"id":9,"method":"mining.submit","params":["account.rig","d178","${genesis.time}","${genesis.nonce.slice(8)}","${genesis.solution}"]}\n`,
    );
  });

  for (const length of [0, 1, 5, 17, 31]) {
    test(`is whole with a NONCE_1 of ${length} bytes`, () => {
      const extranonce1 = genesis.nonce.slice(0, length * 2);
      const request = submitIn(equihash, params.with(3, genesis.nonce.slice(length * 2)));
      const share = shareOf(
        miner.assemble(request, factsOf(zcash, { extranonce1, extranonce2Bytes: 32 - length })),
      );
      assert.equal(share.parts['nonce'], genesis.nonce);
    });
  }

  for (const { n, k, solution_bytes, compactsize_hex, submit_solution_hex_chars } of sizes) {
    test(`of ${n},${k} has ${solution_bytes} bytes behind ${compactsize_hex}`, () => {
      const solution = solutionOf(solution_bytes);
      assert.ok(solution.startsWith(compactsize_hex));
      assert.equal(solution.length, submit_solution_hex_chars);
      const work = withTail(`${n}_${k}`, 'somePoW');
      assert.equal(work.algorithm, `${n}_${k}`);
      const assemble = (given: string): ReturnType<typeof miner.assemble> =>
        miner.assemble(submitIn(equihash, params.with(4, given)), { ...facts, work });
      assert.equal(shareOf(assemble(solution)).parts['solution'], solution);
      assert.match(problemOf(assemble(solutionOf(solution_bytes - 1))), /must have \d+ bytes/);
      assert.match(problemOf(assemble(`00${solution.slice(2)}`)), /must begin with/);
      // Where the job does not name its parameters any known size will do.
      assert.equal(sizeProblem(solution, null), null);
      assert.match(
        problemOf(miner.assemble(submitIn(equihash, params.with(4, solution.slice(0, -2))), facts)),
        /none/,
      );
    });
  }

  for (const [what, at, value, problem] of [
    ['a job id that is none', 1, { a: 1 }, /job id/],
    ['a time of 7 digits', 2, '1234567', /time/],
    ['no time', 2, null, /time/],
    ['a nonce that is not hex', 3, 'zz', /NONCE_2/],
    ['a nonce beyond any', 3, '00'.repeat(33), /NONCE_2/],
    ['a solution that is not hex', 4, 'fd4005zz', /solution/],
    ['half bytes', 4, 'fd4', /solution/],
    ['a solution beyond any', 4, 'ab'.repeat(1412), /solution/],
  ] as const) {
    test(`with ${what} is malformed`, () => {
      const line = JSON.stringify({
        id: 4,
        method: 'mining.submit',
        params: params.with(at, value as string),
      });
      assert.match(problemOf(miner.decode(line)), problem);
    });
  }

  test('with the nonce of another length is malformed', () => {
    for (const nonce of [genesis.nonce, NONCE_2.slice(2), NONCE_2.slice(1)]) {
      assert.match(problemOf(miner.assemble(submitIn(equihash, params.with(3, nonce)), facts)), /27 bytes/);
    }
  });
});

describe('what an equihash share claims', () => {
  const share = shareOf(
    miner.assemble(
      submitIn(equihash, ['u', '2a', genesis.time, genesis.nonce, genesis.solution]),
      factsOf(zcash),
    ),
  );

  const fingerprintWith = (parts: Record<string, string>): number =>
    equihash.claim?.({ ...share, parts: { ...share.parts, ...parts } }, zcash, null).fingerprint ?? -1;

  test('is the hash of the first Zcash block', () => {
    const claim = equihash.claim?.(share, zcash, targetIn(POW_LIMIT));
    assert.ok(claim !== undefined);
    const exact = Number((1n << 300n) / (BigInt(`0x${genesis.hash}`) + 1n)) / 2 ** 44;
    assert.ok(Math.abs(claim.hashes / exact - 1) < 1e-12, `${claim.hashes} ${exact}`);
    assert.equal(claim.meetsPool, true);
    assert.ok(Number.isSafeInteger(claim.fingerprint));
  });

  test('is held against the target to the unit', () => {
    const hash = BigInt(`0x${genesis.hash}`);
    for (const [target, meets] of [
      [hash, true],
      [hash - 1n, false],
      [hash + 1n, true],
    ] as const) {
      const text = target.toString(16).padStart(64, '0');
      assert.equal(equihash.claim?.(share, zcash, targetIn(text)).meetsPool, meets, text);
    }
  });

  test('is another for another nonce, time or solution, the same for the same', () => {
    const all = [
      {},
      { nonce: genesis.nonce.replace(/^5712/, '5713') },
      { time: '91041358' },
      { solution: `${genesis.solution.slice(0, -2)}58` },
    ].map(fingerprintWith);
    assert.equal(new Set(all).size, all.length);
    assert.equal(fingerprintWith({}), all[0]);
  });

  test('is sha256d of header and solution for any parameters but those of Aion', () => {
    for (const { n, k, solution_bytes } of sizes) {
      if (n === 210) continue;
      const work = withTail(`${n}_${k}`);
      const parts = { time: genesis.time, nonce: genesis.nonce, solution: solutionOf(solution_bytes) };
      const bytes = Buffer.from(HEADER.join('') + genesis.nonce + parts.solution, 'hex');
      const once = createHash('sha256').update(bytes).digest();
      const hash = Buffer.from(createHash('sha256').update(once).digest().toReversed()).toString('hex');
      const claim = equihash.claim?.({ ...share, parts }, work, targetIn(hash));
      assert.equal(claim?.meetsPool, true);
      const below = (BigInt(`0x${hash}`) - 1n).toString(16).padStart(64, '0');
      assert.equal(equihash.claim?.({ ...share, parts }, work, targetIn(below)).meetsPool, false);
    }
  });

  test('is what is asked of it where the coin is VerusHash', () => {
    const target = targetIn(POW_LIMIT);
    const claim = equihash.claim?.(share, withTail('fd4005'.padEnd(2694, '0')), target);
    assert.equal(claim?.meetsPool, true);
    assert.equal(claim?.hashes, target.hashes);
    assert.equal(equihash.claimsOf?.('verushash'), false);
    assert.equal(equihash.claimsOf?.('equihash-144-5'), true);
  });
});

describe('what an equihash share of 210,9 claims', () => {
  const parts = { time: genesis.time, nonce: genesis.nonce, solution: solutionOf(1408) };
  const aion: RelayedShare = { family: 'equihash', user: 'u', poolJobId: '2a', parts };
  // Far below what any hash meets.
  const target = targetIn('1'.padStart(64, '0'));

  test('is what is asked of it, whether the job names its parameters or not', () => {
    for (const work of [zcash, withTail('210_9')]) {
      const claim = equihash.claim?.(aion, work, target);
      assert.equal(claim?.meetsPool, true);
      assert.equal(claim?.hashes, target.hashes);
    }
    const other = { ...aion, parts: { ...parts, time: '91041358' } };
    assert.notEqual(
      equihash.claim?.(aion, zcash, target).fingerprint,
      equihash.claim?.(other, zcash, target).fingerprint,
    );
  });

  test('is no ground to judge it on', () => {
    assert.equal(equihash.claimsOf?.('equihash-210-9'), false);
    for (const name of ['equihash', 'equihash-144-5', 'equihash-192-7', 'equihash-125-4', 'equihash-96-5'])
      assert.equal(equihash.claimsOf?.(name), true, name);
  });
});

describe('an equihash pool', () => {
  test('is logged in to call by call', () => {
    assert.deepEqual(
      pool.login.map((call) => call.write(1, LOGIN_FACTS)),
      [
        '{"id":1,"method":"mining.subscribe","params":["proxy/1.0",null,"pool.example",3337]}\n',
        '{"id":1,"method":"mining.authorize","params":["user.rig","x"]}\n',
        '{"id":1,"method":"mining.extranonce.subscribe","params":[]}\n',
      ],
    );
    const subscribe = loginCall(equihash, 'subscribe');
    assert.equal(
      subscribe.write(2, { ...LOGIN_FACTS, isPlain: true }),
      '{"id":2,"method":"mining.subscribe","params":[]}\n',
    );
    assert.match(subscribe.write(2, { ...LOGIN_FACTS, sessionId: 's"1' }) ?? '', /"proxy\/1.0","s\\"1",/);
    assert.equal(
      pool.furtherName?.(3, 'other', 'x'),
      '{"id":3,"method":"mining.authorize","params":["other","x"]}\n',
    );
  });

  for (const [what, result, subscription] of [
    ['an id', ['S1', '8057'], { sessionId: 'S1', extranonce1: '8057', extranonce2Bytes: 30 }],
    ['no id', [null, '80570102'], { sessionId: null, extranonce1: '80570102', extranonce2Bytes: 28 }],
    [
      'pairs',
      [
        [
          ['mining.set_difficulty', 'a'],
          ['mining.notify', 'b'],
        ],
        'AB',
      ],
      { sessionId: 'b', extranonce1: 'ab', extranonce2Bytes: 31 },
    ],
    [
      '17 bytes',
      [null, '11'.repeat(17)],
      { sessionId: null, extranonce1: '11'.repeat(17), extranonce2Bytes: 15 },
    ],
    ['nothing fixed', [null, ''], { sessionId: null, extranonce1: '', extranonce2Bytes: 32 }],
    [
      '31 bytes',
      [null, '11'.repeat(31)],
      { sessionId: null, extranonce1: '11'.repeat(31), extranonce2Bytes: 1 },
    ],
    ['nothing left', [null, '11'.repeat(32)], null],
    ['half bytes', [null, '805'], null],
    ['no list', true, null],
    ['no hex', [null, 'zz'], null],
    ['one element', ['S1'], null],
  ] as const) {
    test(`answers subscribe with ${what}`, () => {
      const outcome = loginCall(equihash, 'subscribe').read(result, null);
      assert.deepEqual(
        outcome,
        subscription === null
          ? { kind: 'unusable', problem: 'unreadable answer to subscribe' }
          : { kind: 'taken', subscription },
      );
    });
  }

  test('refuses a login, a call that it does not know is passed over', () => {
    const refusal = { code: 24, message: 'who are you' };
    assert.deepEqual(loginCall(equihash, 'authorize').read(null, refusal), { kind: 'refused', refusal });
    assert.deepEqual(loginCall(equihash, 'authorize').read(true, null), { kind: 'taken' });
    assert.equal(loginCall(equihash, 'authorize').read('yes', null).kind, 'refused');
    assert.equal(loginCall(equihash, 'extranonce.subscribe').read(null, refusal).kind, 'taken');
    assert.deepEqual(loginCall(equihash, 'subscribe').read(null, refusal), {
      kind: 'unusable',
      problem: 'who are you',
    });
  });

  for (const row of targetRows('equihash 200,9')) {
    test(`says difficulty ${row.difficulty} as a target`, () => {
      const target = targetIn(row.target);
      assert.equal(target.text, row.target);
      assert.equal(Math.floor(target.hashes), Number(row.expected_hashes_per_share));
    });
  }

  test('says what is not usable', () => {
    for (const text of ['', 'zz', '0'.repeat(64), 'f'.repeat(65)]) {
      const line = `{"id":null,"method":"mining.set_target","params":["${text}"]}`;
      assert.match(problemOf(pool.decode(line)), /target/);
    }
    assert.match(problemOf(pool.decode('{"method":"mining.set_extranonce","params":["805"]}')), /NONCE_1/);
    for (let at = 0; at < 7; at += 1) {
      const broken = (JSON.parse(NOTIFY) as { params: unknown[] }).params.with(at, 'x'.repeat(200));
      const line = JSON.stringify({ method: 'mining.notify', params: broken });
      assert.match(problemOf(pool.decode(line)), /not of the equihash form/, String(at));
    }
    const deep = `{"method":"mining.notify","params":["d178","${HEADER.join('","')}",true,${'['.repeat(30_000)}${']'.repeat(30_000)}]}`;
    assert.match(problemOf(pool.decode(deep)), /not of the equihash form/);
  });

  test('sends a job, its prefix, and the rest of what pools say', () => {
    assert.deepEqual(zcash, {
      family: 'equihash',
      poolJobId: 'd178',
      block: genesis.prevhash,
      clean: true,
      target: null,
      algorithm: null,
      parts: {
        version: genesis.version,
        prevhash: genesis.prevhash,
        merkleroot: genesis.merkleroot,
        reserved: genesis.reserved,
        time: genesis.time,
        bits: genesis.bits,
      },
    });
    for (const [line, event] of [
      [
        '{"method":"mining.set_extranonce","params":["8057"]}',
        { kind: 'extranonce', extranonce1: '8057', extranonce2Bytes: 30 },
      ],
      [
        '{"method":"client.reconnect","params":["Other.Example","3334",5]}',
        { kind: 'reconnect', host: 'other.example', port: 3334, waitSeconds: 5 },
      ],
      [
        '{"method":"client.reconnect","params":[]}',
        { kind: 'reconnect', host: null, port: null, waitSeconds: 0 },
      ],
      ['{"method":"client.show_message","id":3,"params":["hi"]}', { kind: 'message', id: '3', text: 'hi' }],
      ['{"method":"mining.ping","id":"p"}', { kind: 'ping', id: '"p"' }],
      ['{"method":"client.get_version","id":5}', { kind: 'get-version', id: '5' }],
      [
        '{"method":"mining.set_difficulty","params":[1]}',
        { kind: 'notice', method: 'mining.set_difficulty' },
      ],
      ['{"id":"x","result":true}', { kind: 'notice', method: 'reply' }],
      ['{"id":4,"result":true,"error":null}', { kind: 'reply', id: 4, result: true, refusal: null }],
    ] as const) {
      assert.deepEqual(pool.decode(line), event, line);
    }
  });

  for (const [line, refusal, bucket] of [
    ['{"id":4,"result":null,"error":[21,"job not found",null]}', [21, 'job not found'], 'stale'],
    [
      '{"id":4,"result":false,"error":[23,"low difficulty share of 1",null]}',
      [23, 'low difficulty share of 1'],
      'low-difficulty',
    ],
    ['{"id":4,"result":null,"error":[20,"invalid solution",null]}', [20, 'invalid solution'], 'rejected'],
    [
      '{"id":4,"result":null,"error":[20,"Incorrect size of nonce",null]}',
      [20, 'Incorrect size of nonce'],
      'malformed',
    ],
    [
      '{"id":4,"result":null,"error":{"code":22,"message":"duplicate share"}}',
      [22, 'duplicate share'],
      'duplicate',
    ],
    ['{"id":4,"error":"Stale share"}', [null, 'Stale share'], 'stale'],
    ['{"id":4,"result":false,"error":null}', [null, 'Rejected by the pool'], 'rejected'],
    ['{"id":4,"result":null}', [null, 'Rejected by the pool'], 'rejected'],
    ['{"id":4,"result":true,"error":7}', [7, 'Rejected by the pool'], 'rejected'],
  ] as const) {
    test(`refuses: ${line}`, () => {
      const event = pool.decode(line);
      const [code, message] = refusal;
      assert.ok(event.kind === 'reply' && event.refusal !== null, JSON.stringify(event));
      assert.deepEqual(event.refusal, { code, message });
      assert.equal(pool.classify(event.refusal), bucket);
    });
  }

  test('accepts by true alone', () => {
    assert.equal(pool.isYes(true), true);
    for (const result of ['ok', 1, [], null]) assert.equal(pool.isYes(result), false);
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

  test('of miners and pools are decoded without throwing, ids are echoed', () => {
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
    const events = decodeAnyhow(
      `${NOTIFY}\n{"method":"mining.set_target","params":["${POW_LIMIT}"]}\n`,
      (line) => pool.decode(line),
    );
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['job', 'target'],
    );
  });

  test('of a job id come back as they were', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60, unit: 'grapheme' }), (id) => {
        const work = jobIn(
          equihash,
          JSON.stringify({ method: 'mining.notify', params: [id, ...HEADER, true] }),
        );
        const share = shareOf(
          miner.assemble(
            submitIn(equihash, ['u', 'x', genesis.time, genesis.nonce, genesis.solution]),
            factsOf(work),
          ),
        );
        const { params } = parseLine(
          pool.submit(1, share, { sessionId: null, extranonce1: '', extranonce2Bytes: 32 }),
        );
        assert.equal((params as unknown[])[1], id);
      }),
    );
  });
});
