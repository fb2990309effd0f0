import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../../../test/support/any-text.ts';
import type { LoginFacts, LoginOutcome, RelayedShare } from '../../dialect.ts';
import type { PoolEvent, PoolSubscription } from '../../messages.ts';
import { wireNameOf } from './algorithms.ts';
import { cryptonotePool, decodePool } from './pool.ts';

const decode = (message: unknown): PoolEvent => decodePool(JSON.stringify(message));
const BLOB = `1010fd9e8ad806${'AB'.repeat(32)}00000000${'cd'.repeat(32)}03`;
const SEED = '5e'.repeat(32);
const JOB = {
  blob: BLOB,
  job_id: '4BiGm3/RgGQzgkTI/xV0smdA+EGZ',
  target: 'b88d0600',
  algo: 'rx/0',
  height: 3_000_001,
  seed_hash: SEED,
};
const job = (other: Record<string, unknown> = {}): PoolEvent =>
  decode({ jsonrpc: '2.0', method: 'job', params: { ...JOB, ...other } });

const [call] = cryptonotePool.login;
assert.ok(call !== undefined);
const login = call;

/** What the whole answer means, as it goes through the decoder. */
function answered(message: Record<string, unknown>): LoginOutcome {
  const event = decode({ id: 1, jsonrpc: '2.0', ...message });
  const reply = event.kind === 'several' ? event.events[0] : event;
  assert.ok(reply?.kind === 'reply', JSON.stringify(event));
  return login.read(reply.result, reply.refusal);
}

const hexOf = (text: string): string => Buffer.from(text).toString('hex');

