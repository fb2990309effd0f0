import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../../../test/support/any-text.ts';
import type { LoginCall, LoginFacts } from '../../dialect.ts';
import type { PoolEvent, PoolSubscription } from '../../messages.ts';
import { bitcoinPool, decodePool } from './pool.ts';

const decode = (message: unknown): PoolEvent => decodePool(JSON.stringify(message));
const say = (method: string, params: unknown, id: unknown = null): PoolEvent =>
  decode({ id, method, params });
const notify = (params: unknown): PoolEvent => say('mining.notify', params);

// oxlint-disable-next-line no-control-regex
const ASCII_LINE = /^[\u0020-\u007e]+\n$/;

/** One line, ASCII, JSON: what it says. */
function parse(line: string): Record<string, unknown> {
  assert.match(line, ASCII_LINE);
  return JSON.parse(line) as Record<string, unknown>;
}

function loginCall(name: string): LoginCall {
  const call = bitcoinPool.login.find((each) => each.name === name);
  assert.ok(call !== undefined, `no call ${name}`);
  return call;
}

function readSubscription(result: unknown): PoolSubscription | null {
  const outcome = loginCall('subscribe').read(result, null);
  return (outcome.kind === 'taken' ? outcome.subscription : null) ?? null;
}

function readVersionMask(result: unknown): number {
  const outcome = loginCall('configure').read(result, null);
  assert.ok(outcome.kind === 'taken');
  return outcome.versionMask ?? -1;
}

describe('a reply', () => {
  const SILENT = 'Rejected by the pool';

  for (const [what, line, refusal, bucket] of [
    [
      'the plain form',
      '{"id":4,"result":null,"error":[21,"Job not found",null]}',
      [21, 'Job not found'],
      'stale',
    ],
    [
      'NOMP, Ocean',
      '{"id":4,"result":false,"error":[23,"high-hash",null]}',
      [23, 'high-hash'],
      'low-difficulty',
    ],
    [
      'ckpool',
      '{"id":4,"result":false,"error":null,"reject-reason":"Above target"}',
      [null, 'Above target'],
      'low-difficulty',
    ],
    [
      'ckpool, words first',
      '{"reject-reason":"Invalid JobID","result":false,"error":null,"id":4}',
      [null, 'Invalid JobID'],
      'unknown-job',
    ],
    ['ckpool, text only', '{"id":4,"error":"Invalid worker"}', [null, 'Invalid worker'], 'unauthorized'],
    [
      'ckpool, text with false',
      '{"result":false,"error":"Worker mismatch","id":4}',
      [null, 'Worker mismatch'],
      'unauthorized',
    ],
    [
      'miningcore',
      '{"jsonrpc":"2.0","id":4,"error":{"code":22,"message":"duplicate share","data":null}}',
      [22, 'duplicate share'],
      'duplicate',
    ],
    [
      'two elements',
      '{"error":[40,"unfit, ignore"],"id":4,"result":null}',
      [40, 'unfit, ignore'],
      'rejected',
    ],
    ['public-pool', '{"id":4,"result":null,"error":[21,"Job not found",""]}', [21, 'Job not found'], 'stale'],
    ['one element', '{"id":4,"result":null,"error":[24]}', [24, SILENT], 'unauthorized'],
    [
      'words alone in the array',
      '{"id":4,"result":null,"error":["Stale share"]}',
      [null, 'Stale share'],
      'stale',
    ],
    ['an error beside true', '{"id":4,"result":true,"error":[23,"low",null]}', [23, 'low'], 'low-difficulty'],
    ['false alone', '{"id":4,"result":false}', [null, SILENT], 'rejected'],
    ['false and null', '{"id":4,"result":false,"error":null}', [null, SILENT], 'rejected'],
    ['null twice', '{"id":4,"result":null,"error":null}', [null, SILENT], 'rejected'],
    ['neither', '{"id":4}', [null, SILENT], 'rejected'],
    ['error true', '{"id":4,"result":[],"error":true}', [null, SILENT], 'rejected'],
    ['an error that is a number', '{"id":4,"result":null,"error":23}', [null, SILENT], 'rejected'],
    ['an empty error object', '{"id":4,"result":null,"error":{}}', [null, SILENT], 'rejected'],
    [
      'an empty error beside words',
      '{"id":4,"result":false,"error":[],"reject-reason":"Stale"}',
      [null, 'Stale'],
      'stale',
    ],
    [
      'a code as text',
      '{"id":4,"result":null,"error":["23","low difficulty",null]}',
      [null, 'low difficulty'],
      'low-difficulty',
    ],
    [
      'a method that is null',
      '{"id":4,"method":null,"result":null,"error":[22,"dup",null]}',
      [22, 'dup'],
      'duplicate',
    ],
  ] as const) {
    test(`that refuses: ${what}`, () => {
      const event = decodePool(line);
      assert.ok(event.kind === 'reply');
      assert.equal(event.id, 4);
      assert.ok(event.refusal !== null);
      assert.deepEqual([event.refusal.code, event.refusal.message], refusal);
      assert.equal(bitcoinPool.classify(event.refusal), bucket);
    });
  }

  for (const line of [
    '{"id":4,"result":true,"error":null}',
    '{"id":4,"result":true}',
    '{"result":true,"error":null,"id":4}',
    '{"jsonrpc":"2.0","id":4,"result":true}',
    '{"id":4,"result":true,"error":""}',
    '{"id":4,"result":true,"error":false}',
    '{"id":4,"result":true,"error":[]}',
  ]) {
    test(`that accepts: ${line}`, () => {
      assert.deepEqual(decodePool(line), { kind: 'reply', id: 4, result: true, refusal: null });
    });
  }

  for (const line of [
    '{"id":"4","result":true,"error":null}',
    '{"id":null,"result":[],"error":true}',
    '{"id":1.5,"result":true}',
    '{"id":18446744073709551616,"result":true}',
    '{"result":true}',
    '{}',
  ]) {
    test(`to nothing of ours is a notice: ${line}`, () => {
      assert.deepEqual(decodePool(line), { kind: 'notice', method: 'reply' });
    });
  }

  test('has its words cut at 200 characters, control characters blanked', () => {
    const event = decode({ id: 4, result: null, error: [20, `a\r\nb${'x'.repeat(500)}`, null] });
    assert.ok(event.kind === 'reply');
    assert.equal(event.refusal?.message, `a  b${'x'.repeat(196)}`);
  });
});

