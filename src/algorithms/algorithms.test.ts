import assert from 'node:assert/strict';
import { createHash, randomBytes, scryptSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { HEADER_BYTES, HeaderTemplate } from '../domain/block-header.ts';
import { difficultyOfHash, hashMeetsTarget, targetOfDifficulty } from '../domain/difficulty.ts';
import { algorithms } from './index.ts';
import { scrypt } from './scrypt.ts';
import { sha256d } from './sha256d.ts';

const load = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../test/vectors/${name}.json`, import.meta.url), 'utf8'));
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');

test('scrypt of the Litecoin genesis header', () => {
  const vector = load('scrypt-litecoin-genesis') as {
    header_hex: string;
    scrypt_raw: string;
    block_target: string;
    stratum_share_difficulty: string;
  };
  const out = new Uint8Array(32);
  scrypt.hashHeader(bytes(vector.header_hex), out);
  assert.equal(hex(out), vector.scrypt_raw);
  assert.ok(hashMeetsTarget(out, bytes(vector.block_target)));
  assert.ok(Math.abs(difficultyOfHash(out, 65536) - Number(vector.stratum_share_difficulty)) < 1e-6);
});

test('sha256d of the header of Bitcoin block 170', () => {
  const { expected } = load('bitcoin-v1-block-170') as {
    expected: { header_hex: string; sha256d_raw: string };
  };
  const out = new Uint8Array(32);
  sha256d.hashHeader(bytes(expected.header_hex), out);
  assert.equal(hex(out), expected.sha256d_raw);
});

describe('every algorithm of the list', () => {
  /** The same function by the crypto library alone; an algorithm that is added brings its line. */
  const oracles: Readonly<Record<string, (header: Buffer) => Buffer>> = {
    sha256d: (header) => createHash('sha256').update(createHash('sha256').update(header).digest()).digest(),
    scrypt: (header) => scryptSync(header, header, 32, { N: 1024, r: 1, p: 1 }),
  };
  for (const algorithm of algorithms) {
    test(`${algorithm.name} reads 80 bytes and writes 32`, () => {
      const oracle = oracles[algorithm.name];
      assert.ok(oracle !== undefined, `no oracle for ${algorithm.name}`);
      for (let round = 0; round < 5; round++) {
        const room = randomBytes(100);
        const before = Buffer.from(room);
        const out = Buffer.alloc(40, 0xee);
        algorithm.hashHeader(room.subarray(7), out);
        assert.deepEqual(out.subarray(0, 32), oracle(room.subarray(7, 87)));
        assert.deepEqual(out.subarray(32), Buffer.alloc(8, 0xee));
        assert.deepEqual(room, before);
      }
    });
  }

  test('names are unique', () => {
    assert.equal(new Set(algorithms.map((algorithm) => algorithm.name)).size, algorithms.length);
  });
});

/** What a recorded dialogue between a third-party miner and a third-party pool holds of interest here. */
interface RecordedShare {
  readonly header: Uint8Array;
  readonly difficulty: number;
  readonly isAccepted: boolean;
}

/** Reads a capture; difficulty is the one in force when the job was sent. */
function readShares(capture: string): RecordedShare[] {
  const text = readFileSync(new URL(`../../test/captures/${capture}.txt`, import.meta.url), 'utf8');
  const shares: RecordedShare[] = [];
  const jobs = new Map<string, { template: HeaderTemplate; difficulty: number; version: number }>();
  const open: { header: Uint8Array; difficulty: number }[] = [];
  let extranonce1 = '';
  let extranonce2Bytes = 0;
  let difficulty = 1;
  for (const [, line = ''] of text.matchAll(/^#1.*? (?:C>S|S>C) (?:\(same segment\) )?(\{.*\})$/gm)) {
    const {
      method,
      params = [],
      result,
    } = JSON.parse(line) as {
      method?: string;
      params?: unknown[];
      result?: unknown;
    };
    if (Array.isArray(result)) [, extranonce1, extranonce2Bytes] = result as [unknown, string, number];
    else if (method === 'mining.set_difficulty') [difficulty] = params as [number];
    else if (method === 'mining.notify') {
      const [id, prevHash, coinb1, coinb2, branch, version, nbits] = params as [
        string,
        string,
        string,
        string,
        string[],
        string,
        string,
      ];
      const extranonceBytes = extranonce1.length / 2 + extranonce2Bytes;
      const template = new HeaderTemplate({ prevHash, coinb1, coinb2, branch, nbits }, { extranonceBytes });
      jobs.set(id, { template, difficulty, version: Number.parseInt(version, 16) });
    } else if (method === 'mining.submit') {
      const [, id, extranonce2, ntime, nonce] = params as [string, string, string, string, string];
      const job = jobs.get(id);
      assert.ok(job !== undefined, `job ${id}`);
      const header = new Uint8Array(HEADER_BYTES);
      const [time, number] = [Number.parseInt(ntime, 16), Number.parseInt(nonce, 16)];
      job.template.write(header, extranonce1 + extranonce2, job.version, time, number);
      open.push({ header, difficulty: job.difficulty });
    } else if (open.length > 0 && method === undefined) {
      const share = open.shift();
      if (share !== undefined) shares.push({ ...share, isAccepted: result === true });
    }
  }
  return shares;
}

describe('shares that third-party pools accepted from third-party miners', () => {
  for (const [capture, algorithm, divider] of [
    ['minerd-scrypt-to-nomp', scrypt, 65536],
    ['minerd-to-ckpool-lhr', sha256d, 1],
    ['cpuminer-opt-to-ckpool-lhr', sha256d, 1],
    ['cpuminer-opt-sha256d-to-nomp-vardiff', sha256d, 1],
  ] as const) {
    test(capture, () => {
      const accepted = readShares(capture).filter(({ isAccepted }) => isAccepted);
      assert.ok(accepted.length > 0);
      const hash = new Uint8Array(32);
      for (const { header, difficulty } of accepted) {
        algorithm.hashHeader(header, hash);
        assert.ok(hashMeetsTarget(hash, targetOfDifficulty(difficulty, divider)), hex(header));
      }
    });
  }
});
