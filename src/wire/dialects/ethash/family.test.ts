import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../../../test/support/any-text.ts';
import {
  ethashFacts,
  ethashView,
  HEADER,
  MIX,
  nicehash,
  parseLine,
  SEED,
  shareOf,
  TARGET,
} from '../../../../test/support/ethash-fixtures.ts';
import { type RelayedWork, withStanding } from '../../../domain/job.ts';
import type { Dialect, Pairing } from '../../dialect.ts';
import { LineFramer } from '../../framing/line-framer.ts';
import type { MinerRequest, PoolEvent, PoolSubscription } from '../../messages.ts';
import { eip1571 } from '../eip1571/index.ts';
import { ethashPlain } from '../ethash-plain/index.ts';
import { ethereumStratum } from '../ethereum-stratum/index.ts';
import { ethProxy } from '../ethproxy/index.ts';
import { DIALECTS } from '../index.ts';

const FAMILY: readonly Dialect[] = [ethProxy, ethashPlain, ethereumStratum, eip1571];

/** How pools of each dialect write the work of the specification's share, the prefix `a2eea0` with it where there is one. */
const POOLS: Readonly<Record<string, readonly string[]>> = {
  ethproxy: [`{"id":0,"jsonrpc":"2.0","result":["0x${HEADER}","0x${SEED}","0x${TARGET}","0x1"]}`],
  'ethash-plain': [
    `{"id":null,"jsonrpc":"2.0","method":"mining.notify","params":["job-1","${HEADER}","${SEED}","${TARGET}",true]}`,
  ],
  'ethereum-stratum': [
    '{"id":null,"method":"mining.set_difficulty","params":[1]}',
    '{"id":null,"method":"mining.set_extranonce","params":["a2eea0"]}',
    `{"id":null,"method":"mining.notify","params":["job-1","${SEED}","${HEADER}",true]}`,
  ],
  eip1571: [
    `{"method":"mining.set","params":{"epoch":"32","target":"${TARGET}","algo":"ethash","extranonce":"a2eea0"}}`,
    `{"method":"mining.notify","params":["job-1","6526d5","${HEADER}","1"]}`,
  ],
};

/** The share as a miner of each dialect submits it, `jobId` being what it was told. */
const SUBMITS: Readonly<
  Record<string, (jobId: string) => { readonly method: string; readonly params: readonly string[] }>
> = {
  ethproxy: () => ({
    method: 'eth_submitWork',
    params: nicehash.cross_flavour.eth_proxy_submit_params,
  }),
  'ethash-plain': (jobId) => ({
    method: 'mining.submit',
    params: ['user', jobId, ...nicehash.cross_flavour.eth_proxy_submit_params],
  }),
  'ethereum-stratum': (jobId) => ({
    method: 'mining.submit',
    params: ['user', jobId, nicehash.miner_nonce],
  }),
  eip1571: (jobId) => ({ method: 'mining.submit', params: [jobId, nicehash.miner_nonce, 'w-1'] }),
};

interface PoolState {
  readonly work: RelayedWork;
  readonly difficulty: number;
  readonly subscription: PoolSubscription;
}

/** What a proxy would have made of the pool's lines. */
function follow(dialect: Dialect): PoolState {
  let work: RelayedWork | null = null;
  let target: RelayedWork['target'] = null;
  let difficulty = 0;
  let subscription: PoolSubscription = { sessionId: null, extranonce1: '', extranonce2Bytes: 8 };
  let standing: Extract<PoolEvent, { kind: 'standing' }>['standing'] | null = null;
  const take = (event: PoolEvent): void => {
    if (event.kind === 'several') event.events.forEach(take);
    else if (event.kind === 'standing') standing = event.standing;
    else if (event.kind === 'target') target = event.target;
    else if (event.kind === 'difficulty') difficulty = event.difficulty;
    else if (event.kind === 'extranonce')
      subscription = {
        sessionId: null,
        extranonce1: event.extranonce1,
        extranonce2Bytes: event.extranonce2Bytes,
      };
    else if (event.kind === 'job') {
      const joined = withStanding(event.work, standing);
      assert.ok(joined.family === 'ethash');
      work = { ...joined, target: joined.target ?? target };
    } else assert.fail(JSON.stringify(event));
  };
  for (const line of POOLS[dialect.name] ?? []) take(dialect.pool.decode(line));
  assert.ok(work !== null);
  return { work, difficulty, subscription };
}