describe('a job', () => {
  const params: readonly unknown[] = [
    '1',
    '171592f223740e92d223f6e68bff25279af7ac4f2246451e0000000200000000',
    '02000000ffffffff',
    'ffffffff037a90',
    ['17'.repeat(32), 'D5'.repeat(32)],
    '20000000',
    '192495f8',
    '64b3f3ec',
    false,
  ];
  const work = {
    family: 'bitcoin',
    poolJobId: '1',
    prevHash: params[1],
    coinb1: params[2],
    coinb2: params[3],
    branch: params[4],
    version: 0x20000000,
    nbits: '192495f8',
    ntime: 0x64b3f3ec,
    clean: false,
  } as const;
  const withParam = (index: number, value: unknown): PoolEvent => notify(params.with(index, value));

  test('as the protocol has it', () => assert.deepEqual(notify(params), { kind: 'job', work }));

  for (const [what, list, change] of [
    ['clean', params.with(8, true), { clean: true }],
    ['clean as 1', params.with(8, 1), { clean: true }],
    ['clean as null', params.with(8, null), {}],
    ['clean as text', params.with(8, 'true'), {}],
    ['no clean flag at all', params.slice(0, 8), {}],
    ['extra elements', [...params, 'x', [1], null, true], {}],
    ['a numeric job id', params.with(0, 17), { poolJobId: '17' }],
    ['an empty job id', params.with(0, ''), { poolJobId: '' }],
    ['a job id of 300 characters', params.with(0, 'j'.repeat(300)), { poolJobId: 'j'.repeat(300) }],
    ['a job id with quotes, backslashes and more', params.with(0, '"\\é\n😀'), { poolJobId: '"\\é\n😀' }],
    ['an empty branch', params.with(4, []), { branch: [] }],
    [
      '32 branches',
      params.with(
        4,
        Array.from({ length: 32 }, () => 'ab'.repeat(32)),
      ),
      { branch: Array.from({ length: 32 }, () => 'ab'.repeat(32)) },
    ],
    ['short numbers', params.with(5, '2').with(7, '1'), { version: 2, ntime: 1 }],
    ['a version with the highest bit', params.with(5, 'ffffffff'), { version: 0xffffffff }],
    ['upper case', params.with(2, 'ABCD').with(6, '1D00FFFF'), { coinb1: 'ABCD', nbits: '1D00FFFF' }],
  ] as const) {
    test(`with ${what}`, () => assert.deepEqual(notify(list), { kind: 'job', work: { ...work, ...change } }));
  }

  for (const [what, index, value] of [
    ['a null job id', 0, null],
    ['a previous hash that is too short', 1, '00'.repeat(31)],
    ['a previous hash that is not hex', 1, 'zz'.repeat(32)],
    ['half a byte of coinbase', 2, 'abc'],
    ['a coinbase that is not hex', 3, 'xx'],
    ['a numeric coinbase', 2, 12],
    ['a coinbase of 30 KB', 3, '00'.repeat(30_001)],
    ['a branch that is no array', 4, 'ab'.repeat(32)],
    ['a branch of something else', 4, ['ab']],
    ['a branch of numbers', 4, [1]],
    ['33 branches', 4, Array.from({ length: 33 }, () => 'ab'.repeat(32))],
    ['a numeric version', 5, 536870912],
    ['a version of nine digits', 5, '020000000'],
    ['no version', 5, ''],
    ['nbits of 7 digits', 6, '92495f8'],
    ['numeric nbits', 6, 1],
    ['a numeric ntime', 7, 1689514988],
    ['an ntime that is not hex', 7, 'now'],
  ] as const) {
    test(`with ${what} is a fault`, () => assert.equal(withParam(index, value).kind, 'fault'));
  }

  for (const [what, list] of [
    ['Handshake, without a branch array', ['1', ...Array.from({ length: 8 }, () => '00'.repeat(32))]],
    ['seven elements', params.slice(0, 7)],
    ['nothing', []],
    ['null', null],
    ['an object', { job_id: '1' }],
    ['cryptonote', { blob: '00', job_id: '1', target: 'ffffffff' }],
  ] as const) {
    test(`of another form is a fault: ${what}`, () => assert.equal(notify(list).kind, 'fault'));
  }
});