describe('a job', () => {
  test('is work with its parts', () => {
    assert.deepEqual(job({ id: 'session', next_seed_hash: null, sig_key: 'aa', x: 1.5 }), {
      kind: 'job',
      work: {
        family: 'cryptonote',
        poolJobId: JOB.job_id,
        block: 'ab'.repeat(32),
        clean: true,
        target: { hashes: 10_000, text: 'b88d0600' },
        algorithm: 'rx/0',
        parts: {
          blob: BLOB,
          target: 'b88d0600',
          height: '3000001',
          seed_hash: SEED,
          algo: 'rx/0',
          more: ',"next_seed_hash":null,"sig_key":"aa","x":1.5',
        },
      },
    });
  });

  test('of the least that there is', () => {
    const event = decode({ method: 'job', params: { blob: BLOB, job_id: 7, target: 'cb10c7bab88d0600' } });
    assert.ok(event.kind === 'job' && event.work.family === 'cryptonote');
    const { poolJobId, algorithm, target, parts } = event.work;
    assert.deepEqual([poolJobId, algorithm, target?.hashes], ['7', null, 10_000]);
    assert.deepEqual(parts, { blob: BLOB, target: 'cb10c7bab88d0600', more: '' });
  });

  test('with very many numbers in it is refused at once', () => {
    const many = Array.from({ length: 5000 }, (_, i) => `"x${i}":0.5`).join(',');
    const line = `{"method":"job","params":{"blob":"${BLOB}","job_id":"1","target":"b88d0600",${many}}}`;
    const times = Array.from({ length: 5 }, () => {
      const begun = performance.now();
      assert.equal(decodePool(line).kind, 'fault');
      return performance.now() - begun;
    });
    assert.ok(Math.min(...times) < 50, `${times.join()} ms`);
  });

  test('keeps the digits of numbers beyond 2^53', () => {
    const line = `{"method":"job","params":{"blob":"${BLOB}","job_id":"1","target":"b88d0600", "height" : 18446744073709551615,"x":9007199254740993}}`;
    const event = decodePool(line);
    assert.ok(event.kind === 'job' && event.work.family === 'cryptonote');
    assert.equal(event.work.parts['height'], '18446744073709551615');
    assert.equal(event.work.parts['more'], ',"x":9007199254740993');
  });

  test('whose nonce is begun leaves nothing to divide', () => {
    const event = job({ blob: BLOB.replace('00000000', '160000E5') });
    assert.ok(event.kind === 'several');
    assert.deepEqual(event.events[0], { kind: 'extranonce', extranonce1: '', extranonce2Bytes: 0 });
    assert.equal(event.events[1]?.kind, 'job');
  });

  test('of the same previous block says so, whatever else is in the blob', () => {
    const blocks = [
      BLOB,
      BLOB.replace('cd', 'ef'),
      BLOB.replace('fd9e8ad806', 'fe9e8ad806'),
      BLOB.replace('AB', 'AC'),
    ].map((blob) => {
      const event = job({ blob });
      return event.kind === 'job' && event.work.family === 'cryptonote' ? event.work.block : null;
    });
    assert.equal(new Set(blocks).size, 2);
    assert.equal(blocks[0], blocks[2]);
  });

  test('of rx/yada is told from another block by the previous hash alone, not by its time', () => {
    const blockOf = (time: number, previous: string, root: string): string => {
      const header = `5${time}${'02'.repeat(33)}503857${previous}`;
      const blob = `${hexOf(header)}00000000${hexOf('f'.repeat(64) + root)}`;
      const event = job({ blob, algo: 'rx/yada', target: '00068db8bac710cb' });
      assert.ok(event.kind === 'job' && event.work.family === 'cryptonote', JSON.stringify(event));
      return event.work.block;
    };
    const [previous, root] = ['cedde7cc'.repeat(8), '48bf9111'.repeat(8)];
    const block = blockOf(1_724_395_336, previous, root);
    assert.equal(block, hexOf(previous));
    assert.equal(blockOf(1_724_395_346, previous, root.toUpperCase()), block);
    assert.notEqual(blockOf(1_724_395_336, previous.replace('c', 'd'), root), block);
  });

  for (const [what, other, problem] of [
    ['no blob', { blob: undefined }, /without a blob/],
    ['a template', { blob: undefined, blocktemplate_blob: '0e0e' }, /block template/],
    ['self-select', { blob: undefined, pool_wallet: '4...', extra_nonce: 'ab' }, /block template/],
    ['a blob that ends before its nonce', { blob: '00'.repeat(42) }, /unusable blob/],
    ['a blob of half a byte', { blob: `${BLOB}0` }, /unusable blob/],
    ['a blob that is no hex', { blob: BLOB.replace('cd', 'xy') }, /unusable blob/],
    ['a blob beyond xmrig', { blob: '00'.repeat(408) }, /too long/],
    ['a ghostrider blob too short for it', { blob: '00'.repeat(79), algo: 'ghostrider' }, /unusable blob/],
    ['no target', { target: undefined }, /unusable target/],
    ['a target of zero', { target: '00000000' }, /unusable target/],
    ['a target of 3 bytes', { target: 'b88d06' }, /unusable target/],
    ['no id', { job_id: undefined }, /without an id/],
    ['an empty id', { job_id: '' }, /without an id/],
    ['an endless id', { job_id: 'x'.repeat(257) }, /without an id/],
    ['endless extras', { x: 'x'.repeat(5000) }, /more beside it/],
    ['a nonce of 8 bytes', { algo: 'kawpow' }, /kawpow/],
  ] as const) {
    test(`with ${what} is a fault`, () => {
      const event = job(other);
      assert.equal(event.kind, 'fault');
      assert.match(event.kind === 'fault' ? event.problem : '', problem);
    });
  }

  test('that is no object is a fault', () => {
    for (const params of [null, [], 'x', 5, undefined])
      assert.equal(decode({ method: 'job', params }).kind, 'fault');
  });
});

const refused = (message: string): LoginOutcome => answered({ error: { code: -1, message } });

const session = (extranonce2Bytes: number): PoolSubscription => ({
  sessionId: 's-1',
  extranonce1: '',
  extranonce2Bytes,
});

