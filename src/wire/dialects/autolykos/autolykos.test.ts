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
  viewOf,
} from '../../../../test/support/relayed-fixtures.ts';
import { autolykos } from './index.ts';

const { miner, pool } = autolykos;

const MSG = '6cb37d0a202bc2984f43de003cbc5558804db45798d0fc8faae7390b96d42d15';
const B = '28948022309329048855892746252171976963209391069768726095651290785380';
const NOTIFY = `{"id":null,"method":"mining.notify","params":["17",612345,"${MSG}","","","00000003","${B}","",true]}`;
const SCALE_1 = '{"id":null,"method":"mining.set_difficulty","params":[1]}\n';
const work = jobIn(autolykos, NOTIFY);
const PARAMS = ['9h.rig', '2a', '0123456789ab', 'undefined', 'a1b20123456789ab'] as const;
const facts = factsOf(work, { extranonce1: 'a1b2', extranonce2Bytes: 6 });
const notifyWith = (at: number, value: unknown): string =>
  JSON.stringify({
    method: 'mining.notify',
    params: (JSON.parse(NOTIFY) as { params: unknown[] }).params.with(at, value),
  });

describe('an autolykos job', () => {
  test('goes out as it came, its factor before it', () => {
    assert.equal(miner.job(viewOf(work, { jobId: '17' })), `${SCALE_1}${NOTIFY}\n`);
    assert.equal(
      miner.job(viewOf(work, { jobId: '2a', scale: 0.125, clean: false })),
      `${SCALE_1.replace('[1]', '[0.125]')}${NOTIFY.replace('"17"', '"2a"').replace('true', 'false')}\n`,
    );
    assert.equal(miner.difficulty(viewOf(work)), '');
  });

  test('is its block, its target and what is to be repeated', () => {
    assert.deepEqual(work, {
      family: 'autolykos',
      poolJobId: '17',
      block: '612345',
      clean: true,
      target: { hashes: work.target?.hashes, text: B },
      algorithm: null,
      parts: { height: '612345', msg: MSG, version: '00000003', third: '""', fourth: '""', seventh: '""' },
    });
  });

  for (const [b, hashes] of [
    [B, 2 ** 256 / Number(B)],
    ['1', 2 ** 256],
    [String(2n ** 255n), 2],
    [String(2n ** 256n - 1n), 1],
    [String(2n ** 224n), 2 ** 32],
    [String(3n * 2n ** 254n), 4 / 3],
  ] as const) {
    test(`with the target ${b.slice(0, 12)}… of ${b.length} digits takes ${hashes} hashes`, () => {
      const { target } = jobIn(autolykos, notifyWith(6, b));
      assert.equal(target?.text, b);
      assert.ok(Math.abs((target?.hashes ?? 0) / hashes - 1) < 1e-9, String(target?.hashes));
    });
  }

  for (const [what, at, value] of [
    ['a target of zero', 6, '0'],
    ['a target beyond 256 bits', 6, String(2n ** 256n)],
    ['a target of 79 digits', 6, '1'.repeat(79)],
    ['a target in hex', 6, 'ff'],
    ['a target as a number', 6, 12345],
    ['no height', 1, null],
    ['half a message', 2, MSG.slice(2)],
    ['a version of 7 digits', 5, '0000003'],
    ['an id that is none', 0, {}],
    ['a third parameter beyond any', 3, 'x'.repeat(2000)],
  ] as const) {
    test(`with ${what} is a fault`, () => {
      assert.match(problemOf(pool.decode(notifyWith(at, value))), /autolykos form/);
    });
  }

  test('repeats what it does not read', () => {
    const params = ['17', 612345, MSG, 'a', null, '00000003', B, { z: 1 }, false, 'more', [1]];
    const [, job = ''] = miner
      .job(
        viewOf(jobIn(autolykos, JSON.stringify({ method: 'mining.notify', params })), {
          jobId: '17',
          clean: false,
        }),
      )
      .split('\n');
    assert.deepEqual((JSON.parse(job) as { params: unknown }).params, params);
  });
});