describe('a difficulty', () => {
  for (const [value, difficulty] of [
    [512, 512],
    [1024.5, 1024.5],
    [1e-10, 1e-10],
    [2.3e-10, 2.3e-10],
    ['1024', 1024],
    ['0.001', 0.001],
    [1e15, 1e15],
  ] as const) {
    test(`of ${JSON.stringify(value)}`, () => {
      assert.deepEqual(say('mining.set_difficulty', [value]), { kind: 'difficulty', difficulty });
    });
  }

  test('comes through unrounded, with id and jsonrpc or without', () => {
    assert.deepEqual(
      decodePool('{"jsonrpc":"2.0","method":"mining.set_difficulty","params":[1024.0],"id":7}'),
      {
        kind: 'difficulty',
        difficulty: 1024,
      },
    );
    fc.assert(
      fc.property(
        fc.double({ min: 0, minExcluded: true, noNaN: true, noDefaultInfinity: true }),
        (difficulty) => {
          assert.deepEqual(say('mining.set_difficulty', [difficulty]), { kind: 'difficulty', difficulty });
        },
      ),
    );
  });

  for (const params of [[0], [-1], ['0'], [''], ['x'], [null], [true], [[512]], [{}], [], null, ['1e999']]) {
    test(`that is none is a fault: ${JSON.stringify(params)}`, () => {
      assert.equal(say('mining.set_difficulty', params).kind, 'fault');
    });
  }

  test('written beyond the range of a double is a fault', () => {
    assert.equal(decodePool('{"id":null,"method":"mining.set_difficulty","params":[1e999]}').kind, 'fault');
  });
});

describe('an extranonce', () => {
  for (const [extranonce1, size] of [
    ['08000002', 4],
    ['', 8],
    ['AB', 1],
    ['00'.repeat(16), 16],
  ] as const) {
    test(`of "${extranonce1}" and ${size}`, () => {
      assert.deepEqual(say('mining.set_extranonce', [extranonce1, size]), {
        kind: 'extranonce',
        extranonce1,
        extranonce2Bytes: size,
      });
    });
  }

  for (const params of [
    [],
    null,
    ['08000002'],
    ['0800000', 4],
    ['zz', 4],
    [8000002, 4],
    ['00'.repeat(17), 4],
    ['08', 0],
    ['08', 17],
    ['08', -1],
    ['08', 3.5],
    ['08', '4'],
  ]) {
    test(`that cannot be one is a fault: ${JSON.stringify(params)}`, () => {
      assert.equal(say('mining.set_extranonce', params).kind, 'fault');
    });
  }
});