describe('the login', () => {
  const facts: LoginFacts = {
    user: '48edf.w1',
    password: 'x"',
    agent: 'stratum-proxy/1.0',
    host: 'pool',
    port: 3333,
    algorithm: 'randomx',
    sessionId: null,
    versionMask: 0,
    isPlain: false,
  };

  test('says what we are and can', () => {
    assert.equal(
      login.write(1, facts),
      '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"48edf.w1","pass":"x\\"","agent":"stratum-proxy/1.0","algo":["rx/0"]}}\n',
    );
    const plain =
      '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"48edf.w1","pass":"x\\"","agent":"stratum-proxy/1.0"}}\n';
    assert.equal(login.write(1, { ...facts, isPlain: true }), plain);
    assert.equal(login.write(1, { ...facts, algorithm: 'auto' }), plain);
  });

  test('brings the session and the first job', () => {
    const outcome = answered({
      error: null,
      result: { id: 's-1', job: JOB, extensions: ['algo', 'keepalive'], status: 'OK' },
    });
    assert.ok(outcome.kind === 'taken');
    assert.deepEqual(outcome.subscription, session(4));
    assert.deepEqual({ kind: 'job', work: outcome.work }, job());
  });

  test('with the fixed byte of the pool in the blob, or by its word', () => {
    const fixed = { ...JOB, blob: BLOB.replace('00000000', '00000001') };
    for (const result of [
      { id: 's-1', job: fixed },
      { id: 's-1', job: JOB, extensions: ['nicehash'] },
    ]) {
      const outcome = answered({ result });
      assert.deepEqual(outcome.kind === 'taken' && outcome.subscription, session(0));
    }
  });

  test('may come without a job, with empty extensions, with a numeric id', () => {
    for (const result of [
      { id: 's-1' },
      { id: 's-1', job: null, extensions: [] },
      { id: 's-1', work: { family: 'cryptonote', parts: {} }, extensions: 'nicehash' },
    ])
      assert.deepEqual(answered({ result }), { kind: 'taken', subscription: session(4) });
    const numeric = answered({ result: { id: 17, job: JOB } });
    assert.equal(numeric.kind === 'taken' && numeric.subscription?.sessionId, '17');
  });

  for (const [what, result, problem] of [
    ['no session', { job: JOB }, /names no session/],
    ['an endless session', { id: 'x'.repeat(129), job: JOB }, /names no session/],
    ['an unusable job', { id: 's-1', job: { ...JOB, target: '' } }, /unusable target/],
    ['a job that is no object', { id: 's-1', job: 5 }, /no object/],
    ['no object', true, /unreadable/],
  ] as const) {
    test(`answered with ${what} is of no use`, () => {
      const outcome = answered({ result });
      assert.match(outcome.kind === 'unusable' ? outcome.problem : '', problem);
    });
  }

  test('refused for good, or for now', () => {
    assert.deepEqual(refused('Invalid payment address provided'), {
      kind: 'refused',
      refusal: { code: -1, message: 'Invalid payment address provided' },
    });
    assert.equal(refused('No block template yet. Please wait.').kind, 'unusable');
    assert.equal(refused('IP Address currently banned').kind, 'unusable');
  });

  test('names every algorithm of the catalogue that is mined this way, each of which counts hashes where it has no other form', () => {
    const file = new URL('../../../../catalogue/algorithms.json', import.meta.url);
    const { algorithms } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly algorithms: readonly {
        readonly name: string;
        readonly dialects: readonly string[];
        readonly divider: number;
      }[];
    };
    const ours = algorithms.filter(({ dialects }) => dialects.includes('cryptonote'));
    assert.ok(ours.length >= 17);
    for (const { name, divider } of ours) {
      assert.notEqual(wireNameOf(name), null, name);
      // Mined in the Bitcoin form too, whose scale its difficulties keep.
      assert.equal(divider, name === 'ghostrider' ? 2 ** 16 : 2 ** 32, name);
    }
  });
});

