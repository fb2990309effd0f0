import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hashesOfT64, readTarget } from '../src/wire/dialects/cryptonote/target.ts';
import { CryptonoteSpeech } from './load/cryptonote.ts';
import { peerBed } from './peer-bed.ts';
import { CryptonoteVoice } from './pool/cryptonote.ts';
import { Ledger } from './pool/voice.ts';

const POOL = { extranonce2Size: 8, difficulty: 1, dialect: 'cryptonote' } as const;
const RUN = { durationMs: 200, rate: 1_000, drainMs: 400 };

describe('cryptonote miners on the pool', () => {
  const bed = peerBed();

  async function open(group: string, port: number, count: number): Promise<void> {
    const opened = await bed.load.ask('open', {
      group,
      host: '127.0.0.1',
      port,
      count,
      users: ['someone'],
      atOnce: count,
      sources: 1,
      timeoutMs: 5_000,
      dialect: 'cryptonote',
    });
    assert.deepEqual({ ready: opened.ready, failures: opened.failures }, { ready: count, failures: {} });
  }

  test('get every share accepted, and the pool has counted the same', async () => {
    const port = await bed.pool.ask('listen', POOL);
    await open('rate', port, 20);
    const ran = await bed.load.ask('run', { group: 'rate', ...RUN });
    assert.deepEqual([ran.sent, ran.accepted, ran.failures], [200, 200, {}]);
    const { authorized, accepted, refused } = await bed.pool.ask('counts', { port });
    assert.deepEqual([authorized, accepted, refused], [20, 200, 0]);
    await bed.load.ask('close', { group: 'rate' });
  });

  test('all see a new job, and submit for it', async () => {
    const port = await bed.pool.ask('listen', POOL);
    await open('job', port, 15);
    for (let i = 0; i < 10; i++) {
      await bed.load.ask('watchJob', { group: 'job' });
      const { marker } = await bed.pool.ask('job', { port });
      const seen = await bed.load.ask('jobSeen', { group: 'job', marker, timeoutMs: 2_000 });
      assert.deepEqual([seen.received, seen.missing], [15, 0]);
    }
    // The first job is too old for the pool by now: shares for it would be refused.
    const ran = await bed.load.ask('run', { group: 'job', ...RUN });
    assert.deepEqual(ran.failures, {});
    await bed.load.ask('close', { group: 'job' });
  });

  test('send shares that miss the target when told to: each is refused', async () => {
    const port = await bed.pool.ask('listen', POOL);
    await open('unworthy', port, 5);
    const ran = await bed.load.ask('run', { group: 'unworthy', ...RUN, mayRefuse: true, isUnworthy: true });
    assert.deepEqual([ran.sent, ran.accepted, ran.refused, ran.failures], [200, 0, 200, {}]);
    const { firstRefusal, accepted } = await bed.pool.ask('counts', { port });
    assert.deepEqual([firstRefusal, accepted], ['Low difficulty share', 0]);
    await bed.load.ask('close', { group: 'unworthy' });
  });
});

interface Submit {
  readonly params: Readonly<Record<'id' | 'job_id' | 'nonce' | 'result' | 'algo', string | undefined>>;
}

const BLOB = `1010c0b8a5bd06${'a5'.repeat(32)}000000c7${'3c'.repeat(32)}1a`;

function loggedIn(target: string): CryptonoteSpeech {
  const speech = new CryptonoteSpeech({ user: 'name.w1', resume: '' });
  const job = `{"blob":"${BLOB}","job_id":"2a","target":"${target}","algo":"rx/0"}`;
  const heard = speech.read(
    `{"id":1,"jsonrpc":"2.0","error":null,"result":{"id":"s1","job":${job},"extensions":["algo","nicehash"],"status":"OK"}}`,
  );
  assert.deepEqual(heard, { kind: 'logged-in', hasJob: true });
  return speech;
}

/** Hashes that such a result takes, by the definition of the target. */
function worthOf(result: string): number {
  const value = Buffer.from(result.slice(48), 'hex').readBigUInt64LE();
  return hashesOfT64(value === 0n ? 1n : value);
}

describe('a made-up share', () => {
  test('keeps the byte of the blob, counts before it, and meets the target it was given', () => {
    // 1,000 and 10,000,000 hashes.
    for (const target of ['37894100', 'caab297fad010000']) {
      const speech = loggedIn(target);
      const needed = hashesOfT64(readTarget(target, 'rx/0') ?? 1n);
      for (const nonce of ['000001c7', '000002c7']) {
        const { params } = JSON.parse(speech.submit(3, true)) as Submit;
        assert.deepEqual([params.id, params.job_id, params.nonce, params.algo], ['s1', '2a', nonce, 'rx/0']);
        const { result = '' } = params;
        assert.match(result, /^[0-9a-f]{64}$/);
        assert.ok(worthOf(result) >= needed, `${worthOf(result)} of ${needed}`);
      }
      const { params } = JSON.parse(speech.submit(4, false)) as Submit;
      assert.ok(worthOf(params.result ?? '') < needed);
    }
  });

  test('is refused where its miner is told so in the words of the dialect', () => {
    const heard = loggedIn('37894100').read(
      '{"id":3,"jsonrpc":"2.0","error":{"code":-1,"message":"Low difficulty share"}}',
    );
    assert.deepEqual(heard, {
      kind: 'answer',
      id: 3,
      isAccepted: false,
      words: '{"code":-1,"message":"Low difficulty share"}',
    });
  });
});

describe('the pool', () => {
  test('refuses what is not of its session, its jobs or the form of a share', () => {
    const ledger = new Ledger();
    const voice = new CryptonoteVoice(ledger);
    voice.nextJob(7, 'a5a500000007');
    const guest = { number: 3, isAuthorized: false };
    const submit = (change: Partial<Submit['params']>): string => {
      const params = {
        id: 'cabf4432-c001-44fd-a5cd-000000000003',
        job_id: '0000000000000007',
        nonce: '00000100',
        result: '0'.repeat(64),
        ...change,
      };
      return voice.answer(guest, JSON.stringify({ id: 9, method: 'submit', params }));
    };
    assert.match(submit({}), /Unauthenticated/);
    assert.match(voice.answer(guest, '{"id":1,"method":"login","params":{}}'), /"status":"OK"/);
    assert.equal(submit({}), '{"id":9,"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}\n');
    assert.match(submit({ id: 'another' }), /Unauthenticated/);
    assert.match(submit({ job_id: '6' }), /Invalid job id/);
    assert.match(submit({ nonce: '0001' }), /Malformed nonce/);
    assert.match(submit({ nonce: '000000AB' }), /Malformed nonce/);
    assert.match(submit({ result: 'f' }), /Malformed result/);
    assert.match(submit({ result: 'f'.repeat(64) }), /Low difficulty share/);
    assert.deepEqual([ledger.accepted, ledger.refused, ledger.firstRefusal], [1, 7, 'Unauthenticated']);
  });
});
