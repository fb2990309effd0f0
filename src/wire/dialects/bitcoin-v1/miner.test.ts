import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../../../test/support/any-text.ts';
import { hex32 } from '../../../kit/hex.ts';
import type { JobView } from '../../dialect.ts';
import type { MinerRequest } from '../../messages.ts';
import { bitcoinMiner, decodeMiner } from './miner.ts';

const decode = (message: unknown): MinerRequest => decodeMiner(JSON.stringify(message));
const call = (method: string, params: unknown, id: unknown = 1): MinerRequest =>
  decode({ id, method, params });
const subscribe = (params: unknown): MinerRequest => call('mining.subscribe', params);
const configure = (params: unknown): MinerRequest => call('mining.configure', params);
const submit = (params: unknown): MinerRequest => call('mining.submit', params, 4);

// oxlint-disable-next-line no-control-regex
const ASCII_LINE = /^[\u0020-\u007e]+\n$/;

/** One line, ASCII, JSON: what it says. */
function parse(line: string): Record<string, unknown> {
  assert.match(line, ASCII_LINE);
  return JSON.parse(line) as Record<string, unknown>;
}

describe('subscribe', () => {
  const plain = { kind: 'subscribe', id: '1' } as const;

  for (const [what, params, agent, sessionId] of [
    ['agent alone', ['cgminer/4.12.1'], 'cgminer/4.12.1', null],
    ['agent and session id', ['cgminer/4.12.1', '0a1b2c3d'], 'cgminer/4.12.1', '0a1b2c3d'],
    [
      'session id of 32 digits',
      ['w', 'ae6812eb4cd7735a302a8a9dd95cf71f'],
      'w',
      'ae6812eb4cd7735a302a8a9dd95cf71f',
    ],
    ['null for a session id', ['bosminer-plus-tuner', null], 'bosminer-plus-tuner', null],
    ['an empty session id', ['miningmeter-proxy/1.0', ''], 'miningmeter-proxy/1.0', null],
    ['no parameters', [], '', null],
    ['params null', null, '', null],
    ['params missing', undefined, '', null],
    ['params an object', { agent: 'x' }, '', null],
    ['agent not a string', [7, 8], '', null],
    ['host and port of a relative', ['x/1', null, 'pool.example', '3333'], 'x/1', null],
    ['an overlong session id', ['x/1', 'a'.repeat(65)], 'x/1', null],
  ] as const) {
    test(`with ${what}`, () => assert.deepEqual(subscribe(params), { ...plain, agent, sessionId }));
  }

  test('the millisecond time stamp of NiceHash is no session id', () => {
    const params = ['NiceHash/1.0.0', '1662637786319', '3e747837e632920e8cd11453c2558233'];
    assert.deepEqual(subscribe(params), { ...plain, agent: 'NiceHash/1.0.0', sessionId: null });
    assert.deepEqual(subscribe(['NiceHash/1.0.0', '166263778631']), {
      ...plain,
      agent: 'NiceHash/1.0.0',
      sessionId: '166263778631',
    });
  });

  test('an agent of 5 KB is cut, its control characters are blanked', () => {
    const request = subscribe([`a\nb${'x'.repeat(5000)}`]);
    assert.ok(request.kind === 'subscribe');
    assert.equal(request.agent, `a b${'x'.repeat(253)}`);
  });
});

describe('authorize', () => {
  for (const [what, params, user, password] of [
    ['name and password', ['wallet.rig', 'x'], 'wallet.rig', 'x'],
    ['an empty password', ['wallet.rig', ''], 'wallet.rig', ''],
    ['a null password', ['wallet.rig', null], 'wallet.rig', ''],
    ['no password', ['wallet.rig'], 'wallet.rig', ''],
    ['options in the password', ['w', 'd=4096,x'], 'w', 'd=4096,x'],
    ['a numeric password', ['w', 123], 'w', ''],
    ['empty name and password', ['', ''], '', ''],
    ['a name outside ASCII', ['wallét.ригъ', 'x'], 'wallét.ригъ', 'x'],
  ] as const) {
    test(`with ${what}`, () => {
      assert.deepEqual(call('mining.authorize', params), { kind: 'authorize', id: '1', user, password });
    });
  }

  for (const params of [[], [null, 'x'], [7, 'x'], null, {}, 'wallet']) {
    test(`is malformed with ${JSON.stringify(params)}`, () => {
      const request = call('mining.authorize', params);
      assert.ok(request.kind === 'malformed');
      assert.equal(request.method, 'mining.authorize');
    });
  }
});

