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
  vector,
  viewOf,
} from '../../../../test/support/relayed-fixtures.ts';
import { hashesOfDifficulty } from '../../../domain/difficulty.ts';
import { kaspa } from './index.ts';
import { jobFormOf } from './parts.ts';

const { miner, pool } = kaspa;

const sample = vector('kaspa-job') as {
  readonly pre_pow_hash_hex: string;
  readonly timestamp_ms: string;
  readonly array_form_line: string;
  readonly array_u64_le: readonly string[];
  readonly what_JSON_parse_gives: readonly string[];
  readonly big_job_form: { readonly param1: string; readonly chars: number };
  readonly nonce_example: { readonly extranonce: string; readonly miner_part: string; readonly full: string };
};
const HEX_LINE = `{"jsonrpc":"2.0","method":"mining.notify","params":["17","${sample.big_job_form.param1}"],"id":17}`;
const ARRAY_OUT = `{"id":null,"jsonrpc":"2.0","method":"mining.notify","params":["17",[${sample.array_u64_le.join(',')}],${sample.timestamp_ms}]}\n`;
const HEX_OUT = `{"id":null,"jsonrpc":"2.0","method":"mining.notify","params":["17","${sample.big_job_form.param1}"]}\n`;
const work = jobIn(kaspa, sample.array_form_line);
const { extranonce, miner_part: minerPart, full } = sample.nonce_example;
const facts = factsOf(work, { extranonce1: extranonce, extranonce2Bytes: 6 });

describe('a kaspa job', () => {
  for (const [what, line] of [
    ['four numbers', sample.array_form_line],
    ['80 digits', HEX_LINE],
    ['80 digits in capitals', HEX_LINE.replace(sample.big_job_form.param1, (text) => text.toUpperCase())],
    ['four numbers with blanks', sample.array_form_line.replaceAll(',', ' , ').replace('[1749', '[ 1749')],
  ] as const) {
    test(`of ${what} is the same work, and goes out in both forms`, () => {
      const found = jobIn(kaspa, line);
      assert.deepEqual(found, {
        family: 'kaspa',
        poolJobId: '17',
        block: sample.pre_pow_hash_hex,
        clean: false,
        target: null,
        algorithm: null,
        parts: { hash: sample.pre_pow_hash_hex, timestamp: sample.timestamp_ms },
      });
      const jobId = miner.jobId(found);
      assert.equal(jobId, '17');
      assert.equal(miner.job(viewOf(found, { jobId })), ARRAY_OUT);
      assert.equal(miner.job(viewOf(found, { jobId, form: 'array' })), ARRAY_OUT);
      assert.equal(miner.job(viewOf(found, { jobId, form: 'hex' })), HEX_OUT);
    });
  }

  test('of numbers that a parser rounds is not what the parser makes of it', () => {
    const { params } = JSON.parse(sample.array_form_line) as { params: [string, number[]] };
    const rounded = params[1].map((word) => BigInt(word) - (BigInt(word) % 1000n));
    assert.notDeepEqual(rounded.map(String), sample.array_u64_le);
    for (const text of sample.what_JSON_parse_gives) assert.equal(ARRAY_OUT.includes(text), false);
  });

  const word = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  test('of any numbers goes through both forms and back', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 4, maxLength: 4 }), word, (words, time) => {
        const line = `{"id":1,"method":"mining.notify","params":["7",[${words.join(',')}],${time}]}`;
        const found = jobIn(kaspa, line);
        const array = miner.job(viewOf(found, { jobId: '7' }));
        assert.ok(array.includes(`[${words.join(',')}],${time}]`));
        const hex = miner.job(viewOf(found, { jobId: '7', form: 'hex' }));
        assert.deepEqual(jobIn(kaspa, array), found);
        assert.deepEqual(jobIn(kaspa, hex), found);
      }),
    );
  });

  test('of a line that shows other numbers first is the one of its parameters', () => {
    const decoy = '"note":[1,2,3,4],"x":[9,9,9,9]';
    const line = sample.array_form_line.replace('{"jsonrpc"', `{${decoy},"y":[[1,2,3,4],5],"jsonrpc"`);
    assert.equal(jobIn(kaspa, line).parts['hash'], sample.pre_pow_hash_hex);
  });

  test('keeps what stands behind it', () => {
    const line = sample.array_form_line.replace('],"id"', ',"x",{"a":1}],"id"');
    assert.ok(miner.job(viewOf(jobIn(kaspa, line))).endsWith(',"x",{"a":1}]}\n'));
  });

  for (const [what, params] of [
    ['three words', '"17",[1,2,3],4'],
    ['five words', '"17",[1,2,3,4,5],6'],
    ['a word of 65 bits', '"17",[18446744073709551616,2,3,4],5'],
    ['a negative word', '"17",[-1,2,3,4],5'],
    ['a fraction', '"17",[1.5,2,3,4],5'],
    ['words as text', '"17",["1","2","3","4"],5'],
    ['no timestamp', '"17",[1,2,3,4]'],
    ['79 digits', `"17","${sample.big_job_form.param1.slice(1)}"`],
    ['no digits', `"17","${'z'.repeat(80)}"`],
    ['no id', '{},[1,2,3,4],5'],
    ['an id beyond any', `"${'x'.repeat(129)}",[1,2,3,4],5`],
  ] as const) {
    test(`of ${what} is a fault`, () => {
      const line = `{"id":1,"method":"mining.notify","params":[${params}]}`;
      assert.match(problemOf(pool.decode(line)), /kaspa form/);
    });
  }

  test('of a hostile line is found out in time', () => {
    const brackets = '['.repeat(60_000);
    const digits = `[${'1,'.repeat(30_000)}1]`;
    const startedMs = performance.now();
    for (const params of [brackets, digits, `[${' '.repeat(60_000)}`, `"17",${'[1,2,3,4],'.repeat(6000)}1`]) {
      pool.decode(`{"id":1,"method":"mining.notify","params":[${params}]}`);
      pool.decode(
        `{"id":1,"method":"mining.notify","params":["17",[1,2,3,4],5],"x":"${params.replaceAll('"', '')}"}`,
      );
    }
    assert.ok(performance.now() - startedMs < 2000, `${performance.now() - startedMs} ms`);
  });
});