describe('miners of the family', () => {
  /** By miner, in the order of {@link FAMILY}. */
  const PAIRINGS: Readonly<Record<string, readonly Pairing[]>> = {
    ethproxy: ['direct', 'direct', 'whole-nonce', 'whole-nonce'],
    'ethash-plain': ['direct', 'direct', 'whole-nonce', 'whole-nonce'],
    'ethereum-stratum': ['completed', 'completed', 'direct', 'direct'],
    eip1571: ['completed', 'completed', 'direct', 'direct'],
  };

  for (const miner of FAMILY) {
    test(`of ${miner.name} work for pools of the family, each pair as it is declared, and for no others`, () => {
      assert.deepEqual(
        FAMILY.map(({ name }) => miner.pairing(name)),
        PAIRINGS[miner.name],
      );
      const others = DIALECTS.filter((one) => !FAMILY.includes(one));
      assert.ok(
        others.every((one) => miner.pairing(one.name) === 'none' && one.pairing(miner.name) === 'none'),
      );
      assert.equal(miner.family, 'ethash');
    });

    for (const pool of FAMILY) {
      const pairing = miner.pairing(pool.name);
      test(`of ${miner.name} get the work of a ${pool.name} pool and its share gets back`, () => {
        const { work, difficulty, subscription } = follow(pool);
        const { nonces } = miner.miner;
        assert.equal(nonces.kind === pool.miner.nonces.kind, pairing === 'direct');
        const jobId = miner.miner.ownJobIds ? '2a' : miner.miner.jobId(work);
        const view = { ...ethashView, work, jobId, difficulty, target: work.target };
        const told =
          miner.miner.extranonce(subscription.extranonce1, subscription.extranonce2Bytes) +
          miner.miner.difficulty(view) +
          miner.miner.job(view);

        // What reaches the miner is what a pool of its own dialect would have said.
        const expected = (POOLS[miner.name] ?? []).map((line) => JSON.parse(line) as unknown);
        const said = told
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as unknown);
        const { prefix, ...facts } = summary(said);
        const { prefix: isExpected, ...expectedFacts } = summary(expected);
        assert.deepEqual(facts, expectedFacts);
        if (pairing === 'direct') assert.equal(prefix, isExpected);

        const request = miner.miner.decode(JSON.stringify({ id: 40, ...SUBMITS[miner.name]?.(jobId) }));
        assert.ok(request.kind === 'submit', JSON.stringify(request));
        assert.equal(request.jobId, jobId);
        const toldPrefix = pairing === 'completed' ? 'a2eea0' : subscription.extranonce1;
        const assembled = shareOf(
          miner.miner.assemble(request, {
            ...ethashFacts,
            work,
            poolJobId: work.poolJobId,
            ...(nonces.kind === 'prefix' ? { ...subscription, extranonce1: toldPrefix } : {}),
          }),
        );
        const { completion } = pool;
        assert.equal(completion !== undefined, pool.miner.nonces.kind === 'none');
        if (pairing === 'completed') {
          const question = { seed: SEED, header: HEADER, nonce: nicehash.full_nonce };
          assert.deepEqual(completion?.questionOf(assembled, work), question);
          assert.equal(completion?.seedOf(work), SEED);
        }
        const share =
          pairing === 'completed' ? (completion?.complete(assembled, MIX) ?? assembled) : assembled;
        assert.ok(share.family === 'ethash');
        assert.equal(share.parts['nonce'], nicehash.full_nonce);
        // The fixture's pools have a prefix. One that had none would be told the whole nonce.
        const line = parseLine(pool.pool.submit(7, share, { ...subscription, worker: 'w-1' }));
        const expectedSubmit = SUBMITS[pool.name]?.(work.poolJobId);
        assert.ok(expectedSubmit !== undefined);
        const { method, params } = expectedSubmit;
        const [first, ...rest] = params;
        const isNamed = first === 'user';
        assert.deepEqual([line['id'], line['method']], [7, method]);
        assert.deepEqual(line['params'], isNamed ? [ethashFacts.user, ...rest] : params);
      });
    }
  }
});

/** The facts of a session's first lines, whatever they are spread over. */
function summary(lines: readonly unknown[]): Readonly<Record<string, boolean>> {
  const texts = JSON.stringify(lines).toLowerCase();
  return {
    header: texts.includes(HEADER),
    seed: texts.includes(SEED) || texts.includes('"epoch":"32"'),
    bound: texts.includes(TARGET) || texts.includes('"mining.set_difficulty","params":[1]'),
    prefix: texts.includes('"a2eea0"'),
  };
}