describe('an autolykos miner', () => {
  test('is answered to the byte', () => {
    const session = { sessionId: 's1', extranonce1: 'a1b2', extranonce2Bytes: 6, agent: '' };
    assert.equal(
      miner.subscribed('1', session),
      '{"id":1,"result":[[["mining.set_difficulty","s1"],["mining.notify","s1"]],"a1b2",6],"error":null}\n',
    );
    assert.equal(
      miner.extranonce('a1b203', 5),
      '{"id":null,"method":"mining.set_extranonce","params":["a1b203",5]}\n',
    );
    assert.deepEqual(miner.decode('{"id":1,"method":"mining.subscribe","params":["lolMiner 1.76"]}'), {
      kind: 'subscribe',
      id: '1',
      agent: 'lolMiner 1.76',
      sessionId: null,
    });
  });

  for (const [what, params, time] of [
    ['with both', PARAMS, '"undefined"'],
    ['with 0x and capitals', ['9h.rig', '2a', '0x0123456789AB', '', '0xA1B20123456789AB'], '""'],
    [
      'with a number for a time',
      ['9h.rig', '2a', '0123456789ab', 1_700_000_000, 'a1b20123456789ab'],
      '1700000000',
    ],
    ['with the whole nonce alone', ['9h.rig', '2a', '', '', 'a1b20123456789ab'], '""'],
    ['with the rest alone', ['9h.rig', '2a', '0123456789ab'], '""'],
    ['with nothing for a time', ['9h.rig', '2a', '0123456789ab', null, null], '""'],
    ['with a time beyond any', ['9h.rig', '2a', '0123456789ab', 'x'.repeat(500)], '""'],
  ] as const) {
    test(`submits ${what}, and the pool gets both`, () => {
      const share = shareOf(miner.assemble(submitIn(autolykos, params), facts));
      assert.deepEqual(share.parts, { nonce: 'a1b20123456789ab', time });
      assert.equal(
        pool.submit(3, share, { sessionId: null, extranonce1: 'a1', extranonce2Bytes: 7 }),
        `{"id":3,"method":"mining.submit","params":["account.rig","17","b20123456789ab",${time},"a1b20123456789ab"]}\n`,
      );
    });
  }

  for (const [params, problem] of [
    [['u', '2a', 'zz', '', 'a1b20123456789ab'], /extranonce2 must be hex/],
    [['u', '2a', '0123456789ab', '', 'a1b2'], /16 hex digits/],
    [['u', {}, '0123456789ab'], /job id/],
    [['u', '2a'], /extranonce2/],
  ] as const) {
    test(`submits ${JSON.stringify(params)}, which is malformed`, () => {
      assert.match(
        problemOf(miner.decode(JSON.stringify({ id: 4, method: 'mining.submit', params }))),
        problem,
      );
    });
  }

  test('submits what cannot be its own', () => {
    const other = submitIn(autolykos, (PARAMS as readonly unknown[]).with(4, 'a1b30123456789ab'));
    assert.match(problemOf(miner.assemble(other, facts)), /must begin with a1b2/);
    const short = submitIn(autolykos, ['u', '2a', '0123456789']);
    assert.match(problemOf(miner.assemble(short, facts)), /must have 6 bytes/);
  });
});

describe('an autolykos pool', () => {
  test('is logged in to call by call', () => {
    assert.deepEqual(
      pool.login.map((call) => call.write(1, LOGIN_FACTS)),
      [
        '{"id":1,"method":"mining.subscribe","params":["proxy/1.0"]}\n',
        '{"id":1,"method":"mining.authorize","params":["user.rig","x"]}\n',
      ],
    );
    assert.equal(
      loginCall(autolykos, 'subscribe').write(1, { ...LOGIN_FACTS, isPlain: true }),
      '{"id":1,"method":"mining.subscribe","params":[]}\n',
    );
  });

  for (const [result, expected] of [
    [
      [
        [
          ['mining.set_difficulty', 'd'],
          ['mining.notify', 'n'],
        ],
        'a1b2',
        6,
      ],
      ['n', 'a1b2', 6],
    ],
    [
      [null, 'a1b2c3d4', 4],
      [null, 'a1b2c3d4', 4],
    ],
    [
      [null, '', 8],
      [null, '', 8],
    ],
    [
      [null, 'a1b2'],
      [null, 'a1b2', 6],
    ],
    [[null, 'a1b2', 5], null],
    [[null, 'a1b', 6], null],
    ['x', null],
  ] as const) {
    test(`answers subscribe by ${JSON.stringify(result)}`, () => {
      const outcome = loginCall(autolykos, 'subscribe').read(result, null);
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

  test('says a factor, not a difficulty, and the rest', () => {
    assert.deepEqual(pool.decode(SCALE_1), { kind: 'scale', factor: 1 });
    assert.deepEqual(pool.decode('{"method":"mining.set_difficulty","params":["0.5"]}'), {
      kind: 'scale',
      factor: 0.5,
    });
    assert.match(problemOf(pool.decode('{"method":"mining.set_difficulty","params":[-1]}')), /difficulty/);
    assert.deepEqual(pool.decode('{"method":"mining.set_extranonce","params":["a1b2",6]}'), {
      kind: 'extranonce',
      extranonce1: 'a1b2',
      extranonce2Bytes: 6,
    });
    assert.match(
      problemOf(pool.decode('{"method":"mining.set_extranonce","params":["a1b2",7]}')),
      /extranonce/,
    );
    assert.deepEqual(pool.decode('{"method":"mining.other","params":[]}'), {
      kind: 'notice',
      method: 'mining.other',
    });
  });
});

describe('any bytes', () => {
  const methods = [
    'mining.notify',
    'mining.submit',
    'mining.set_difficulty',
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
          for (const one of miner.job(viewOf(event.work)).trimEnd().split('\n')) parseLine(`${one}\n`);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('give the same messages however they are cut', () => {
    assert.deepEqual(
      decodeAnyhow(`${SCALE_1}${NOTIFY}\n`, (line) => pool.decode(line)).map(({ kind }) => kind),
      ['scale', 'job'],
    );
  });
});
