import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { sha256d80 } from '../kit/sha256.ts';
import {
  HEADER_BYTES,
  HeaderTemplate,
  type HeaderWork,
  rollVersion,
  versionBitsAllowed,
} from './block-header.ts';
import { difficultyOfHash, hashMeetsTarget, targetOfCompact, targetOfDifficulty } from './difficulty.ts';

type NotifyParams = [string, string, string, string, string[], string, string, string, boolean];

interface ShareVector {
  readonly extranonce1: string;
  readonly extranonce2_size: number;
  readonly version_mask?: string;
  readonly difficulty: number;
  readonly notify_params: NotifyParams;
  readonly submit_params: readonly [string, string, string, string, string, string?];
  readonly version_final: string;
  readonly expected: {
    readonly merkle_root_raw: string;
    readonly header_hex: string;
    readonly sha256d_raw: string;
    readonly share_difficulty: string;
    readonly meets_share_target: boolean;
    readonly meets_block_target: boolean;
  };
}
interface AggregationVector {
  readonly upstream: { readonly extranonce1: string; readonly coinb1: string; readonly coinb2: string };
  readonly header_hex: string;
  readonly cases: readonly {
    readonly name: string;
    readonly downstream: { readonly extranonce1: string; readonly coinb1: string; readonly coinb2: string };
    readonly downstream_submit_extranonce2: string;
    readonly upstream_submit_extranonce2: string;
  }[];
}
interface MerkleVector {
  readonly cases: readonly {
    readonly coinb1: string;
    readonly coinb2: string;
    readonly extranonce1: string;
    readonly extranonce2: string;
    readonly branch: readonly string[];
    readonly merkle_root_raw: string;
  }[];
}

