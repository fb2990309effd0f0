import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { seedOfEpoch } from '../../domain/ethash-seeds.ts';
import { silentLog } from '../../kit/log.ts';
import { cacheEpochOf } from './epochs.ts';
import { cacheBytes, datasetBytes } from './light.ts';
import { type MixAnswer, Mixes, type MixQuestion } from './mixes.ts';

const VECTORS = new URL('../../../test/vectors/', import.meta.url);
const light = JSON.parse(readFileSync(new URL('ethash-light.json', VECTORS), 'utf8')) as {
  readonly blocks: readonly {
    readonly epoch: number;
    readonly header: string;
    readonly difficulty: number;
    readonly nonce: string;
    readonly mix: string;
  }[];
  readonly datasetBytes: readonly number[];
};
const nicehash = JSON.parse(readFileSync(new URL('ethash-nicehash-v1.json', VECTORS), 'utf8')) as {
  readonly seedhash: string;
  readonly headerhash: string;
  readonly full_nonce: string;
  readonly mix_hash: string;
  readonly result: string;
};

const seedOf = (epoch: number): string => seedOfEpoch(epoch.toString(16)) ?? '';

function ask(mixes: Mixes, question: MixQuestion): Promise<MixAnswer | null> {
  return new Promise((resolve) => {
    mixes.compute(question, resolve);
  });
}

describe('sizes', () => {
  test('of data sets are those of the appendix', () => {
    assert.deepEqual(
      light.datasetBytes.map((_, epoch) => datasetBytes(epoch)),
      light.datasetBytes,
    );
  });

  test('of caches too', () => {
    assert.equal(cacheBytes(0), 16_776_896);
  });
});

describe('the epoch of a job', () => {
  test('of ethash is that of its seed hash', () => {
    assert.deepEqual(cacheEpochOf('ethash', seedOf(391)), { number: 391, seed: seedOf(391) });
  });

  test('of etchash is twice as long since ECIP-1099, its seed hash the even one', () => {
    assert.deepEqual(cacheEpochOf('etchash', seedOf(389)), { number: 389, seed: seedOf(389) });
    assert.deepEqual(cacheEpochOf('etchash', seedOf(390)), { number: 195, seed: seedOf(390) });
    assert.deepEqual(cacheEpochOf('etchash', seedOf(391)), { number: 195, seed: seedOf(390) });
    assert.deepEqual(cacheEpochOf('etchash', seedOf(392)), { number: 196, seed: seedOf(392) });
  });

  test('of other algorithms, and of seed hashes that are none, is not known', () => {
    assert.equal(cacheEpochOf('ubqhash', seedOf(0)), null);
    assert.equal(cacheEpochOf('progpowz', seedOf(0)), null);
    assert.equal(cacheEpochOf('ethash', 'f'.repeat(64)), null);
  });
});

const never = (): void => assert.fail('there was nothing to wait for');

describe('mix hashes', () => {
  const mixes = new Mixes({ log: silentLog }, { caches: 2 });
  after(() => mixes.close());

  test('of blocks that were mined, on more epochs than are kept', async () => {
    for (const { epoch, header, nonce, mix, difficulty } of [...light.blocks, ...light.blocks]) {
      const answer = await ask(mixes, { algorithm: 'ethash', seed: seedOf(epoch), header, nonce });
      assert.equal(answer?.mix, mix);
      assert.ok(BigInt(`0x${answer?.result}`) <= 2n ** 256n / BigInt(difficulty));
    }
    const answer = await ask(mixes, {
      algorithm: 'etchash',
      seed: nicehash.seedhash,
      header: nicehash.headerhash,
      nonce: nicehash.full_nonce,
    });
    assert.deepEqual(answer, { mix: nicehash.mix_hash, result: nicehash.result });
  });

  test('are prepared for: who asks for a cache hears when it is there', async () => {
    const fresh = new Mixes({ log: silentLog }, { caches: 1 });
    after(() => fresh.close());
    let count = 0;
    const heard = new Promise<void>((resolve) => {
      const hear = (): void => {
        count += 1;
        if (count === 2) resolve();
      };
      assert.equal(fresh.prepare('ethash', seedOf(0), hear), false);
      assert.equal(fresh.prepare('ethash', seedOf(0), hear), false);
    });
    assert.equal(fresh.prepare('ethash', 'f'.repeat(64), never), true);
    assert.equal(fresh.prepare('ubqhash', seedOf(0), never), true);
    await heard;
    assert.equal(fresh.prepare('ethash', seedOf(0), never), true);
    await fresh.close();
    assert.equal(fresh.prepare('ethash', seedOf(1), never), true);
  });

  test('there are none where nothing is to be kept, of another hash, and after the end', async () => {
    const question = { seed: seedOf(0), header: '0'.repeat(64), nonce: '0'.repeat(16) };
    const none = new Mixes({ log: silentLog }, { caches: 0 });
    assert.equal(none.canMix('ethash'), false);
    assert.equal(await ask(none, { ...question, algorithm: 'ethash' }), null);
    assert.equal(mixes.canMix('ubqhash'), false);
    assert.equal(await ask(mixes, { ...question, algorithm: 'ubqhash' }), null);
    const ended = new Mixes({ log: silentLog }, { caches: 1 });
    const waiting = ask(ended, { ...question, algorithm: 'ethash' });
    await ended.close();
    assert.equal(await waiting, null);
    assert.equal(await ask(ended, { ...question, algorithm: 'ethash' }), null);
  });
});