describe('configure', () => {
  const ALL = 0xffffffff;

  for (const [what, params, extensions, versionMask, minimumDifficulty] of [
    [
      'cgminer',
      [['version-rolling'], { 'version-rolling.mask': 'ffffffff' }],
      ['version-rolling'],
      ALL,
      null,
    ],
    [
      'Whatsminer',
      [['version-rolling'], { 'version-rolling.mask': '1fffe000' }],
      ['version-rolling'],
      0x1fffe000,
      null,
    ],
    [
      'three extensions',
      [
        ['version-rolling', 'minimum-difficulty', 'subscribe-extranonce'],
        {
          'version-rolling.mask': '1fffe000',
          'version-rolling.min-bit-count': 16,
          'minimum-difficulty.value': 2048,
        },
      ],
      ['version-rolling', 'minimum-difficulty', 'subscribe-extranonce'],
      0x1fffe000,
      2048,
    ],
    [
      'BIP310, its own order',
      [
        ['minimum-difficulty', 'version-rolling'],
        {
          'minimum-difficulty.value': 0.5,
          'version-rolling.mask': '1fffe000',
          'version-rolling.min-bit-count': 2,
        },
      ],
      ['minimum-difficulty', 'version-rolling'],
      0x1fffe000,
      0.5,
    ],
    ['no mask', [['version-rolling'], {}], ['version-rolling'], ALL, null],
    ['no map', [['version-rolling']], ['version-rolling'], ALL, null],
    [
      'a mask with 0x',
      [['version-rolling'], { 'version-rolling.mask': '0x1FFFE000' }],
      ['version-rolling'],
      0x1fffe000,
      null,
    ],
    [
      'a short mask',
      [['version-rolling'], { 'version-rolling.mask': 'e000' }],
      ['version-rolling'],
      0xe000,
      null,
    ],
    [
      'a mask of zero',
      [['version-rolling'], { 'version-rolling.mask': '00000000' }],
      ['version-rolling'],
      0,
      null,
    ],
    [
      'an unreadable mask',
      [['version-rolling'], { 'version-rolling.mask': 'xyz' }],
      ['version-rolling'],
      ALL,
      null,
    ],
    [
      'a numeric mask',
      [['version-rolling'], { 'version-rolling.mask': 536862720 }],
      ['version-rolling'],
      ALL,
      null,
    ],
    [
      'the malformed bit count of Braiins OS',
      [['version-rolling'], { 'version-rolling.mask': '1fffe000', 'version-rolling.min-bit-count': '0x10' }],
      ['version-rolling'],
      0x1fffe000,
      null,
    ],
    [
      'a minimum below zero',
      [['minimum-difficulty'], { 'minimum-difficulty.value': -1 }],
      ['minimum-difficulty'],
      ALL,
      null,
    ],
    [
      'a minimum of zero',
      [['minimum-difficulty'], { 'minimum-difficulty.value': 0 }],
      ['minimum-difficulty'],
      ALL,
      0,
    ],
    [
      'a minimum as text',
      [['minimum-difficulty'], { 'minimum-difficulty.value': '9' }],
      ['minimum-difficulty'],
      ALL,
      null,
    ],
    [
      'telemetry',
      [['info'], { 'info.connection-url': 'stratum+tcp://x', 'info.hw-version': '1' }],
      ['info'],
      ALL,
      null,
    ],
    ['codes that are no strings', [['version-rolling', 7, null, ['x']], {}], ['version-rolling'], ALL, null],
    ['no parameters', [], [], ALL, null],
    ['params null', null, [], ALL, null],
    ['codes as one string', ['version-rolling', {}], [], ALL, null],
    ['a null map', [['version-rolling'], null], ['version-rolling'], ALL, null],
  ] as const) {
    test(`of ${what}`, () => {
      assert.deepEqual(configure(params), {
        kind: 'configure',
        id: '1',
        extensions,
        versionMask,
        minimumDifficulty,
      });
    });
  }

  test('takes no more than 16 extensions', () => {
    const request = configure([Array.from({ length: 1000 }, (_, i) => `x-${i}`), {}]);
    assert.ok(request.kind === 'configure');
    assert.equal(request.extensions.length, 16);
  });
});

