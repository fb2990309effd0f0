/**
 * What hashing a share costs, by who hashes: the choice of implementation for `verify`. Run it with `node bench/micro/hash.ts`.
 * All candidates give the same digests; that is checked before anything is timed.
 */
import assert from 'node:assert/strict';
import { createHash, hash as oneShot, randomBytes, scryptSync } from 'node:crypto';
import { scrypt as nobleScrypt } from '@noble/hashes/scrypt.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { createSHA256, scrypt as wasmScrypt } from 'hash-wasm';
import { HEADER_BYTES, HeaderTemplate } from '../../src/domain/block-header.ts';
import { sha256d80, sha256dPair } from '../../src/kit/sha256.ts';
import { type Candidate, checksum, compare, print } from './harness.ts';

const BRANCH = 12;
const header = randomBytes(HEADER_BYTES);
const out = new Uint8Array(32);
const wasm = await createSHA256();

const sha256dBy: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  'node:crypto createHash': (bytes) =>
    createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest(),
  'node:crypto hash (one shot)': (bytes) => oneShot('sha256', oneShot('sha256', bytes, 'buffer'), 'buffer'),
  '@noble/hashes': (bytes) => nobleSha256(nobleSha256(bytes)),
  'hash-wasm': (bytes) => {
    const first = wasm.init().update(bytes).digest('binary');
    return wasm.init().update(first).digest('binary');
  },
};

function ownHeader(bytes: Uint8Array): Uint8Array {
  sha256d80(bytes, out);
  return out;
}

/** The nonce changes from one to the next, as it does from share to share. */
function headers(name: string, sha256d: (bytes: Uint8Array) => Uint8Array): Candidate {
  return {
    name,
    run(iterations) {
      let sum = 0;
      for (let i = 0; i < iterations; i += 1) {
        header.writeUInt32LE(i, 76);
        sum += sha256d(header)[0] ?? 0;
      }
      return sum;
    },
  };
}

const expected = Buffer.from(sha256dBy['node:crypto createHash']?.(header) ?? []);
for (const sha256d of [...Object.values(sha256dBy), ownHeader])
  assert.deepEqual(Buffer.from(sha256d(header)), expected);
print(
  'sha256d of a block header (80 bytes)',
  compare([
    headers('kit/sha256.ts', ownHeader),
    ...Object.entries(sha256dBy).map(([name, sha256d]) => headers(name, sha256d)),
  ]),
);

// ---- the whole proof of a share that comes with an extranonce of its own, as those of fast devices do

const branch = Array.from({ length: BRANCH }, () => randomBytes(32).toString('hex'));
const work = {
  prevHash: randomBytes(32).toString('hex'),
  coinb1: randomBytes(60).toString('hex'),
  coinb2: randomBytes(120).toString('hex'),
  branch,
  nbits: '1d00ffff',
};
const template = new HeaderTemplate(work, { extranonceBytes: 8 });
const coinbase = Buffer.concat([
  Buffer.from(work.coinb1, 'hex'),
  Buffer.alloc(8),
  Buffer.from(work.coinb2, 'hex'),
]);
const steps = branch.map((step) => Buffer.from(step, 'hex'));
const pair = Buffer.alloc(64);

function ownProof(i: number): Uint8Array {
  template.write(header, i.toString(16).padStart(16, '0'), 0x20000000, 1_700_000_000, i);
  sha256d80(header, out);
  return out;
}

function proofBy(sha256d: (bytes: Uint8Array) => Uint8Array): (i: number) => Uint8Array {
  return (i) => {
    coinbase.write(i.toString(16).padStart(16, '0'), 60, 'hex');
    let root = sha256d(coinbase);
    for (const step of steps) {
      pair.set(root);
      pair.set(step, 32);
      root = sha256d(pair);
    }
    header.set(root, 36);
    header.writeUInt32LE(i, 76);
    return sha256d(header);
  };
}

function proofs(name: string, prove: (i: number) => Uint8Array): Candidate {
  let next = 0;
  return {
    name,
    run(iterations) {
      let sum = 0;
      for (let i = 0; i < iterations; i += 1) sum += prove(next++)[0] ?? 0;
      return sum;
    },
  };
}

ownProof(1);
for (const sha256d of Object.values(sha256dBy)) {
  const proof = Buffer.from(ownProof(7));
  // The template has written the fields that the plain assembly leaves alone.
  assert.deepEqual(Buffer.from(proofBy(sha256d)(7)), proof);
}
print(
  `the proof of a share: coinbase of ${coinbase.length} bytes, ${BRANCH} steps of the merkle branch, header`,
  compare([
    proofs('kit/sha256.ts', ownProof),
    ...Object.entries(sha256dBy).map(([name, sha256d]) => proofs(name, proofBy(sha256d))),
  ]),
);

const left = randomBytes(32);
const right = randomBytes(32);
print(
  'one step of the merkle branch (64 bytes)',
  compare([
    {
      name: 'kit/sha256.ts',
      run(iterations) {
        for (let i = 0; i < iterations; i += 1) sha256dPair(left, right, left);
        return left[0] ?? 0;
      },
    },
    {
      name: 'node:crypto hash (one shot)',
      run(iterations) {
        pair.set(right, 32);
        for (let i = 0; i < iterations; i += 1)
          pair.set(oneShot('sha256', oneShot('sha256', pair, 'buffer'), 'buffer'));
        return pair[0] ?? 0;
      },
    },
  ]),
);

// ---- scrypt

const PARAMETERS = { N: 1024, r: 1, p: 1 };
const scryptBy: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  'node:crypto scryptSync': (bytes) => scryptSync(bytes, bytes, 32, PARAMETERS),
  '@noble/hashes': (bytes) => nobleScrypt(bytes, bytes, { ...PARAMETERS, dkLen: 32 }),
};
const scryptOfHeader = Buffer.from(scryptSync(header, header, 32, PARAMETERS));
for (const scrypt of Object.values(scryptBy)) assert.deepEqual(Buffer.from(scrypt(header)), scryptOfHeader);
const hashWasmScrypt = await wasmScrypt({
  password: header,
  salt: header,
  costFactor: 1024,
  blockSize: 1,
  parallelism: 1,
  hashLength: 32,
  outputType: 'binary',
});
assert.deepEqual(Buffer.from(hashWasmScrypt), scryptOfHeader);
print(
  'scrypt (1024, 1, 1) of a block header, in the calling thread',
  compare(
    Object.entries(scryptBy).map(([name, scrypt]) => headers(name, scrypt)),
    { samples: 7, sampleMs: 100 },
  ),
);

/** hash-wasm has a promise only. */
const ROUNDS = 300;
const started = performance.now();
for (let i = 0; i < ROUNDS; i += 1) {
  header.writeUInt32LE(i, 76);
  await wasmScrypt({
    password: header,
    salt: header,
    costFactor: 1024,
    blockSize: 1,
    parallelism: 1,
    hashLength: 32,
    outputType: 'binary',
  });
}
process.stdout.write(`  hash-wasm  ${(((performance.now() - started) * 1e6) / ROUNDS).toFixed(0)} ns\n\n`);
process.stdout.write(`checksum ${checksum()}\n`);
