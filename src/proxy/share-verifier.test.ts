import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { algorithms } from '../algorithms/index.ts';
import type { BitcoinWork } from '../domain/job.ts';
import type { IssuedJob } from './issued-job.ts';
import { type ShareProof, ShareVerifier } from './share-verifier.ts';

/** A share of difficulty 512 and more, found on a testnet job by a device that rolls its version. */
const vector = JSON.parse(
  readFileSync(new URL('../../test/vectors/bitcoin-v1-share-version-rolling.json', import.meta.url), 'utf8'),
) as {
  readonly extranonce1: string;
  readonly extranonce2_size: number;
  readonly version_mask: string;
  readonly difficulty: number;
  readonly notify_params: readonly [
    string,
    string,
    string,
    string,
    string[],
    string,
    string,
    string,
    boolean,
  ];
  readonly submit_params: readonly [string, string, string, string, string, string];
};

function prove(version: number, versionBits: string, leastDifficulty = vector.difficulty): ShareProof {
  const [poolJobId, prevHash, coinb1, coinb2, branch, , nbits, ntime] = vector.notify_params;
  const [user, , extranonce2, shareTime, nonce] = vector.submit_params;
  const work: BitcoinWork = {
    family: 'bitcoin',
    poolJobId,
    prevHash,
    coinb1,
    coinb2,
    branch,
    version,
    nbits,
    ntime: Number.parseInt(ntime, 16),
    clean: false,
  };
  const { extranonce1, extranonce2_size: extranonce2Bytes, difficulty } = vector;
  const job = { work, version, difficulty, extranonce1, extranonce2Bytes } as IssuedJob;
  const proofs: ShareProof[] = [];
  new ShareVerifier(algorithms).prove(
    {
      algorithm: { name: 'sha256d', divider: 1 },
      job,
      share: { family: 'bitcoin', user, poolJobId, extranonce2, ntime: shareTime, nonce, versionBits },
      versionMask: Number.parseInt(vector.version_mask, 16),
      leastDifficulty,
    },
    (proof) => proofs.push(proof),
  );
  const [proof, ...more] = proofs;
  assert.ok(proof !== undefined && more.length === 0);
  return proof;
}

describe('a share with rolled version bits', () => {
  test('is hashed as BIP310 says', () => {
    const proof = prove(0x20000000, '00002000');
    assert.ok(proof.difficulty >= 512 && proof.meetsPool);
    assert.equal(proof.versionBits, null);
  });

  test('is hashed as the difference from the job’s version where only that makes it good, and told to the pool as BIP310 says', () => {
    const meant = prove(0x20000000, '00002000');
    assert.deepEqual(prove(0x20006000, '00004000'), { ...meant, versionBits: '00002000' });
  });

  test('that is good in neither way is judged by the first', () => {
    const proof = prove(0x20006000, '00008000');
    assert.ok(proof.difficulty < 512 && !proof.meetsPool);
    assert.equal(proof.versionBits, null);
  });

  test('is not hashed twice where the first reading is enough', () => {
    assert.equal(prove(0x20006000, '00004000', 0).versionBits, null);
  });
});