const load = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../test/vectors/${name}.json`, import.meta.url), 'utf8'));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const word = (text: string): number => Number.parseInt(text, 16);

function workOf(notify: NotifyParams): HeaderWork {
  return { prevHash: notify[1], coinb1: notify[2], coinb2: notify[3], branch: notify[4], nbits: notify[6] };
}

function headerOf(
  work: HeaderWork,
  extranonce: string,
  version: number,
  ntime: string,
  nonce: string,
): string {
  const template = new HeaderTemplate(work, { extranonceBytes: extranonce.length / 2 });
  const header = new Uint8Array(HEADER_BYTES);
  template.write(header, extranonce, version, word(ntime), word(nonce));
  return hex(header);
}

describe('share vectors', () => {
  for (const name of ['share-version-rolling', 'share-mainnet', 'block-170']) {
    test(name, () => {
      const vector = load(`bitcoin-v1-${name}`) as ShareVector;
      const [, , extranonce2, ntime, nonce, bits] = vector.submit_params;
      const mask = word(vector.version_mask ?? '00000000');
      const version = rollVersion(word(vector.notify_params[5]), mask, word(bits ?? '0'));
      assert.equal(version, word(vector.version_final));
      assert.ok(versionBitsAllowed(word(bits ?? '0'), mask));

      const work = workOf(vector.notify_params);
      const extranonce = vector.extranonce1 + extranonce2;
      const template = new HeaderTemplate(work, { extranonceBytes: extranonce.length / 2 });
      assert.equal(hex(template.merkleRoot(extranonce)), vector.expected.merkle_root_raw);
      const header = new Uint8Array(HEADER_BYTES);
      template.write(header, extranonce, version, word(ntime), word(nonce));
      assert.equal(hex(header), vector.expected.header_hex);

      const hash = new Uint8Array(32);
      sha256d80(header, hash);
      assert.equal(hex(hash), vector.expected.sha256d_raw);
      assert.equal(
        hashMeetsTarget(hash, targetOfDifficulty(vector.difficulty, 1)),
        vector.expected.meets_share_target,
      );
      const network = targetOfCompact(word(work.nbits));
      assert.ok(network !== null);
      assert.equal(hashMeetsTarget(hash, network), vector.expected.meets_block_target);
      assert.ok(Math.abs(difficultyOfHash(hash, 1) - Number(vector.expected.share_difficulty)) < 1e-6);
    });
  }
});

describe('aggregation: what the pool hashes is what the miner hashed', () => {
  const aggregation = load('bitcoin-v1-aggregation') as AggregationVector;
  const rolling = load('bitcoin-v1-share-version-rolling') as ShareVector;
  const work = workOf(rolling.notify_params);
  for (const one of aggregation.cases) {
    test(one.name, () => {
      const { extranonce1, coinb1, coinb2 } = one.downstream;
      const down = extranonce1 + one.downstream_submit_extranonce2;
      assert.equal(
        headerOf({ ...work, coinb1, coinb2 }, down, 0x20002000, '64b3f3ec', 'ed460d91'),
        aggregation.header_hex,
      );
      const up = aggregation.upstream.extranonce1 + one.upstream_submit_extranonce2;
      assert.equal(headerOf(work, up, 0x20002000, '64b3f3ec', 'ed460d91'), aggregation.header_hex);
    });
  }
  test('all six were there', () => assert.equal(aggregation.cases.length, 6));
});

test('merkle vectors', () => {
  const { cases } = load('bitcoin-v1-merkle') as MerkleVector;
  assert.equal(cases.length, 2);
  for (const one of cases) {
    const extranonce = one.extranonce1 + one.extranonce2;
    const template = new HeaderTemplate(
      { ...one, prevHash: '0'.repeat(64), nbits: '1d00ffff' },
      { extranonceBytes: extranonce.length / 2 },
    );
    assert.equal(hex(template.merkleRoot(extranonce)), one.merkle_root_raw);
  }
});

const sha = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/** The header by the crypto library and nothing of ours: the definition in section "assembly" of the dialect, step by step. */
function plainHeader(
  work: HeaderWork,
  extranonce: string,
  version: number,
  ntime: number,
  nonce: number,
): string {
  let root = sha(sha(Buffer.from(work.coinb1 + extranonce + work.coinb2, 'hex')));
  for (const step of work.branch) root = sha(sha(Buffer.concat([root, Buffer.from(step, 'hex')])));
  const header = Buffer.alloc(80);
  header.writeUInt32LE(version, 0);
  Buffer.from(work.prevHash, 'hex').swap32().copy(header, 4);
  root.copy(header, 36);
  header.writeUInt32LE(ntime, 68);
  header.writeUInt32LE(word(work.nbits), 72);
  header.writeUInt32LE(nonce, 76);
  return header.toString('hex');
}

const bytesOf = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength, maxLength }).map(hex);
const words = fc.integer({ min: 0, max: 0xffffffff });

test('any job and any share give the header of the definition, also when roots come from memory', () => {
  const works = fc.record({
    prevHash: bytesOf(32, 32),
    coinb1: bytesOf(0, 300),
    coinb2: bytesOf(0, 300),
    branch: fc.array(bytesOf(32, 32), { maxLength: 14 }),
    nbits: bytesOf(4, 4),
  });
  const shares = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), words, words, words), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(works, fc.integer({ min: 0, max: 20 }), shares, (work, size, list) => {
      const template = new HeaderTemplate(work, { extranonceBytes: size, rootsKept: 2 });
      const header = new Uint8Array(HEADER_BYTES);
      for (const [turn, version, ntime, nonce] of list) {
        const extranonce = turn.toString(16).padStart(2, '0').repeat(size);
        template.write(header, extranonce, version, ntime, nonce);
        assert.equal(hex(header), plainHeader(work, extranonce, version, ntime, nonce));
      }
    }),
    { numRuns: 60 },
  );
});

test('a coin with a single SHA-256 over its coinbase', () => {
  const work = { prevHash: '00'.repeat(32), coinb1: 'aa', coinb2: 'bb', branch: [], nbits: '1d00ffff' };
  const template = new HeaderTemplate(work, { extranonceBytes: 1, coinbaseHash: 'sha256' });
  assert.equal(
    hex(template.merkleRoot('cc')),
    createHash('sha256').update(Buffer.from('aaccbb', 'hex')).digest('hex'),
  );
});

test('an extranonce of another size or alphabet is refused and leaves the template as it was', () => {
  const { notify_params: notify, extranonce1 } = load('bitcoin-v1-share-version-rolling') as ShareVector;
  const template = new HeaderTemplate(workOf(notify), { extranonceBytes: 8 });
  for (const bad of ['', `${extranonce1}c70800`, `${extranonce1}c708000000`, `${extranonce1}c70800zz`]) {
    assert.throws(() => template.merkleRoot(bad), RangeError);
  }
  assert.equal(
    hex(template.merkleRoot(`${extranonce1}c7080000`)),
    '6b5d684a704b4abe62b2375c5326d1fc1dbb61168aff84e920ba28968bf1075f',
  );
});

test('a job whose hex is not hex is refused', () => {
  const work = { prevHash: '00'.repeat(32), coinb1: 'aa', coinb2: 'bb', branch: [], nbits: '1d00ffff' };
  const options = { extranonceBytes: 8 };
  assert.doesNotThrow(() => new HeaderTemplate(work, options));
  for (const bad of [
    { prevHash: '00'.repeat(31) },
    { prevHash: 'zz'.repeat(32) },
    { coinb1: 'abc' },
    { coinb2: 'xy' },
    { branch: ['00'] },
    { nbits: '1d00ff' },
  ]) {
    assert.throws(() => new HeaderTemplate({ ...work, ...bad }, options), RangeError);
  }
});

test('rolled bits stay inside the mask', () => {
  fc.assert(
    fc.property(words, words, words, (job, mask, bits) => {
      const rolled = rollVersion(job, mask, bits);
      assert.equal((rolled & mask) >>> 0, (bits & mask) >>> 0);
      assert.equal((rolled & ~mask) >>> 0, (job & ~mask) >>> 0);
      assert.equal(versionBitsAllowed(bits, mask), (bits & ~mask) >>> 0 === 0);
    }),
  );
});
