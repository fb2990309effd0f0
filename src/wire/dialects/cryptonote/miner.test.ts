import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../../../test/support/any-text.ts';
import type { RelayedWork } from '../../../domain/job.ts';
import type { JobView } from '../../dialect.ts';
import type { MinerRequest } from '../../messages.ts';
import { cryptonoteMiner, decodeMiner } from './miner.ts';
import { readJob } from './parts.ts';

const decode = (message: unknown): MinerRequest => decodeMiner(JSON.stringify(message));
const RESULT = 'e1364b8782719d7683e2ccd3d8f724bc59dfa780a9e960e7c0e0046acdb40100';
const BLOB = `1010fd9e8ad806${'ab'.repeat(32)}00000000${'cd'.repeat(32)}03`;
const SEED = '5e'.repeat(32);

describe('a login', () => {
  test('of xmrig', () => {
    const line =
      '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"48edfHu7V9Z8...","pass":"x","agent":"XMRig/6.21.0 (Linux x86_64) libuv/1.44.2 gcc/11","rigid":"rig01","algo":["rx/0","cn/r","no/such"]}}';
    assert.deepEqual(decodeMiner(line), {
      kind: 'login',
      id: '1',
      user: '48edfHu7V9Z8...',
      password: 'x',
      agent: 'XMRig/6.21.0 (Linux x86_64) libuv/1.44.2 gcc/11',
      rig: 'rig01',
    });
  });

  test('with nothing but the name, and of any id', () => {
    for (const id of [0, 'a"b', null, 9007199254740993n]) {
      const text = typeof id === 'bigint' ? String(id) : JSON.stringify(id);
      const request = decodeMiner(`{"id":${text},"method":"login","params":{"login":"w"}}`);
      assert.deepEqual(request, { kind: 'login', id: text, user: 'w', password: '', agent: '', rig: '' });
    }
  });

  test('keeps to its caps', () => {
    const long = 'x'.repeat(5000);
    const request = decode({
      id: 1,
      method: 'login',
      params: { login: long, pass: long, agent: long, rigid: long },
    });
    assert.ok(request.kind === 'login');
    const { user, password, agent, rig } = request;
    assert.deepEqual(
      [user, password, agent, rig].map((text) => text.length),
      [512, 512, 256, 256],
    );
  });

  test('without a name is refused and forgiven', () => {
    for (const params of [{}, { login: 5 }, [], 'w', null, undefined])
      assert.equal(decode({ id: 1, method: 'login', params }).kind, 'malformed', JSON.stringify(params));
  });
});