describe('a version mask', () => {
  for (const [params, mask] of [
    [['1fffe000'], 0x1fffe000],
    [['00003000'], 0x3000],
    [['00000000'], 0],
    [['ffffffff'], 0xffffffff],
    ['1fffe000', 0x1fffe000],
  ] as const) {
    test(`as ${JSON.stringify(params)}`, () => {
      assert.deepEqual(say('mining.set_version_mask', params), { kind: 'version-mask', mask });
    });
  }

  for (const params of [[], [null], ['x'], [''], [0x1fffe000], null, ['1fffe0000']]) {
    test(`that cannot be read is a fault: ${JSON.stringify(params)}`, () => {
      assert.equal(say('mining.set_version_mask', params).kind, 'fault');
    });
  }
});

describe('a call to reconnect', () => {
  const same = { kind: 'reconnect', host: null, port: null, waitSeconds: 0 } as const;
  for (const [what, params, change] of [
    ['to the same address', [], {}],
    ['with params null', null, {}],
    ['with host and port', ['Pool.Example', 3334], { host: 'pool.example', port: 3334 }],
    ['with a wait', ['pool.example', 3334, 10], { host: 'pool.example', port: 3334, waitSeconds: 10 }],
    [
      'with text for numbers',
      ['pool.example', '3334', '10'],
      { host: 'pool.example', port: 3334, waitSeconds: 10 },
    ],
    ['with an empty host', ['', 3334], { port: 3334 }],
    ['with a host alone', ['pool.example'], { host: 'pool.example' }],
    ['with a port out of range', ['pool.example', 65_536], { host: 'pool.example' }],
    ['with port 0', ['pool.example', 0], { host: 'pool.example' }],
    ['with a port that is none', ['pool.example', 'x'], { host: 'pool.example' }],
    ['with a host that is none', [7, 3334], { port: 3334 }],
    ['with a wait below zero', ['pool.example', 1, -5], { host: 'pool.example', port: 1 }],
  ] as const) {
    test(what, () => assert.deepEqual(say('client.reconnect', params, 0), { ...same, ...change }));
  }
});

describe('the rest of what pools say', () => {
  test('a ping keeps its id', () => {
    assert.deepEqual(say('mining.ping', [], 42), { kind: 'ping', id: '42' });
    assert.deepEqual(say('mining.ping', [], 'p'), { kind: 'ping', id: '"p"' });
  });

  test('a call for the version keeps its id', () => {
    assert.deepEqual(say('client.get_version', []), { kind: 'get-version', id: 'null' });
    assert.deepEqual(say('client.get_version', [], 3), { kind: 'get-version', id: '3' });
  });

  test('a message is cut and freed of control characters', () => {
    assert.deepEqual(say('client.show_message', ['Hi\u001b[31m'], 9), {
      kind: 'message',
      id: '9',
      text: 'Hi [31m',
    });
    assert.deepEqual(say('client.show_message', [7]), { kind: 'message', id: 'null', text: '' });
    assert.deepEqual(say('client.show_message', null), { kind: 'message', id: 'null', text: '' });
    const long = say('client.show_message', ['x'.repeat(1000)]);
    assert.ok(long.kind === 'message');
    assert.equal(long.text.length, 200);
  });

  for (const method of [
    'mining.set_goal',
    'client.get_stats',
    'client.get_algo',
    'pong',
    'x'.repeat(100),
    '',
  ]) {
    test(`a method without meaning for us is a notice: ${method.slice(0, 20)}`, () => {
      assert.deepEqual(say(method, []), { kind: 'notice', method: method.slice(0, 64) });
    });
  }

  for (const line of ['', 'null', '[]', '7', 'HTTP/1.1 400 Bad Request', '{"id":1', '<html>']) {
    test(`rubbish is a fault: ${line}`, () => assert.equal(decodePool(line).kind, 'fault'));
  }
});