describe('a kaspa miner', () => {
  for (const [agent, form] of [
    ['BzMiner-v17.0.0', 'hex'],
    ['IceRiverMiner-v1.1', 'hex'],
    ['Goldshell-KA', 'hex'],
    ['GodMiner/2.0.0', 'array'],
    ['lolMiner 1.76', 'array'],
    ['', 'array'],
  ] as const) {
    test(`called "${agent}" reads jobs as ${form}`, () => assert.equal(jobFormOf(agent), form));
  }

  test('subscribes in its spellings', () => {
    for (const [line, agent] of [
      [
        '{"id":1,"method":"mining.subscribe","params":["BzMiner-v17.0.0","EthereumStratum/1.0.0"]}',
        'BzMiner-v17.0.0',
      ],
      ['{"id":1,"method":"mining.subscribe","params":["kaspa-miner"],"error":null}', 'kaspa-miner'],
      ['{"id":1,"method":"mining.subscribe","params":[]}', ''],
    ] as const) {
      assert.deepEqual(miner.decode(line), { kind: 'subscribe', id: '1', agent, sessionId: null });
    }
  });

  test('is answered by what it is', () => {
    const session = { sessionId: 's1', extranonce1: '', extranonce2Bytes: 0 };
    assert.equal(
      miner.subscribed('0', { ...session, agent: 'BzMiner-v17.0.0' }),
      '{"id":0,"result":[true,"EthereumStratum/1.0.0"],"error":null}\n',
    );
    assert.equal(
      miner.subscribed('1', { ...session, agent: 'GodMiner/2.0.0' }),
      '{"id":1,"result":[null,"",8],"error":null}\n',
    );
    assert.equal(
      miner.subscribed('1', { ...session, extranonce1: '00ab', agent: 'GodMiner/2.0.0' }),
      '{"id":1,"result":[null,"00ab",6],"error":null}\n',
    );
    assert.equal(
      miner.extranonce('00ab', 6),
      '{"id":null,"method":"mining.set_extranonce","params":["00ab",6]}\n',
    );
    assert.equal(
      miner.difficulty(viewOf(work, { difficulty: 0.5 })),
      '{"id":null,"method":"mining.set_difficulty","params":[0.5]}\n',
    );
    assert.equal(miner.message('hello'), '');
    assert.equal(miner.versionMask(1), '');
  });

  test('gets no code outside of those that it knows', () => {
    for (const [code, told] of [
      [null, 21],
      [22, 22],
      [-1, 21],
      [40, 21],
    ] as const) {
      assert.equal(
        miner.refuse('3', { reason: 'stale', message: 'Job not found', code }),
        `{"id":3,"result":null,"error":[${told},"Job not found",null]}\n`,
      );
    }
  });

  test('is not told by a code that ends its connection what is no fault of its own', () => {
    for (const [reason, told] of [
      ['other', 21],
      ['rejected', 21],
      ['stale', 21],
      ['malformed', 20],
      ['unauthorized', 24],
    ] as const) {
      assert.equal(
        miner.refuse('3', { reason, message: 'Pool timeout', code: null }),
        `{"id":3,"result":null,"error":[${told},"Pool timeout",null]}\n`,
      );
    }
  });
});