const side = (mark: string): string =>
  nicehash.lines
    .filter((line) => line.startsWith(mark))
    .map((line) => `${line.slice(2)}\r\n`)
    .join('');

function decodeAll<T>(text: string, cuts: readonly number[], decode: (line: string) => T): T[] {
  const framer = new LineFramer();
  const bytes = Buffer.from(text);
  const found: T[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const sink = { onLine: (line: string) => found.push(decode(line)) > 0 };
    assert.equal(framer.push(bytes.subarray(from, cut), 65_536, sink), null);
    from = cut;
  }
  return found;
}

describe("the specification's dialogue", () => {
  test('reads the same however it is cut', () => {
    for (const [text, decode] of [
      [side('>'), (line: string): MinerRequest => ethereumStratum.miner.decode(line)],
      [side('<'), (line: string): PoolEvent => ethereumStratum.pool.decode(line)],
    ] as const) {
      const whole = decodeAll<MinerRequest | PoolEvent>(text, [], decode);
      assert.ok(whole.length >= 3 && whole.every(({ kind }) => kind !== 'fault' && kind !== 'malformed'));
      const everyByte = Array.from({ length: text.length }, (_, at) => at);
      assert.deepEqual(decodeAll<MinerRequest | PoolEvent>(text, everyByte, decode), whole);
      for (const cut of everyByte)
        assert.deepEqual(decodeAll<MinerRequest | PoolEvent>(text, [cut], decode), whole);
    }
  });

  test('is what we would have said ourselves', () => {
    const [subscribed, authorized, difficulty, notify, accepted] = nicehash.lines
      .filter((line) => line.startsWith('<'))
      .map((line) => `${line.slice(2)}\n`);
    const { miner } = ethereumStratum;
    const session = {
      sessionId: 'ae6812eb4cd7735a302a8a9dd95cf71f',
      extranonce1: 'a2eea0',
      extranonce2Bytes: 5,
      agent: '',
    };
    assert.equal(miner.subscribed('1', session), subscribed);
    assert.equal(miner.authorized('2', { sessionId: '', job: null }), authorized);
    // 1.0, which JavaScript writes as 1.
    assert.equal(miner.difficulty(ethashView).replace('[1]', '[1.0]'), difficulty);
    assert.equal(miner.job({ ...ethashView, jobId: 'bf0488aa' }), notify);
    assert.equal(miner.yes('3'), accepted);
  });
});

describe("ethminer's search for the flavour", () => {
  // [ethereum-mining/ethminer EthStratumClient.cpp] 2.0.0, 1.0.0, EthProxy, plain, each under id 1; an error makes it go on.
  for (const [dialect, first, kind] of [
    [
      eip1571,
      {
        params: { agent: 'ethminer', host: 'h', port: '4d2', proto: 'EthereumStratum/2.0.0' },
        method: 'mining.hello',
      },
      'hello',
    ],
    [
      ethereumStratum,
      { method: 'mining.subscribe', params: ['ethminer', 'EthereumStratum/1.0.0'] },
      'subscribe',
    ],
    [ethProxy, { method: 'eth_submitLogin', worker: 'rig', params: ['user', 'x'] }, 'login'],
    [ethashPlain, { jsonrpc: '2.0', method: 'mining.subscribe', params: [] }, 'subscribe'],
  ] as const) {
    test(`${dialect.name} is answered without an error`, () => {
      const request = dialect.miner.decode(JSON.stringify({ id: 1, ...first }));
      assert.equal(request.kind, kind);
      const { miner } = dialect;
      const session = { sessionId: 'ab', extranonce1: '01', extranonce2Bytes: 7, agent: '' };
      const answers = {
        hello: () => miner.hello('1'),
        login: () => miner.authorized('1', { sessionId: 'ab', job: null }),
        subscribe: () => miner.subscribed('1', session),
      };
      const answer = parseLine(answers[kind]());
      assert.equal(answer['id'], 1);
      assert.ok('result' in answer);
      assert.ok(answer['error'] === undefined || answer['error'] === null);
    });

    test(`${dialect.name} refuses in words that ethminer reads as an error`, () => {
      const line = parseLine(dialect.miner.refuse('1', { reason: 'other', message: 'No', code: null }));
      assert.equal(line['id'], 1);
      assert.ok(line['error'] !== null && line['error'] !== undefined);
    });
  }
});