describe('a submit', () => {
  test('means the same read in one step or parsed, whatever stands in it', () => {
    const odd = fc.oneof(
      fc.constantFrom('', 'rx/0', '\\u0041', '\\', '"', '{}', '\u00e9', 'x'.repeat(130)),
      fc.string({ maxLength: 8 }),
    );
    const mostly = (usual: string): fc.Arbitrary<string> =>
      fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: odd });
    const id = fc.constantFrom('0', '7', '42', '-0', '007', '1e3', '999999999999999', '9007199254740993');
    fc.assert(
      fc.property(
        id,
        mostly('s-1'),
        mostly('3f'),
        mostly('d0030040'),
        mostly(RESULT),
        fc.option(mostly('rx/0')),
        (...[number, session, job, nonce, result, algo]) => {
          const end = algo === null ? '' : `,"algo":"${algo}"`;
          const line = `{"id":${number},"jsonrpc":"2.0","method":"submit","params":{"id":"${session}","job_id":"${job}","nonce":"${nonce}","result":"${result}"${end}}}`;
          // A blank before it is nothing to a parser.
          assert.deepEqual(decodeMiner(line), decodeMiner(` ${line}`));
        },
      ),
      { numRuns: 500 },
    );
  });

  const params = { id: 's', job_id: '3f', nonce: 'D0030040', result: RESULT.toUpperCase() };
  const submit = (other: Record<string, unknown> = {}): MinerRequest =>
    decode({ id: 2, jsonrpc: '2.0', method: 'submit', params: { ...params, ...other } });

  test('in upper case is in lower case for the pool', () => {
    assert.deepEqual(submit(), {
      kind: 'submit',
      family: 'cryptonote',
      id: '2',
      user: '',
      jobId: '3f',
      parts: { nonce: 'd0030040', result: RESULT, more: '' },
    });
  });

  test('keeps what else it says', () => {
    const request = submit({ algo: 'rx/wow', sig: 'ab'.repeat(64), commitment: 'cd'.repeat(32), n: 3 });
    assert.ok(request.kind === 'submit' && request.family === 'cryptonote');
    const more = `,"algo":"rx/wow","sig":"${'ab'.repeat(64)}","commitment":"${'cd'.repeat(32)}","n":3`;
    assert.equal(request.parts['more'], more);
  });

  for (const [what, other, problem] of [
    ['a short nonce', { nonce: 'd00300' }, 'Malformed nonce'],
    ['a long nonce', { nonce: 'd003004000' }, 'Malformed nonce'],
    ['a nonce that is a number', { nonce: 5 }, 'Malformed nonce'],
    ['a nonce with 0x', { nonce: '0xd00300' }, 'Malformed nonce'],
    ['no nonce', { nonce: undefined }, 'Malformed nonce'],
    ['a short result', { result: '00' }, 'Malformed result'],
    ['a result that is no hex', { result: 'z'.repeat(64) }, 'Malformed result'],
    ['no job id', { job_id: undefined }, 'the job id must be a string'],
    ['a job id that is a number', { job_id: 7 }, 'the job id must be a string'],
    ['an endless job id', { job_id: 'x'.repeat(129) }, 'the job id must be a string'],
    ['endless extras', { more: 'x'.repeat(1100) }, 'Too much beside the share'],
  ] as const) {
    test(`with ${what} is malformed`, () =>
      assert.deepEqual(submit(other), { kind: 'malformed', id: '2', method: 'submit', problem }));
  }

  test('with very many numbers beside it is malformed at once', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `"x${i}":0.5`).join(',');
    const line = `{"id":2,"method":"submit","params":{"job_id":"3f","nonce":"d0030040","result":"${RESULT}",${many}}}`;
    const times = Array.from({ length: 5 }, () => {
      const begun = performance.now();
      assert.equal(decodeMiner(line).kind, 'malformed');
      return performance.now() - begun;
    });
    assert.ok(Math.min(...times) < 50, `${times.join()} ms`);
  });

  test('with extras nested too deeply to be written again is malformed', () => {
    const depth = 20_000;
    const deep = '['.repeat(depth) + ']'.repeat(depth);
    const line = `{"id":2,"method":"submit","params":{"job_id":"3f","nonce":"d0030040","result":"${RESULT}","x":${deep}}}`;
    assert.ok(['malformed', 'fault'].includes(decodeMiner(line).kind));
  });

  test('of another session is taken: the connection is the session', () => {
    assert.equal(submit({ id: 'deadbeef' }).kind, 'submit');
    assert.equal(submit({ id: undefined }).kind, 'submit');
  });
});

describe('other requests', () => {
  test('keepalived in both spellings, getjob, replies', () => {
    for (const method of ['keepalived', 'keepalive']) {
      assert.deepEqual(decode({ id: 3, method, params: { id: 's' } }), { kind: 'ping', id: '3' });
      assert.deepEqual(decode({ id: 3, method }), { kind: 'ping', id: '3' });
    }
    const getjob = {
      id: 3,
      method: 'getjob',
      params: { id: 's', algo: ['rx/0'], 'algo-perf': { 'rx/0': 5000 } },
    };
    assert.deepEqual(decode(getjob), { kind: 'get-job', id: '3' });
    assert.deepEqual(decode({ id: 3, result: true }), { kind: 'reply', id: '3' });
  });

  test('unknown ones by name, at most 64 characters of it', () => {
    assert.deepEqual(decode({ id: 3, method: 'foo' }), { kind: 'unknown', id: '3', method: 'foo' });
    assert.deepEqual(decode({ id: 3, method: 'mining.subscribe', params: [] }).kind, 'unknown');
    const long = decode({ id: 3, method: 'x'.repeat(100) });
    assert.equal(long.kind === 'unknown' && long.method.length, 64);
  });

  test('what is none of this dialect', () => {
    for (const line of ['', 'null', '[]', '5', '{"id":1', 'GET / HTTP/1.1'])
      assert.equal(decodeMiner(line).kind, 'fault', line);
    for (const line of ['{}', '{"id":1}', '{"id":1,"method":5}'])
      assert.equal(decodeMiner(line).kind, 'malformed', line);
    assert.equal(decode({ id: 'x'.repeat(300), method: 'login' }).kind, 'fault');
  });

  test('no line at all throws', () => {
    fc.assert(fc.property(anyText, (text) => void decodeMiner(text)));
    const value = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(
        fc.constantFrom('login', 'submit', 'getjob', 'keepalived', 'x'),
        value,
        value,
        (method, id, params) => {
          const { kind } = decode({ id, method, params });
          assert.ok(kind.length > 0);
        },
      ),
    );
    const member = fc.oneof(value, anyText, fc.constant(RESULT), fc.constant('00000000'));
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('id', 'job_id', 'nonce', 'result', 'algo', 'login', 'pass'), member),
        (params) => {
          for (const method of ['login', 'submit']) decode({ id: 1, method, params });
        },
      ),
    );
  });
});