describe('a kaspa share', () => {
  for (const [what, nonce, prefix, whole] of [
    ['whole', `0x${full}`, extranonce, full],
    ['whole without 0x', full.toUpperCase(), extranonce, full],
    ['without its leading zeros', full.replace(/^0+/, ''), extranonce, full],
    ['of the rest alone', minerPart, extranonce, full],
    ['of the rest without its leading zeros', '90ab', extranonce, '00ab0000000090ab'],
    ['where nothing is fixed', 'ab', '', '00000000000000ab'],
    ['of zeros', '0', extranonce, '00ab000000000000'],
  ] as const) {
    test(`${what} goes to the pool whole`, () => {
      const request = submitIn(kaspa, ['kaspa:qr.rig', '17', nonce]);
      assert.equal(request.jobId, '17');
      const share = shareOf(miner.assemble(request, { ...facts, extranonce1: prefix }));
      assert.equal(share.parts['nonce'], whole);
      assert.equal(
        pool.submit(3, share, { sessionId: null, extranonce1: '', extranonce2Bytes: 8 }),
        `{"id":3,"method":"mining.submit","params":["account.rig","17","0x${whole}"]}\n`,
      );
    });
  }

  test('that begins otherwise is malformed', () => {
    const request = submitIn(kaspa, ['u', '17', '0x01ab1234567890ab']);
    const assembled = miner.assemble(request, facts);
    assert.match(problemOf(assembled), /must begin with 00ab/);
    assert.equal(assembled.kind === 'malformed' && assembled.isOtherPrefix, true);
  });

  for (const params of [
    ['u', '17'],
    ['u', '17', ''],
    ['u', '17', '0x'],
    ['u', '17', 'zz'],
    ['u', '17', '0'.repeat(17)],
    ['u', '17', 5],
    ['u', {}, full],
    [],
  ]) {
    test(`of ${JSON.stringify(params)} is malformed`, () => {
      problemOf(miner.decode(JSON.stringify({ id: 4, method: 'mining.submit', params })));
    });
  }
});

