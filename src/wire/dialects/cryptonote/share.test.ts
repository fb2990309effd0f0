import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { RelayedWork } from '../../../domain/job.ts';
import type { Assembled, RelayedShare, ShareFacts } from '../../dialect.ts';
import type { RelayedSubmit } from '../../messages.ts';
import { readJob } from './parts.ts';
import { assembleShare, claimOf } from './share.ts';
import { readTarget } from './target.ts';

interface ShareCase {
  readonly source: string;
  readonly blob: string;
  readonly target: string;
  readonly nonce: string;
  readonly result: string;
  readonly fixed_byte?: string;
  readonly check: { readonly share_difficulty: string; readonly meets_target: boolean };
}

const file = new URL('../../../../test/vectors/cryptonote-share.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { readonly cases: readonly ShareCase[] };

const BLOB = `1010fd9e8ad806${'ab'.repeat(32)}00000000${'cd'.repeat(32)}03`;

function workOf(
  job: { readonly blob?: string; readonly target?: string; readonly algo?: string } = {},
): RelayedWork {
  const work = readJob({ blob: BLOB, job_id: 'p/1+', target: 'b88d0600', ...job }, '');
  assert.ok(typeof work !== 'string');
  return work;
}

function shareOf(nonce: string, result: string): RelayedShare {
  return { family: 'cryptonote', user: 'w', poolJobId: 'p/1+', parts: { nonce, result, more: '' } };
}

/** A hash that ends in these 8 bytes. */
function resultOf(tail: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(tail);
  return '11'.repeat(24) + bytes.toString('hex');
}

describe('what a share claims', () => {
  for (const { source, blob, target, nonce, result, check } of cases) {
    test(source, () => {
      const claim = claimOf(shareOf(nonce, result), workOf({ blob, target }));
      assert.equal(String(Math.floor(claim.hashes)), check.share_difficulty);
      assert.equal(claim.meetsPool, check.meets_target);
      assert.equal(claim.fingerprint, Number.parseInt(nonce, 16));
    });
  }

  test('is held against the target exactly', () => {
    for (const target of ['b88d0600', 'ffffffff', '01000000', 'c4a7d6cd5a000000', '0100000000000000']) {
      const t64 = readTarget(target, null);
      assert.ok(t64 !== null);
      const work = workOf({ target });
      const meets = (tail: bigint): boolean => claimOf(shareOf('00000000', resultOf(tail)), work).meetsPool;
      assert.equal(meets(t64), false, 'equal is not below');
      assert.equal(meets(t64 - 1n), true);
      assert.equal(meets(0n), true);
      assert.equal(meets((1n << 64n) - 1n), false);
    }
  });

  test('is the same as by big integers', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 64n) - 1n), fc.bigInt(1n, (1n << 64n) - 1n), (tail, t64) => {
        const text = Buffer.alloc(8);
        text.writeBigUInt64LE(t64);
        const claim = claimOf(shareOf('01020304', resultOf(tail)), workOf({ target: text.toString('hex') }));
        assert.equal(claim.meetsPool, tail < t64);
        const exact = 2 ** 64 / Number(tail === 0n ? 1n : tail);
        assert.ok(Math.abs(claim.hashes / exact - 1) < 1e-12);
      }),
    );
  });

  test('of rx/yada is held against its plain number', () => {
    const work = workOf({ blob: '00'.repeat(160), target: '00068db8bac710cb', algo: 'rx/yada' });
    assert.equal(claimOf(shareOf('00000000', resultOf(0x68db8bac710can)), work).meetsPool, true);
    assert.equal(claimOf(shareOf('00000000', resultOf(0x68db8bac710cbn)), work).meetsPool, false);
    assert.equal(work.target?.hashes, 10_000);
  });

  test('is told apart by the whole nonce', () => {
    const result = resultOf(1n);
    const [a, b] = ['00000001', '01000000'].map(
      (nonce) => claimOf(shareOf(nonce, result), workOf()).fingerprint,
    );
    assert.notEqual(a, b);
  });
});

const request = (nonce: string): RelayedSubmit => ({
  kind: 'submit',
  family: 'cryptonote',
  id: '2',
  user: '',
  jobId: '3f',
  parts: { nonce, result: resultOf(1n), more: ',"algo":"rx/0"' },
});

const assemble = (nonce: string, lane: string, work: RelayedWork | null): Assembled => {
  const facts: ShareFacts = {
    user: 'w',
    work,
    poolJobId: 'p/1+',
    version: 0,
    ntime: 0,
    extranonce1: '',
    extranonce2Bytes: 0,
    lane,
    versionMask: 0,
    isRolling: false,
    judges: true,
  };
  return assembleShare(request(nonce), facts);
};

describe('a share for the pool', () => {
  test('is what the miner sent under the names of the pool', () => {
    assert.deepEqual(assemble('d00300e5', 'e5', workOf()), {
      kind: 'share',
      share: {
        family: 'cryptonote',
        user: 'w',
        poolJobId: 'p/1+',
        parts: { nonce: 'd00300e5', result: resultOf(1n), more: ',"algo":"rx/0"' },
      },
    });
  });

  const wrong = { kind: 'malformed', problem: 'Invalid nonce; is miner not compatible with NiceHash?' };

  test("has the byte that is the miner's, 00 and ff too", () => {
    for (const lane of ['00', '01', '7f', 'ff']) {
      assert.equal(assemble(`123456${lane}`, lane, workOf()).kind, 'share');
      assert.deepEqual(assemble(`123456${lane === '7f' ? '80' : '7f'}`, lane, workOf()), wrong);
    }
  });

  test('has the byte that the pool has set', () => {
    const work = workOf({ blob: BLOB.replace('00000000', '160000E5') });
    assert.equal(assemble('123456e5', '', work).kind, 'share');
    assert.deepEqual(assemble('123456e6', '', work), wrong);
    // NiceHash's own sample: the byte is in the blob.
    const { blob = '', nonce = '', fixed_byte: byte = '' } = cases[1] ?? {};
    const theirs = workOf({ blob: blob.replace(/00000030(?=26f3)/, `000000${byte}`) });
    assert.equal(assemble(nonce, '', theirs).kind, 'share');
  });

  test('is free where nobody has set one', () => {
    for (const nonce of ['00000000', 'ffffffff']) assert.equal(assemble(nonce, '', workOf()).kind, 'share');
    assert.equal(assemble('ffffffff', '', null).kind, 'share');
  });

  test('of another family is a mistake of ours', () => {
    const { kind, id, user, jobId } = request('00000000');
    const other = { kind, id, user, jobId, family: 'kaspa' as const, parts: {} };
    const facts = { lane: '' } as ShareFacts;
    assert.throws(() => assembleShare(other, facts), /kaspa/);
    assert.throws(() => claimOf({ family: 'kaspa', user, poolJobId: '', parts: {} }, workOf()), /kaspa/);
  });
});
