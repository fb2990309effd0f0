import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { hashesOfT64, readTarget, swap32, target4, target8, writeTarget } from './target.ts';

interface Vectors {
  readonly decode: readonly {
    readonly target: string;
    readonly t64_hex: string;
    readonly difficulty: string;
  }[];
  readonly encode: readonly {
    readonly difficulty: number;
    readonly target8: string;
    readonly target8_effective_difficulty: string;
    readonly target4?: string;
    readonly target4_effective_difficulty?: string;
  }[];
}

const file = new URL('../../../../test/vectors/cryptonote-target.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

function hashesOf(target: string): number {
  const t64 = readTarget(target, null);
  assert.ok(t64 !== null);
  return hashesOfT64(t64);
}

describe('a target', () => {
  for (const { target, t64_hex: t64, difficulty } of vectors.decode) {
    test(`${target} is ${difficulty} hashes`, () => {
      assert.equal(readTarget(target, 'rx/0')?.toString(16).padStart(16, '0'), t64);
      assert.equal(String(hashesOf(target)), difficulty);
    });
  }

  for (const row of vectors.encode) {
    test(`of ${row.difficulty} hashes`, () => {
      assert.equal(target8(BigInt(row.difficulty)), row.target8);
      assert.equal(String(hashesOf(row.target8)), row.target8_effective_difficulty);
      if (row.target4 === undefined) return;
      assert.equal(target4(row.difficulty), row.target4);
      assert.equal(String(hashesOf(row.target4)), row.target4_effective_difficulty);
    });
  }

  test('has 4 bytes as long as they are exact to a thousandth, then 8', () => {
    assert.equal(writeTarget(10_000, null), 'b88d0600');
    assert.equal(writeTarget(4_000_000, 'rx/0'), '31040000');
    assert.equal(writeTarget(2 ** 22, 'rx/0').length, 8);
    assert.equal(writeTarget(2 ** 22 + 1, 'rx/0').length, 16);
    assert.equal(writeTarget(100_000_000_000, 'rx/0'), 'f0bffe0a00000000');
    assert.equal(hashesOf(writeTarget(3e9, 'rx/0')), 3e9);
  });

  test('never asks for less than was meant, whatever was meant', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2 ** 53, noNaN: true }), (hashes) => {
        const written = hashesOf(writeTarget(hashes, null));
        assert.ok(written >= hashes, `${written} < ${hashes}`);
        assert.ok(written <= Math.max(1, Math.ceil(hashes)) * 1.001, `${written} for ${hashes}`);
      }),
    );
    assert.equal(writeTarget(0, null), 'ffffffff');
    assert.equal(writeTarget(Infinity, null), '0100000000000000');
  });

  test('of rx/yada is a number as one reads it, both ways', () => {
    assert.equal(readTarget('00068db8bac710cb', 'rx/yada'), 0x68db8bac710cbn);
    assert.equal(readTarget('68db8bac710cb', 'RandomX/yada'), 0x68db8bac710cbn);
    assert.equal(writeTarget(10_000, 'rx/yada'), '00068db8bac710cb');
    assert.equal(readTarget('', 'rx/yada'), null);
    assert.equal(readTarget('00'.repeat(9), 'rx/yada'), null);
  });

  for (const bad of ['', '00000000', '0000000000000000', 'b88d06', 'b88d0600ff', 'b88d060g', '0xb88d06']) {
    test(`${JSON.stringify(bad)} is none`, () => assert.equal(readTarget(bad, null), null));
  }

  test('bytes change their order', () => {
    assert.equal(swap32(0x12345678), 0x78563412);
    assert.equal(swap32(0xff), 0xff000000);
    fc.assert(fc.property(fc.nat(0xffffffff), (value) => assert.equal(swap32(swap32(value)), value)));
  });
});