describe('a kaspa pool', () => {
  test('is logged in to call by call', () => {
    assert.deepEqual(
      pool.login.map((call) => call.write(1, LOGIN_FACTS)),
      [
        '{"id":1,"method":"mining.subscribe","params":["proxy/1.0","EthereumStratum/1.0.0"]}\n',
        '{"id":1,"method":"mining.authorize","params":["user.rig","x"]}\n',
      ],
    );
    assert.equal(
      loginCall(kaspa, 'subscribe').write(1, { ...LOGIN_FACTS, isPlain: true }),
      '{"id":1,"method":"mining.subscribe","params":["proxy/1.0"]}\n',
    );
    assert.equal(pool.furtherName, null);
  });

  for (const [result, extranonce1, extranonce2Bytes] of [
    [true, '', 8],
    [[true, 'EthereumStratum/1.0.0'], '', 8],
    [[true, 'KaspaStratum/1.0.0'], '', 8],
    [[null, '00ab', 6], '00ab', 6],
    [[[['mining.notify', 'a']], '0a', 7], '0a', 7],
  ] as const) {
    test(`answers subscribe by ${JSON.stringify(result)}`, () => {
      assert.deepEqual(loginCall(kaspa, 'subscribe').read(result, null), {
        kind: 'taken',
        subscription: { sessionId: null, extranonce1, extranonce2Bytes },
      });
    });
  }

  test('refuses a subscribe', () => {
    assert.equal(loginCall(kaspa, 'subscribe').read(null, { code: 20, message: 'no' }).kind, 'unusable');
    assert.equal(loginCall(kaspa, 'subscribe').read([null, 'abc', 6], null).kind, 'unusable');
  });

  for (const [line, bytes] of [
    ['{"id":null,"method":"mining.set_extranonce","params":["00ab",6]}', 6],
    ['{"id":"","method":"mining.set_extranonce","params":["00ab"]}', 6],
    ['{"method":"set_extranonce","params":["00ab"]}', 6],
  ] as const) {
    test(`says its prefix by ${line}`, () => {
      assert.deepEqual(pool.decode(line), {
        kind: 'extranonce',
        extranonce1: '00ab',
        extranonce2Bytes: bytes,
      });
    });
  }

  test('that answers subscribe by a prefix has answered it', () => {
    const event = pool.decode('{"id":1,"method":"set_extranonce","params":["00ab"]}');
    assert.ok(event.kind === 'several');
    const [reply, prefix] = event.events;
    assert.ok(reply?.kind === 'reply' && reply.id === 1 && reply.refusal === null);
    assert.equal(pool.isYes(reply.result), false);
    assert.deepEqual(loginCall(kaspa, 'subscribe').read(reply.result, null), {
      kind: 'taken',
      subscription: { sessionId: null, extranonce1: '00ab', extranonce2Bytes: 6 },
    });
    assert.deepEqual(prefix, { kind: 'extranonce', extranonce1: '00ab', extranonce2Bytes: 6 });
  });

  test('says difficulties that stand for 2^32 hashes each', () => {
    assert.deepEqual(pool.decode('{"method":"mining.set_difficulty","params":[4096]}'), {
      kind: 'difficulty',
      difficulty: 4096,
    });
    assert.deepEqual(pool.decode('{"method":"mining.set_difficulty","params":["0.25"]}'), {
      kind: 'difficulty',
      difficulty: 0.25,
    });
    assert.match(problemOf(pool.decode('{"method":"mining.set_difficulty","params":[0]}')), /difficulty/);
    for (const row of [
      ...targetRows('kaspa kHeavyHash, miner view'),
      ...targetRows('kaspa kHeavyHash, bridge view'),
    ]) {
      const ratio = hashesOfDifficulty(Number(row.difficulty), 1) / Number(row.expected_hashes_per_share);
      assert.ok(Math.abs(ratio - 1) < 1e-4, JSON.stringify(row));
    }
  });

  for (const [line, bucket] of [
    ['{"id":3,"result":null,"error":[21,"Job not found",null]}', 'stale'],
    ['{"id":3,"result":null,"error":[22,"Duplicate share submitted",null]}', 'duplicate'],
    ['{"id":3,"result":null,"error":[23,"Invalid difficulty",null]}', 'low-difficulty'],
    ['{"id":3,"result":null,"error":[20,"Unknown problem",null]}', 'rejected'],
    ['{"id":3,"result":null,"error":[24,"Unauthorized worker",null]}', 'unauthorized'],
  ] as const) {
    test(`refuses: ${line}`, () => {
      const event = pool.decode(line);
      assert.ok(event.kind === 'reply' && event.refusal !== null);
      assert.equal(pool.classify(event.refusal), bucket);
    });
  }
});

describe('any bytes', () => {
  const methods = [
    'mining.notify',
    'mining.submit',
    'mining.set_extranonce',
    'mining.subscribe',
    'mining.authorize',
  ];

  test('of miners and pools are decoded without throwing', () => {
    fc.assert(
      fc.property(nearlyLines(methods), (line) => {
        const request = miner.decode(line);
        if ('id' in request) parseLine(miner.yes(request.id));
        const event = pool.decode(line);
        if (event.kind === 'job') {
          parseLine(miner.job(viewOf(event.work)));
          parseLine(miner.job(viewOf(event.work, { form: 'hex' })));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('of a job id come back from the miner as they were', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }), (id) => {
        fc.pre(id.trim() === id);
        const line = JSON.stringify({ method: 'mining.notify', params: [id, sample.big_job_form.param1] });
        const found = jobIn(kaspa, line);
        const { params } = parseLine(miner.job(viewOf(found, { jobId: miner.jobId(found) }))) as {
          params: [string];
        };
        assert.equal(params[0], id);
        const share = shareOf(miner.assemble(submitIn(kaspa, ['u', params[0], full]), factsOf(found)));
        const submit = parseLine(
          pool.submit(1, share, { sessionId: null, extranonce1: '', extranonce2Bytes: 8 }),
        );
        assert.equal((submit['params'] as unknown[])[1], id);
      }),
    );
  });

  test('give the same messages however they are cut', () => {
    assert.deepEqual(
      decodeAnyhow(`${sample.array_form_line}\n${HEX_LINE}\n`, (line) => pool.decode(line)).map(
        ({ kind }) => kind,
      ),
      ['job', 'job'],
    );
  });
});