describe('any input', () => {
  const METHODS = [
    'mining.subscribe',
    'mining.authorize',
    'mining.submit',
    'mining.hello',
    'mining.notify',
    'mining.set',
    'mining.set_difficulty',
    'mining.set_extranonce',
    'mining.reconnect',
    'client.reconnect',
    'client.show_message',
    'eth_submitLogin',
    'eth_getWork',
    'eth_submitWork',
    'eth_submitHashrate',
    '__proto__',
    'constructor',
  ];
  const hexLike = fc.oneof(
    fc.constantFrom(HEADER, SEED, `0x${MIX}`, TARGET, 'af4c', '0x1', '', 'x'),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const message = fc.record(
    {
      id: fc.oneof(fc.nat(9), fc.jsonValue({ maxDepth: 1 })),
      method: fc.oneof(fc.constantFrom(...METHODS), anyText, fc.jsonValue({ maxDepth: 1 })),
      params: fc.oneof(
        fc.array(hexLike, { maxLength: 7 }),
        fc.dictionary(fc.constantFrom('epoch', 'target', 'algo', 'extranonce', 'proto', 'host'), hexLike),
        fc.jsonValue(),
      ),
      result: fc.oneof(fc.array(hexLike, { maxLength: 6 }), fc.jsonValue()),
      error: fc.jsonValue(),
      worker: fc.jsonValue({ maxDepth: 1 }),
      height: fc.jsonValue({ maxDepth: 1 }),
    },
    { requiredKeys: [] },
  );
  const line = fc.oneof(
    message.map((value) => JSON.stringify(value)),
    fc.json(),
    anyText,
  );

  for (const dialect of FAMILY) {
    test(`is read by ${dialect.name} without an exception, and its answers are one line of ASCII`, () => {
      fc.assert(
        fc.property(line, (text) => {
          const request = dialect.miner.decode(text);
          if ('id' in request) {
            parseLine(dialect.miner.yes(request.id));
            parseLine(dialect.miner.refuse(request.id, { reason: 'other', message: text, code: null }));
          }
          if (request.kind === 'submit') {
            dialect.miner.assemble(request, { ...ethashFacts, extranonce1: 'af4c', extranonce2Bytes: 6 });
          }
          const event = dialect.pool.decode(text);
          const events = event.kind === 'several' ? event.events : [event];
          for (const one of events) {
            if (one.kind !== 'job') continue;
            assert.ok(one.work.family === 'ethash');
            const view = { ...ethashView, work: one.work, target: one.work.target };
            for (const told of dialect.miner.job(view).trimEnd().split('\n')) parseLine(`${told}\n`);
          }
        }),
        { numRuns: 3000 },
      );
    });

    test(`of ids, names and job ids comes back as it was from ${dialect.name}`, () => {
      fc.assert(
        fc.property(anyText, anyText, (user, poolJobId) => {
          const share = {
            family: 'ethash',
            user,
            poolJobId,
            parts: { nonce: nicehash.full_nonce, header: HEADER, mix: MIX },
          } as const;
          const subscription = { sessionId: null, extranonce1: 'a2', extranonce2Bytes: 7 };
          const params = parseLine(dialect.pool.submit(9, share, subscription))['params'] as unknown[];
          if (dialect !== ethProxy) assert.ok(params.includes(poolJobId) && params.includes(user));
          const login = dialect.pool.login.map((call) =>
            call.write(1, {
              user,
              password: poolJobId,
              agent: user,
              host: user,
              port: 1,
              algorithm: 'ethash',
              sessionId: user,
              versionMask: 0,
              isPlain: false,
            }),
          );
          for (const text of login) parseLine(text ?? '');
        }),
        { numRuns: 300 },
      );
    });
  }

  test('nested beyond all reason is read without an exception', () => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000);
    for (const dialect of FAMILY) {
      for (const text of [
        `{"id":1,"method":"mining.submit","params":${deep}}`,
        `{"id":${deep},"method":"mining.notify","params":["j","${HEADER}","${SEED}","${TARGET}",true,${deep}]}`,
        `{"id":0,"result":["${HEADER}","${SEED}","${TARGET}",${deep}]}`,
      ]) {
        dialect.miner.decode(text);
        dialect.pool.decode(text);
      }
    }
  });
});