describe('any input', () => {
  const methods = fc.constantFrom(
    'mining.notify',
    'mining.set_difficulty',
    'mining.set_extranonce',
    'mining.set_version_mask',
    'client.reconnect',
    'client.show_message',
    'mining.ping',
    undefined,
  );

  test('text never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.json(),
          fc.json().map((j) => j.slice(1)),
        ),
        (line) => {
          assert.equal(typeof decodePool(line).kind, 'string');
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('JSON under known methods never throws, nor do the readers of results', () => {
    const params = fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue(), { maxLength: 10 }));
    fc.assert(
      fc.property(methods, params, fc.jsonValue(), fc.jsonValue(), (method, list, id, result) => {
        const event = decode({ id, method, params: list, result, error: list });
        assert.equal(typeof event.kind, 'string');
        readSubscription(result);
        readSubscription(list);
        assert.ok(readVersionMask(result) >= 0);
      }),
      { numRuns: 1000 },
    );
  });

  test('nesting of any depth never throws', () => {
    const nested = '['.repeat(30_000) + ']'.repeat(30_000);
    for (const line of [
      `{"id":1.5,"method":"mining.ping","params":${nested}}`,
      `{"id":${nested},"method":"client.get_version"}`,
      `{"id":${nested},"method":"client.show_message","params":["x"]}`,
      `{"id":4,"result":${nested},"error":${nested}}`,
      nested,
    ]) {
      assert.doesNotThrow(() => decodePool(line));
    }
  });
});

describe('the result of subscribe', () => {
  const read = readSubscription;
  const plain = { sessionId: null, extranonce1: '57a6f098', extranonce2Bytes: 4 } as const;

  for (const [what, names, sessionId] of [
    [
      'two pairs',
      [
        ['mining.set_difficulty', 'b4'],
        ['mining.notify', 'ae68'],
      ],
      'ae68',
    ],
    ['one pair in a list', [['mining.notify', 'ae68']], 'ae68'],
    ['one pair without a list', ['mining.notify', 'ae68'], 'ae68'],
    ['another pair without a list', ['mining.set_difficulty', 'b4'], null],
    ['an empty list', [], null],
    ['null', null, null],
    ['a numeric id', [['mining.notify', 7]], null],
    ['an empty id', [['mining.notify', '']], null],
    ['rubbish in the list', [7, null, [], ['mining.notify', 'ae68']], 'ae68'],
  ] as const) {
    test(`with ${what}`, () => assert.deepEqual(read([names, '57a6f098', 4]), { ...plain, sessionId }));
  }

  test('with elements that follow', () => assert.deepEqual(read([[], '57a6f098', 4, 'x']), plain));

  for (const [extranonce1, size] of [
    ['', 8],
    ['00', 6],
    ['F68D026B', 8],
    ['00'.repeat(9), 3],
  ] as const) {
    test(`with extranonce1 "${extranonce1}" and size ${size}`, () => {
      assert.deepEqual(read([[], extranonce1, size]), {
        sessionId: null,
        extranonce1,
        extranonce2Bytes: size,
      });
    });
  }

  for (const result of [
    true,
    null,
    undefined,
    {},
    [],
    [[]],
    [[], '57a6f098'],
    [[], '57a6f09', 4],
    [[], 'xx', 4],
    [[], 57, 4],
    [[], '57a6f098', '4'],
    [[], '57a6f098', 0],
    [[], '57a6f098', 17],
    [[], '57a6f098', 4.5],
    [[], '00'.repeat(17), 4],
  ]) {
    test(`that cannot be one reads as none: ${JSON.stringify(result)}`, () =>
      assert.equal(read(result), null));
  }
});

describe('the result of configure', () => {
  for (const [result, mask] of [
    [{ 'version-rolling': true, 'version-rolling.mask': '1fffe000' }, 0x1fffe000],
    [{ 'version-rolling': true, 'version-rolling.mask': '1fffe000', 'minimum-difficulty': true }, 0x1fffe000],
    [{ 'version-rolling': false }, 0],
    [{ 'version-rolling': false, 'version-rolling.mask': '1fffe000' }, 0],
    [{ 'version-rolling': true }, 0],
    [{ 'version-rolling': 'not supported' }, 0],
    [{ 'version-rolling': true, 'version-rolling.mask': 'x' }, 0],
    [{}, 0],
    [true, 0],
    [null, 0],
    [[], 0],
  ] as const) {
    test(`${JSON.stringify(result)} grants ${mask.toString(16)}`, () => {
      assert.equal(readVersionMask(result), mask);
    });
  }
});