describe('an answer', () => {
  test('means the same read in one step or parsed, whatever its id', () => {
    for (const id of [
      '0',
      '7',
      '999999999999999',
      '9007199254740993',
      '-0',
      '007',
      '1.5',
      '"7"',
      'null',
      '',
    ]) {
      for (const head of [`"id":${id},"jsonrpc":"2.0"`, `"jsonrpc":"2.0","id":${id}`]) {
        const line = `{${head},"error":null,"result":{"status":"OK"}}`;
        assert.deepEqual(decodePool(line), decodePool(` ${line}`), line);
      }
    }
  });

  for (const [what, line, refusal] of [
    ['yes', '{"id":2,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}', null],
    ['yes without error', '{"id":2,"result":{"status":"OK"}}', null],
    ['yes under the text of the id', '{"id":"2","result":{"status":"OK"}}', null],
    ['no', '{"id":2,"error":{"code":-1,"message":"Low difficulty share"}}', [-1, 'Low difficulty share']],
    [
      'no in a list',
      '{"id":2,"result":null,"error":[23,"Low difficulty share"]}',
      [23, 'Low difficulty share'],
    ],
    ['no in a word', '{"id":2,"error":"Duplicate share"}', [null, 'Duplicate share']],
    ['no without a word', '{"id":2,"error":{"code":-1}}', [-1, 'Rejected by the pool']],
    ['neither', '{"id":2,"result":null,"error":null}', [null, 'Rejected by the pool']],
  ] as const) {
    test(what, () => {
      const event = decodePool(line);
      assert.ok(event.kind === 'reply' && event.id === 2);
      assert.deepEqual(event.refusal, refusal === null ? null : { code: refusal[0], message: refusal[1] });
    });
  }

  test('that gives us up ends the connection, after the answer', () => {
    for (const message of ['Unauthenticated', 'IP Address currently banned', 'your IP is banned']) {
      const event = decode({ id: 2, error: { code: -1, message } });
      assert.ok(event.kind === 'several');
      assert.deepEqual(event.events, [
        { kind: 'reply', id: 2, result: undefined, refusal: { code: -1, message } },
        { kind: 'fault', problem: `the pool has given us up: ${message}` },
      ]);
      assert.equal(decode({ id: null, error: { code: -1, message } }).kind, 'fault');
    }
  });

  test('to nothing', () => {
    assert.deepEqual(decode({ id: null, error: { code: -1, message: 'Pool is closing' } }), {
      kind: 'message',
      id: 'null',
      text: 'Pool is closing',
    });
    for (const message of [{ id: null, result: true }, {}, { id: 1.5, result: true }, { id: 'x', result: 1 }])
      assert.deepEqual(decode(message), { kind: 'notice', method: 'reply' });
  });

  test('is a yes by what it says', () => {
    for (const result of [{ status: 'OK' }, { status: 'KEEPALIVED' }, {}, true, 'OK'])
      assert.equal(cryptonotePool.isYes(result), true, JSON.stringify(result));
    for (const result of [{ status: 'ERROR' }, false, null, undefined, 0, 'no'])
      assert.equal(cryptonotePool.isYes(result), false, JSON.stringify(result));
  });

  test('has at most 200 characters of the words', () => {
    const event = decode({ id: 2, error: { code: -1, message: `a\nb${'x'.repeat(500)}` } });
    assert.equal(event.kind === 'reply' && event.refusal?.message.length, 200);
    assert.match(event.kind === 'reply' ? (event.refusal?.message ?? '') : '', /^a b/);
  });
});

const reconnect = (params: unknown): PoolEvent => decode({ method: 'client.reconnect', params });