function workOf(job: Record<string, unknown> = {}): RelayedWork {
  const given = {
    blob: BLOB,
    job_id: 'p/1+',
    target: 'b88d0600',
    algo: 'rx/0',
    height: 3_000_000,
    seed_hash: SEED,
    ...job,
  };
  const line = JSON.stringify(given);
  const work = readJob(JSON.parse(line), line);
  assert.ok(typeof work !== 'string');
  return work;
}

function viewOf(view: Partial<JobView> = {}, job: Record<string, unknown> = {}): JobView {
  const work = workOf(job);
  return {
    jobId: '3f',
    work,
    coinb1Insert: '',
    lane: '',
    ntime: 0,
    clean: true,
    difficulty: 10_000,
    target: work.target,
    scale: 1,
    divider: 2 ** 32,
    sessionId: '0a1b',
    ...view,
  };
}

const refusalLine = (code: number, text: string): string =>
  `{"id":4,"jsonrpc":"2.0","error":{"code":${code},"message":"${text}"}}\n`;

describe('what we say', () => {
  const miner = cryptonoteMiner;

  test('to a login, with the job in it', () => {
    assert.equal(
      miner.authorized('1', { sessionId: '0a1b', job: viewOf() }),
      `{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"0a1b","job":{"blob":"${BLOB}","job_id":"3f","target":"b88d0600","algo":"rx/0","height":3000000,"seed_hash":"${SEED}"},"extensions":["algo","nicehash","keepalive"],"status":"OK"}}\n`,
    );
    assert.equal(
      miner.authorized('1', { sessionId: '0a1b', job: null }),
      '{"id":1,"jsonrpc":"2.0","error":{"code":-1,"message":"No job yet. Please wait."}}\n',
    );
  });

  test('of a job, as a notification and as an answer', () => {
    const job = `"blob":"${BLOB}","job_id":"3f","target":"b88d0600","algo":"rx/0","height":3000000,"seed_hash":"${SEED}"`;
    assert.equal(miner.job(viewOf()), `{"jsonrpc":"2.0","method":"job","params":{${job}}}\n`);
    assert.equal(
      miner.currentJob('"x"', viewOf()),
      `{"id":"x","jsonrpc":"2.0","error":null,"result":{${job}}}\n`,
    );
  });

  const jobOf = (view: JobView): Record<string, unknown> =>
    (JSON.parse(miner.job(view)) as { params: Record<string, unknown> }).params;

  test('with the byte of the miner at offset 42', () => {
    for (const lane of ['00', '01', 'ff']) {
      const blob = jobOf(viewOf({ lane }))['blob'];
      assert.equal(blob, BLOB.replace('00000000', `000000${lane}`));
      assert.equal(Buffer.from(blob, 'hex')[42], Number.parseInt(lane, 16));
    }
    const ghostrider = { blob: '00'.repeat(80), algo: 'ghostrider' };
    assert.equal(Buffer.from(String(jobOf(viewOf({ lane: 'e5' }, ghostrider))['blob']), 'hex')[79], 0xe5);
    const yada = { blob: '00'.repeat(160), algo: 'rx/yada', target: '68db8bac710cb' };
    assert.equal(Buffer.from(String(jobOf(viewOf({ lane: 'e5' }, yada))['blob']), 'hex')[150], 0xe5);
  });

  test('with the target of the pool to the letter, else with that of the difficulty', () => {
    for (const target of ['B88D0600', 'cb10c7bab88d0600'])
      assert.equal(jobOf(viewOf({}, { target }))['target'], target);
    assert.equal(jobOf(viewOf({ target: null, difficulty: 5000 }))['target'], '711b0d00');
    assert.equal(jobOf(viewOf({ target: null, difficulty: 100_000_000_000 }))['target'], 'f0bffe0a00000000');
    // A divider of 1: difficulty 1 is 2^32 hashes.
    assert.equal(jobOf(viewOf({ target: null, difficulty: 1, divider: 1 }))['target'], 'ffffffff00000000');
  });

  test('with an algorithm always, where it is known', () => {
    const noAlgo = { algo: undefined };
    assert.equal(jobOf(viewOf({ algorithm: 'cryptonight-r' }))['algo'], 'rx/0', "the pool's word counts");
    assert.equal(jobOf(viewOf({ algorithm: 'randomx-wow' }, noAlgo))['algo'], 'rx/wow');
    assert.equal('algo' in jobOf(viewOf({}, noAlgo)), false);
    assert.equal('algo' in jobOf(viewOf({ algorithm: 'sha256d' }, noAlgo)), false);
    const old = jobOf(viewOf({ algorithm: 'randomx' }, { algo: undefined, variant: 4 }));
    assert.deepEqual([old['algo'], old['variant']], [undefined, 4]);
  });

  test('with every further member as it came', () => {
    const job = {
      next_seed_hash: '',
      sig_key: 'ab'.repeat(64),
      'odd "name"': [1, { a: 'é' }],
      seed_hash: undefined,
      height: '3000000',
    };
    const said = jobOf(viewOf({}, job));
    assert.deepEqual(said, {
      blob: BLOB,
      job_id: '3f',
      target: 'b88d0600',
      algo: 'rx/0',
      next_seed_hash: '',
      sig_key: 'ab'.repeat(64),
      'odd "name"': [1, { a: 'é' }],
      height: '3000000',
    });
  });

  test('to submits, keepalives and what cannot be', () => {
    assert.equal(miner.yes('4'), '{"id":4,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}\n');
    assert.equal(miner.pong('4'), '{"id":4,"jsonrpc":"2.0","error":null,"result":{"status":"KEEPALIVED"}}\n');
    const refuse = (
      reason: 'stale' | 'low-difficulty' | 'not-subscribed',
      message: string,
      code: number | null,
    ): string => miner.refuse('4', { reason, message, code });
    assert.equal(refuse('stale', 'Stale share', null), refusalLine(-1, 'Block expired'));
    assert.equal(
      refuse('low-difficulty', 'Low difficulty share', null),
      refusalLine(-1, 'Low difficulty share'),
    );
    assert.equal(
      refuse('low-difficulty', 'Low difficulty share', 20),
      refusalLine(20, 'Low difficulty share'),
    );
    assert.equal(refuse('not-subscribed', 'Not subscribed', null), refusalLine(-1, 'Unauthenticated'));
  });

  test('nothing where the dialect has no such message', () => {
    const { hello, configured, subscribed, transactions, difficulty, versionMask, extranonce, message } =
      miner;
    const configuration = {
      extensions: [],
      versionMask: 0,
      minimumDifficulty: false,
      subscribeExtranonce: false,
    };
    const session = { sessionId: '0a', extranonce1: '', extranonce2Bytes: 0, agent: '' };
    const said = [
      hello('1'),
      configured('1', configuration),
      subscribed('1', session),
      transactions('1'),
      difficulty(viewOf()),
      versionMask(0),
      extranonce('', 0),
      message('hi'),
    ];
    assert.deepEqual(new Set(said), new Set(['']));
  });

  test('is one line of ASCII, of 32 bytes or more, whatever the pool and the miner said', () => {
    // oxlint-disable-next-line no-control-regex
    const LINE = /^[\u0020-\u007e]{32,}\n$/;
    const value = fc.jsonValue({ maxDepth: 2 });
    fc.assert(
      fc.property(anyText, value, anyText, anyText, anyText, (message, id, algo, seed, name) => {
        const rawId = decode({ id, method: 'x' });
        const text = rawId.kind === 'unknown' ? rawId.id : '1';
        const members = { algo, seed_hash: seed, ...(name === '__proto__' ? {} : { [`x${name}`]: name }) };
        const work = readJob({ blob: BLOB, job_id: 'j', target: 'b88d0600', ...members }, '');
        if (typeof work === 'string') return;
        const view = { ...viewOf(), work };
        for (const line of [
          miner.refuse(text, { reason: 'other', message, code: null }),
          miner.job(view),
          miner.currentJob(text, view),
          miner.authorized(text, { sessionId: '0a', job: view }),
          miner.yes(text),
          miner.pong(text),
        ]) {
          assert.match(line, LINE);
          assert.doesNotThrow(() => void JSON.parse(line));
        }
        const said = jobOf(view);
        assert.deepEqual(
          [said['seed_hash'], said[`x${name}`]],
          [seed, name === '__proto__' ? undefined : name],
        );
      }),
    );
  });
});