describe('what we say to a pool', () => {
  const nowhere: PoolSubscription = { sessionId: null, extranonce1: '', extranonce2Bytes: 4 };
  const facts: LoginFacts = {
    user: 'wallet.rig',
    password: 'x',
    agent: 'stratum-proxy/1',
    host: 'pool.example.com',
    port: 3333,
    algorithm: 'sha256d',
    sessionId: null,
    versionMask: 0,
    isPlain: false,
  };
  const call = (name: string, change: Partial<LoginFacts>, id: number): string | null =>
    loginCall(name).write(id, { ...facts, ...change });
  const share = {
    family: 'bitcoin',
    user: 'wallet.rig',
    poolJobId: '1',
    extranonce2: 'c7080000',
    ntime: '64b3f3ec',
    nonce: 'ed460d91',
    versionBits: null,
  } as const;

  test('has its exact bytes', () => {
    assert.equal(
      call('configure', { versionMask: 0x1fffe000 }, 1),
      '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}\n',
    );
    assert.equal(
      call('subscribe', { agent: 'stratum-proxy/1' }, 2),
      '{"id":2,"method":"mining.subscribe","params":["stratum-proxy/1"]}\n',
    );
    assert.equal(
      call('subscribe', { agent: 'stratum-proxy/1', sessionId: 'ae68' }, 2),
      '{"id":2,"method":"mining.subscribe","params":["stratum-proxy/1","ae68"]}\n',
    );
    assert.equal(
      call('subscribe', { agent: 'stratum-proxy/1', sessionId: 'ae68', isPlain: true }, 2),
      '{"id":2,"method":"mining.subscribe","params":[]}\n',
    );
    assert.equal(call('configure', { versionMask: 0 }, 1), null, 'nobody wants to roll');
    assert.equal(
      call('authorize', { user: 'wallet.rig', password: '' }, 3),
      '{"id":3,"method":"mining.authorize","params":["wallet.rig",""]}\n',
    );
    assert.equal(
      bitcoinPool.suggestDifficulty?.(4, 0.00015),
      '{"id":4,"method":"mining.suggest_difficulty","params":[0.00015]}\n',
    );
    assert.equal(
      bitcoinPool.submit(5, share, nowhere),
      '{"id":5,"method":"mining.submit","params":["wallet.rig","1","c7080000","64b3f3ec","ed460d91"]}\n',
    );
    assert.equal(
      bitcoinPool.submit(5, { ...share, versionBits: '00002000' }, nowhere),
      '{"id":5,"method":"mining.submit","params":["wallet.rig","1","c7080000","64b3f3ec","ed460d91","00002000"]}\n',
    );
    assert.equal(bitcoinPool.pong('42'), '{"id":42,"result":"pong","error":null}\n');
    assert.equal(bitcoinPool.version('"v"', 'x/1'), '{"id":"v","result":"x/1","error":null}\n');
    assert.equal(bitcoinPool.acknowledge('9'), '{"id":9,"result":true,"error":null}\n');
  });

  test("a pool's own job id and any user, password, agent or session id survive as ASCII JSON", () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        const submit = parse(bitcoinPool.submit(1, { ...share, user: a, poolJobId: b }, nowhere));
        assert.deepEqual((submit['params'] as readonly string[]).slice(0, 2), [a, b]);
        assert.deepEqual(parse(call('authorize', { user: a, password: b }, 1) ?? '')['params'], [a, b]);
        assert.deepEqual(parse(call('subscribe', { agent: a, sessionId: b }, 1) ?? '')['params'], [a, b]);
        assert.equal(parse(bitcoinPool.version('1', a))['result'], a);
      }),
      { numRuns: 500 },
    );
  });

  test("a notify's job id comes back byte for byte in the submit", () => {
    fc.assert(
      fc.property(anyText, (poolJobId) => {
        const hash = '00'.repeat(32);
        const event = say('mining.notify', [poolJobId, hash, '', '', [], '2', '1d00ffff', '1', true]);
        assert.ok(event.kind === 'job');
        const submit = parse(bitcoinPool.submit(1, { ...share, poolJobId: event.work.poolJobId }, nowhere));
        assert.equal((submit['params'] as readonly string[])[1], poolJobId);
      }),
    );
  });
});