describe('other messages', () => {
  test('client.reconnect', () => {
    const event = { kind: 'reconnect', host: 'other.example', port: 3333, waitSeconds: 0 };
    assert.deepEqual(reconnect(['Other.example', '3333']), event);
    assert.deepEqual(reconnect(['other.example', 3333]), event);
    for (const params of [[], null, ['', '0'], [5, {}]])
      assert.deepEqual(reconnect(params), { kind: 'reconnect', host: null, port: null, waitSeconds: 0 });
    assert.deepEqual(reconnect(['a', '99999', '30']), {
      kind: 'reconnect',
      host: 'a',
      port: null,
      waitSeconds: 30,
    });
  });

  test('messages, pings and what nobody knows', () => {
    assert.deepEqual(decode({ method: 'client.show_message', params: ['hi'] }), {
      kind: 'message',
      id: 'null',
      text: 'hi',
    });
    assert.deepEqual(decode({ id: 'a', method: 'ping' }), { kind: 'ping', id: '"a"' });
    assert.deepEqual(decode({ method: 'mining.notify', params: [] }), {
      kind: 'notice',
      method: 'mining.notify',
    });
    for (const line of ['', 'x', '[]', 'null']) assert.equal(decodePool(line).kind, 'fault');
  });

  test('no line at all throws', () => {
    fc.assert(fc.property(anyText, (text) => void decodePool(text)));
    const value = fc.jsonValue({ maxDepth: 3 });
    const member = fc.oneof(value, anyText, fc.constantFrom(BLOB, 'b88d0600', 'rx/0', 'ghostrider'));
    const object = fc.dictionary(
      fc.constantFrom('blob', 'job_id', 'target', 'algo', 'height', 'seed_hash', 'id', 'x'),
      member,
    );
    fc.assert(fc.property(object, (params) => void decode({ method: 'job', params })));
    fc.assert(
      fc.property(fc.constantFrom('id', 'result', 'error', 'method'), value, object, (name, other, given) => {
        const event = decode({ id: 1, result: { id: 's', job: given }, [name]: other });
        if (event.kind === 'reply') login.read(event.result, event.refusal);
      }),
    );
    const depth = 20_000;
    const deep = '['.repeat(depth) + ']'.repeat(depth);
    decodePool(`{"method":"job","params":{"blob":"${BLOB}","job_id":"1","target":"b88d0600","x":${deep}}}`);
    decodePool(`{"id":1,"result":{"id":"s","job":${deep}}}`);
  });
});

const asJson = (text: string): unknown => JSON.parse(JSON.stringify(text));

const share = (parts: Record<string, string>, poolJobId: string): RelayedShare => ({
  family: 'cryptonote',
  user: 'w',
  poolJobId,
  parts,
});

describe('what we say', () => {
  const subscription: PoolSubscription = { sessionId: '1be0b7b6', extranonce1: '', extranonce2Bytes: 4 };
  const RESULT = 'e1364b8782719d7683e2ccd3d8f724bc59dfa780a9e960e7c0e0046acdb40100';

  test('of a share', () => {
    const given = share(
      { nonce: 'd0030040', result: RESULT, more: ',"algo":"rx/0"' },
      '4BiGm3/RgGQzgkTI/xV0smdA+EGZ',
    );
    assert.equal(
      cryptonotePool.submit(2, given, subscription),
      `{"id":2,"jsonrpc":"2.0","method":"submit","params":{"id":"1be0b7b6","job_id":"4BiGm3/RgGQzgkTI/xV0smdA+EGZ","nonce":"d0030040","result":"${RESULT}","algo":"rx/0"}}\n`,
    );
  });

  test('to stay', () => {
    assert.equal(
      cryptonotePool.keepalive?.(3, subscription),
      '{"id":3,"jsonrpc":"2.0","method":"keepalived","params":{"id":"1be0b7b6"}}\n',
    );
    assert.equal(cryptonotePool.furtherName, null);
    assert.equal(cryptonotePool.suggestDifficulty, null);
  });

  test('in answers', () => {
    for (const line of [
      cryptonotePool.pong('"a"'),
      cryptonotePool.version('"a"', 'é'),
      cryptonotePool.acknowledge('"a"'),
    ]) {
      // oxlint-disable-next-line no-control-regex
      assert.match(line, /^[\u0020-\u007e]+\n$/);
      assert.equal((JSON.parse(line) as { id: unknown }).id, 'a');
    }
  });

  test('gives job ids and sessions back to the letter, in one line of ASCII', () => {
    fc.assert(
      fc.property(anyText, anyText, (id, sessionId) => {
        const line = cryptonotePool.submit(2, share({ nonce: '00000000', result: RESULT, more: '' }, id), {
          ...subscription,
          sessionId,
        });
        // oxlint-disable-next-line no-control-regex
        assert.match(line, /^[\u0020-\u007e]+\n$/);
        const { params } = JSON.parse(line) as { params: Record<string, unknown> };
        assert.deepEqual([params['job_id'], params['id']], [asJson(id), asJson(sessionId)]);
      }),
    );
  });
});