describe('submit', () => {
  const usual = ['wallet.rig', '1f', 'c7080000', '64b3f3ec', 'ed460d91'];
  const share = {
    kind: 'submit',
    family: 'bitcoin',
    id: '4',
    user: 'wallet.rig',
    jobId: '1f',
    extranonce2: 'c7080000',
    ntime: '64b3f3ec',
    nonce: 'ed460d91',
    versionBits: null,
  } as const;
  const withParam = (index: number, value: unknown): MinerRequest =>
    submit(usual.with(index, value as string));

  test('of five parameters', () => assert.deepEqual(submit(usual), share));

  test('of six carries the rolled bits as a number', () => {
    assert.deepEqual(submit([...usual, '00002000']), { ...share, versionBits: 0x2000 });
    assert.deepEqual(submit([...usual, 'ffffffff']), { ...share, versionBits: 0xffffffff });
    assert.deepEqual(submit([...usual, '00000000']), { ...share, versionBits: 0 });
  });

  test('with a null sixth parameter is one of five', () => assert.deepEqual(submit([...usual, null]), share));

  test('ignores what follows the sixth', () => {
    assert.deepEqual(submit([...usual, '00002000', 'x', 7]), { ...share, versionBits: 0x2000 });
  });

  for (const [what, index, value, change] of [
    ['a nonce without leading zeros', 4, 'd91', { nonce: '00000d91' }],
    ['a nonce with 0x', 4, '0xed460d91', { nonce: 'ed460d91' }],
    ['a short nonce with 0X', 4, '0XD91', { nonce: '00000D91' }],
    ['blanks around the nonce', 4, ' ed460d91 ', { nonce: 'ed460d91' }],
    ['an upper-case nonce', 4, 'ED460D91', { nonce: 'ED460D91' }],
    ['a short ntime', 3, '4b3f3ec', { ntime: '04b3f3ec' }],
    ['an ntime with 0x', 3, '0x64b3f3ec', { ntime: '64b3f3ec' }],
    ['trailing blanks after the job id', 1, '1f  ', { jobId: '1f' }],
    ['blanks around extranonce2', 2, ' c7080000 ', { extranonce2: 'c7080000' }],
    ['an upper-case extranonce2', 2, 'C7080000', { extranonce2: 'C7080000' }],
    ['an extranonce2 of another length', 2, 'c7', { extranonce2: 'c7' }],
    ['an empty extranonce2', 2, '', { extranonce2: '' }],
    ['a job id that is no number', 1, 'Q"\\é', { jobId: 'Q"\\é' }],
    ['a name that is no string', 0, 7, { user: '' }],
    ['a name of 5 KB', 0, 'w'.repeat(5000), { user: 'w'.repeat(512) }],
  ] as const) {
    test(`accepts ${what}`, () => assert.deepEqual(withParam(index, value), { ...share, ...change }));
  }

  for (const [what, params] of [
    ['null params', null],
    ['no params', undefined],
    ['object params', { worker: 'w', job: '1' }],
    ['string params', 'wallet.rig'],
    ['empty params', []],
    ['4 params', usual.slice(0, 4)],
    ['a numeric job id', usual.with(1, 1 as never)],
    ['a null job id', usual.with(1, null as never)],
    ['a job id of 129 characters', usual.with(1, '1'.repeat(129))],
    ['an extranonce2 that is not hex', usual.with(2, 'zz')],
    ['0x before extranonce2', usual.with(2, '0xc7080000')],
    ['a numeric extranonce2', usual.with(2, 0 as never)],
    ['blanks inside extranonce2', usual.with(2, 'c7 80000')],
    ['a numeric ntime', usual.with(3, 1689514988 as never)],
    ['an ntime of 9 digits', usual.with(3, '064b3f3ec')],
    ['an empty ntime', usual.with(3, '')],
    ['a nonce that is not hex', usual.with(4, 'zzzzzzzz')],
    ['a numeric nonce', usual.with(4, 3980791185 as never)],
    ['a nonce of 9 digits', usual.with(4, '0ed460d91')],
    ['a nonce of blanks', usual.with(4, '        ')],
    ['a nonce of 0x alone', usual.with(4, '0x')],
    ['a nonce with a line end', usual.with(4, 'ed46\n0d91')],
    ['version bits that are not hex', [...usual, 'xxxxxxxx']],
    ['numeric version bits', [...usual, 8192]],
  ] as const) {
    test(`is malformed with ${what}, and says what is wrong`, () => {
      const request = submit(params);
      assert.ok(request.kind === 'malformed');
      assert.equal(request.method, 'mining.submit');
      assert.equal(request.id, '4');
      assert.ok(request.problem.length > 10);
    });
  }

  test('what it lets through is always well-formed', () => {
    const hexish = fc.oneof(
      fc.string({ unit: fc.constantFrom(...Array.from('0123456789abcdefABCDEFx ')), maxLength: 11 }),
      fc.jsonValue({ maxDepth: 1 }),
    );
    fc.assert(
      fc.property(fc.array(hexish, { maxLength: 8 }), (params) => {
        const request = submit(params);
        if (request.kind !== 'submit' || request.family !== 'bitcoin') {
          assert.equal(request.kind, 'malformed');
          return;
        }
        assert.match(request.ntime, /^[0-9a-fA-F]{8}$/);
        assert.match(request.nonce, /^[0-9a-fA-F]{8}$/);
        assert.match(request.extranonce2, /^[0-9a-fA-F]*$/);
        assert.ok(request.versionBits === null || request.versionBits === request.versionBits >>> 0);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('wishes for a difficulty', () => {
  for (const [params, difficulty] of [
    [[1024], 1024],
    [[0.00015], 0.00015],
    [['512'], 512],
    [['0.5'], 0.5],
    [[2.3e-10], 2.3e-10],
    [[1024, 'x'], 1024],
  ] as const) {
    test(`as ${JSON.stringify(params)}`, () => {
      assert.deepEqual(call('mining.suggest_difficulty', params, null), {
        kind: 'suggest-difficulty',
        id: 'null',
        difficulty,
      });
    });
  }

  for (const [method, difficulty] of [
    ['mining.suggest_difficulty(512)', 512],
    ['mining.suggest_difficulty(0.25)', 0.25],
    ['mining.suggest_difficulty(512', 512],
  ] as const) {
    test(`inside the method name: ${method}`, () => {
      assert.deepEqual(call(method, []), { kind: 'suggest-difficulty', id: '1', difficulty });
    });
  }

  for (const params of [[], [0], [-1], ['x'], [''], [null], [true], null, { d: 1 }, ['Infinity']]) {
    test(`are malformed as ${JSON.stringify(params)}`, () => {
      assert.equal(call('mining.suggest_difficulty', params).kind, 'malformed');
    });
  }

  test('are malformed inside the method name without a number', () => {
    assert.equal(call('mining.suggest_difficulty()', []).kind, 'malformed');
    assert.equal(call('mining.suggest_difficulty(', []).kind, 'malformed');
  });

  test('as a target, full length or shorter', () => {
    const target = `00000000ffff${'0'.repeat(52)}`;
    assert.deepEqual(call('mining.suggest_target', [target], null), {
      kind: 'suggest-target',
      id: 'null',
      target,
    });
    assert.equal(call('mining.suggest_target', ['ffff']).kind, 'suggest-target');
  });

  for (const params of [[], [''], ['zz'], ['0'.repeat(65)], [7], null]) {
    test(`are malformed as target ${JSON.stringify(params)?.slice(0, 30)}`, () => {
      assert.equal(call('mining.suggest_target', params).kind, 'malformed');
    });
  }
});

describe('other methods', () => {
  for (const [method, kind] of [
    ['mining.extranonce.subscribe', 'extranonce-subscribe'],
    ['mining.subscribe.extranonce', 'extranonce-subscribe'],
    ['mining.multi_version', 'multi-version'],
    ['mining.get_transactions', 'get-transactions'],
    ['mining.capabilities', 'capabilities'],
    ['mining.ping', 'ping'],
    ['pong', 'reply'],
  ] as const) {
    test(`${method} is understood with any parameters`, () => {
      for (const params of [[], [1], ['x'], null, undefined, {}]) {
        assert.deepEqual(call(method, params, 'xnsub'), { kind, id: '"xnsub"' });
      }
    });
  }

  test('an unknown one is named, at most 64 characters of it', () => {
    assert.deepEqual(call('mining.foo', []), { kind: 'unknown', id: '1', method: 'mining.foo' });
    assert.deepEqual(call(`eth\n${'x'.repeat(100)}`, [], null), {
      kind: 'unknown',
      id: 'null',
      method: `eth ${'x'.repeat(60)}`,
    });
    for (const method of [
      '',
      'login',
      'eth_submitLogin',
      '__proto__',
      'toString',
      'mining.SUBMIT',
      'mining.notify',
    ]) {
      assert.equal(call(method, []).kind, 'unknown', method);
    }
  });

  test('an answer to something we asked is a reply', () => {
    for (const line of [
      '{"id":7,"result":"cgminer/4.12.1","error":null}',
      '{"id":7,"result":true}',
      '{"id":7,"error":[20,"x",null]}',
      '{"id":7,"result":null,"error":null,"method":null}',
    ]) {
      assert.deepEqual(decodeMiner(line), { kind: 'reply', id: '7' }, line);
    }
  });

  test('members that the dialect does not know are ignored', () => {
    assert.deepEqual(decode({ jsonrpc: '2.0', worker: 'x', id: 2, error: null, method: 'mining.ping' }), {
      kind: 'ping',
      id: '2',
    });
  });
});

describe('what is no message', () => {
  for (const line of [
    'null',
    '[]',
    '1',
    '"x"',
    'not json',
    '{"id":1',
    '[{"id":1,"method":"mining.ping"}]',
    '{]}',
  ]) {
    test(`${line} is a fault`, () => assert.equal(decodeMiner(line).kind, 'fault'));
  }

  for (const line of ['{}', '{"id":1}', '{"id":1,"method":7}', '{"id":1,"method":null}', '{"params":[]}']) {
    test(`${line} is malformed, the connection stays`, () =>
      assert.equal(decodeMiner(line).kind, 'malformed'));
  }

  test('ids are kept with what is malformed or unknown', () => {
    assert.deepEqual(decodeMiner('{"id":9007199254740993}'), {
      kind: 'malformed',
      id: '9007199254740993',
      method: '',
      problem: 'method is missing',
    });
  });
});

describe('any input', () => {
  const methods = fc.constantFrom(
    'mining.submit',
    'mining.subscribe',
    'mining.authorize',
    'mining.configure',
    'mining.suggest_difficulty',
    'mining.suggest_difficulty(',
    'mining.suggest_target',
    'mining.ping',
    'mining.extranonce.subscribe',
    'x',
  );

  test('text never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.json(),
          fc.json().map((j) => j.slice(0, -1)),
        ),
        (line) => {
          assert.equal(typeof decodeMiner(line).kind, 'string');
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('JSON under known methods never throws, and its id is ASCII JSON', () => {
    const params = fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue(), { maxLength: 8 }));
    fc.assert(
      fc.property(methods, params, fc.jsonValue(), (method, list, id) => {
        const request = decode({ id, method, params: list });
        if (request.kind === 'fault') {
          // Escaping only ever lengthens an id, so one that is a fault is long as plain JSON times six at least.
          assert.match(request.problem, /longer than 256/);
          assert.ok(JSON.stringify(id).length * 6 > 256);
          return;
        }
        assert.ok(request.id.length <= 256);
        assert.equal(JSON.stringify(JSON.parse(request.id)), JSON.stringify(id));
        parse(bitcoinMiner.yes(request.id));
      }),
      { numRuns: 1000 },
    );
  });

  test('an id of more than 256 characters is a fault, since it is kept until its answer may go out', () => {
    assert.equal(decode({ id: 'x'.repeat(254), method: 'mining.ping' }).kind, 'ping');
    assert.equal(decode({ id: 'x'.repeat(255), method: 'mining.ping' }).kind, 'fault');
  });

  test('nesting of any depth never throws', () => {
    const nested = '['.repeat(8000) + ']'.repeat(8000);
    for (const line of [
      `{"id":1.5,"method":"mining.submit","params":${nested}}`,
      `{"id":${nested},"method":"mining.ping"}`,
      `{"id":1e99,"method":"mining.configure","params":[${nested},{"a":${nested}}]}`,
      nested,
    ]) {
      assert.doesNotThrow(() => decodeMiner(line));
    }
  });
});

describe('replies', () => {
  test('have their exact bytes', () => {
    assert.equal(bitcoinMiner.yes('4'), '{"id":4,"result":true,"error":null}\n');
    assert.equal(bitcoinMiner.yes('"auth"'), '{"id":"auth","result":true,"error":null}\n');
    assert.equal(
      bitcoinMiner.yes('18446744073709551616'),
      '{"id":18446744073709551616,"result":true,"error":null}\n',
    );
    assert.equal(bitcoinMiner.pong('7'), '{"id":7,"result":"pong","error":null}\n');
    assert.equal(bitcoinMiner.transactions('7'), '{"id":7,"result":[],"error":null}\n');
    assert.equal(
      bitcoinMiner.subscribed('1', {
        sessionId: '6351117f64',
        extranonce1: 'c7',
        extranonce2Bytes: 3,
        agent: '',
      }),
      '{"id":1,"result":[[["mining.set_difficulty","6351117f64"],["mining.notify","6351117f64"]],"c7",3],"error":null}\n',
    );
  });

  for (const [reason, code] of [
    ['stale', 21],
    ['unknown-job', 21],
    ['duplicate', 22],
    ['low-difficulty', 23],
    ['unauthorized', 24],
    ['not-subscribed', 25],
    ['malformed', 20],
    ['rejected', 20],
    ['other', 20],
  ] as const) {
    test(`a refusal of kind ${reason} has code ${code}`, () => {
      assert.equal(
        bitcoinMiner.refuse('4', { reason, message: 'No', code: null }),
        `{"id":4,"result":null,"error":[${code},"No",null]}\n`,
      );
    });
  }

  test("a pool's own code and words pass through", () => {
    assert.equal(
      bitcoinMiner.refuse('4', { reason: 'rejected', message: 'Zurückgewiesen "\\', code: -3 }),
      '{"id":4,"result":null,"error":[-3,"Zur\\u00fcckgewiesen \\"\\\\",null]}\n',
    );
  });

  test('to configure name what was asked for, in its order, and nothing else', () => {
    const result = { versionMask: 0x1fffe000, minimumDifficulty: true, subscribeExtranonce: true };
    const configured = (extensions: readonly string[], change = {}): string =>
      bitcoinMiner.configured('1', { ...result, ...change, extensions });
    assert.equal(
      configured(['version-rolling']),
      '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}\n',
    );
    assert.equal(
      configured(['minimum-difficulty', 'version-rolling', 'subscribe-extranonce']),
      '{"id":1,"result":{"minimum-difficulty":true,"version-rolling":true,"version-rolling.mask":"1fffe000","subscribe-extranonce":true},"error":null}\n',
    );
    assert.equal(configured([]), '{"id":1,"result":{},"error":null}\n');
    assert.equal(
      configured(['info', 'x-unknown']),
      '{"id":1,"result":{"info":true,"x-unknown":false},"error":null}\n',
    );
    assert.equal(
      configured(['version-rolling'], { versionMask: 0 }),
      '{"id":1,"result":{"version-rolling":false},"error":null}\n',
    );
    assert.equal(
      configured(['minimum-difficulty', 'subscribe-extranonce'], {
        minimumDifficulty: false,
        subscribeExtranonce: false,
      }),
      '{"id":1,"result":{"minimum-difficulty":false,"subscribe-extranonce":false},"error":null}\n',
    );
    assert.equal(
      configured(['version-rolling', 'version-rolling']),
      '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}\n',
    );
  });
});

describe('notifications', () => {
  const work = {
    family: 'bitcoin',
    poolJobId: 'pool-7',
    prevHash: '17'.repeat(32),
    coinb1: '0200ffff',
    coinb2: 'c4000000',
    branch: ['aa'.repeat(32), 'bb'.repeat(32)],
    version: 0x20000000,
    nbits: '192495f8',
    ntime: 0x64b3f3ec,
    clean: false,
  } as const;
  const view: JobView = {
    jobId: '2a',
    work,
    coinb1Insert: '57a6f098c7',
    lane: '',
    ntime: 0x64b3f3ed,
    clean: true,
    difficulty: 512,
    target: null,
    scale: 1,
    divider: 1,
    sessionId: '6351117f64',
  };

  test('have their exact bytes', () => {
    assert.equal(
      bitcoinMiner.difficulty(view),
      '{"id":null,"method":"mining.set_difficulty","params":[512]}\n',
    );
    assert.equal(
      bitcoinMiner.difficulty({ ...view, difficulty: 2.3e-10 }),
      '{"id":null,"method":"mining.set_difficulty","params":[2.3e-10]}\n',
    );
    assert.equal(
      bitcoinMiner.versionMask(0),
      '{"id":null,"method":"mining.set_version_mask","params":["00000000"]}\n',
    );
    assert.equal(
      bitcoinMiner.versionMask(0x1fffe000),
      '{"id":null,"method":"mining.set_version_mask","params":["1fffe000"]}\n',
    );
    assert.equal(
      bitcoinMiner.extranonce('08000002', 4),
      '{"id":null,"method":"mining.set_extranonce","params":["08000002",4]}\n',
    );
    assert.equal(
      bitcoinMiner.message('Grüße\n'),
      '{"id":null,"method":"client.show_message","params":["Gr\\u00fc\\u00dfe "]}\n',
    );
  });

  test("a job carries our id, our time, our clean flag and the pool's coinbase with the insert at the end of its first part", () => {
    assert.equal(
      bitcoinMiner.job(view),
      `{"id":null,"method":"mining.notify","params":["2a","${'17'.repeat(32)}","0200ffff57a6f098c7","c4000000",["${'aa'.repeat(32)}","${'bb'.repeat(32)}"],"20000000","192495f8","64b3f3ed",true]}\n`,
    );
  });

  test('a job without branch has an empty array, one relayed as it is has nothing inserted', () => {
    const line = parse(
      bitcoinMiner.job({ ...view, coinb1Insert: '', clean: false, work: { ...work, branch: [] } }),
    );
    const params = line['params'] as readonly unknown[];
    assert.deepEqual(params[4], []);
    assert.equal(params[2], '0200ffff');
    assert.equal(params[8], false);
    assert.equal(params.length, 9);
  });

  test('numbers fill the 32 bits of their field', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (version, ntime) => {
        const line = parse(bitcoinMiner.job({ ...view, ntime, work: { ...work, version } }));
        const params = line['params'] as readonly unknown[];
        assert.deepEqual([params[5], params[7]], [hex32(version), hex32(ntime)]);
        assert.deepEqual(parse(bitcoinMiner.versionMask(version))['params'], [hex32(version)]);
      }),
    );
  });

  test('every line is one line of ASCII that says what it was given', () => {
    const id = fc.constantFrom('4', '"auth"', '9007199254740993');
    fc.assert(
      fc.property(id, anyText, fc.array(anyText, { maxLength: 4 }), (raw, message, extensions) => {
        const refused = parse(bitcoinMiner.refuse(raw, { reason: 'rejected', message, code: null }));
        assert.deepEqual(refused['error'], [20, message, null]);
        assert.deepEqual(refused['id'], JSON.parse(raw));
        const shown = parse(bitcoinMiner.message(message))['params'] as readonly string[];
        assert.equal(shown.length, 1);
        const unknown = extensions.map((name) => `x-${name}`);
        const configured = parse(
          bitcoinMiner.configured(raw, {
            extensions: unknown,
            versionMask: 0,
            minimumDifficulty: false,
            subscribeExtranonce: false,
          }),
        );
        assert.deepEqual(configured['result'], Object.fromEntries(unknown.map((name) => [name, false])));
      }),
    );
  });
});
