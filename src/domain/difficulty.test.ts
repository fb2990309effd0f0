import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  difficultyOfHash,
  difficultyOfTarget,
  hashesOfDifficulty,
  hashesOfTarget,
  hashMeetsTarget,
  parseDifficulty,
  targetOfCompact,
  targetOfDifficulty,
  targetOfHashes,
} from './difficulty.ts';

interface DifficultyRow {
  readonly difficulty: string;
  readonly multiplier: number;
  readonly target: string;
  readonly expected_hashes_per_share: string;
}
interface DifficultyVectors {
  readonly bdiff: readonly DifficultyRow[];
  readonly scrypt_family_2_16: readonly DifficultyRow[];
  readonly family_2_8: readonly DifficultyRow[];
  readonly family_2_7: readonly DifficultyRow[];
  readonly nbits: readonly {
    readonly nbits: string;
    readonly target: string;
    readonly network_difficulty: string;
  }[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../../test/vectors/difficulty-target.json', import.meta.url), 'utf8'),
) as DifficultyVectors;
const rows = [...vectors.bdiff, ...vectors.scrypt_family_2_16, ...vectors.family_2_8, ...vectors.family_2_7];

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const toBigInt = (text: string): bigint => BigInt(`0x${text}`);

/** Difficulties over the whole range that pools use, tiny ones of CPU miners and huge ones of scrypt ASICs alike. */
const difficulties = fc
  .tuple(fc.double({ min: 1, max: 10, noNaN: true, maxExcluded: true }), fc.integer({ min: -10, max: 15 }))
  .map(([mantissa, exponent]) => mantissa * 10 ** exponent);
const dividers = fc.constantFrom(1, 128, 256, 65536);
const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('difficulty to target', () => {
  for (const row of rows) {
    test(`difficulty ${row.difficulty} with divider ${row.multiplier}`, () => {
      assert.equal(hex(targetOfDifficulty(row.difficulty, row.multiplier)), row.target);
      assert.equal(hex(targetOfDifficulty(Number(row.difficulty), row.multiplier)), row.target);
      assert.equal(Math.floor(hashesOfTarget(bytes(row.target))), Number(row.expected_hashes_per_share));
    });
  }

  test('a number gives the target of the text it was written as', () => {
    assert.equal(hex(targetOfDifficulty(2.3e-10, 1)), hex(targetOfDifficulty('0.00000000023', 1)));
    assert.equal(hex(targetOfDifficulty(1e15, 1)), hex(targetOfDifficulty('1000000000000000', 1)));
    assert.equal(hex(targetOfDifficulty(1e21, 1)), hex(targetOfDifficulty('1000000000000000000000', 1)));
    assert.equal(hex(targetOfDifficulty('1024.0', 1)), hex(targetOfDifficulty(1024, 1)));
  });

  test('a difficulty that every hash meets is capped, one that none meets is zero', () => {
    assert.equal(hex(targetOfDifficulty(1e-12, 1)), 'f'.repeat(64));
    assert.equal(hex(targetOfDifficulty(1e100, 1)), '0'.repeat(64));
    assert.equal(difficultyOfTarget(new Uint8Array(32), 1), Infinity);
  });

  test('the extremes of a double neither hang nor overflow', () => {
    assert.equal(hex(targetOfDifficulty(5e-324, 1)), 'f'.repeat(64));
    assert.equal(hex(targetOfDifficulty(Number.MAX_VALUE, 1)), '0'.repeat(64));
  });

  for (const bad of [0, -1, Number.NaN, Infinity, '', 'x', '1e9999', '0x10', '.', '0.0', '9'.repeat(500)]) {
    test(`refuses ${String(bad).slice(0, 20) || 'the empty text'}`, () => {
      assert.throws(() => targetOfDifficulty(bad, 1), RangeError);
      assert.equal(parseDifficulty(bad), null);
    });
  }

  test('reads numbers and numeric texts, nothing else', () => {
    assert.equal(parseDifficulty(512), 512);
    assert.equal(parseDifficulty(' 1024.5 '), 1024.5);
    assert.equal(parseDifficulty('2.3e-10'), 2.3e-10);
    for (const bad of [null, undefined, true, [], [1], {}, '1 2']) assert.equal(parseDifficulty(bad), null);
  });

  test('there and back again', () => {
    fc.assert(
      fc.property(difficulties, dividers, (difficulty, divider) => {
        const target = targetOfDifficulty(difficulty, divider);
        // A target is an integer: near the cap and far above 10^15 its own resolution is the limit.
        if (hex(target) === 'f'.repeat(64)) return;
        const back = difficultyOfTarget(target, divider);
        assert.ok(Math.abs(back / difficulty - 1) < 1e-14, `${difficulty} came back as ${back}`);
      }),
    );
  });

  test('the target is the highest that the definition allows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), dividers, (difficulty, divider) => {
        const target = toBigInt(hex(targetOfDifficulty(difficulty, divider)));
        const one = (0xffffn << 208n) * BigInt(divider);
        assert.ok(target * BigInt(difficulty) <= one);
        assert.ok((target + 1n) * BigInt(difficulty) > one);
      }),
    );
  });

  test('a higher difficulty never has a higher target', () => {
    fc.assert(
      fc.property(difficulties, difficulties, dividers, (one, other, divider) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        assert.ok(hex(targetOfDifficulty(high, divider)) <= hex(targetOfDifficulty(low, divider)));
      }),
    );
  });
});

describe('expected hashes to target', () => {
  test('is the inverse of target to expected hashes', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e60, noNaN: true }), (hashes) => {
        const back = hashesOfTarget(targetOfHashes(hashes));
        assert.ok(Math.abs(back / hashes - 1) < 1e-6, `${hashes} ${back}`);
      }),
    );
  });

  test('is exact where the quotient is', () => {
    assert.equal(hex(targetOfHashes(8192)), `0007${'f'.repeat(60)}`);
    assert.equal(hex(targetOfHashes(1)), 'f'.repeat(64));
    assert.equal(hex(targetOfHashes(0.5)), 'f'.repeat(64));
    assert.equal(hex(targetOfHashes(1e-9)), 'f'.repeat(64));
    assert.equal(hex(targetOfHashes(2 ** 255)), `${'0'.repeat(63)}1`);
    assert.equal(hex(targetOfHashes(1e300)), '0'.repeat(64));
  });

  for (const hashes of [0, -1, NaN, Infinity]) {
    test(`is none for ${hashes}`, () => assert.throws(() => targetOfHashes(hashes), RangeError));
  }
});

describe('compact target', () => {
  for (const row of vectors.nbits) {
    test(row.nbits, () => {
      const target = targetOfCompact(Number.parseInt(row.nbits, 16));
      assert.ok(target !== null);
      assert.equal(hex(target), row.target);
      const network = Number(row.network_difficulty);
      assert.ok(Math.abs(difficultyOfTarget(target, 1) - network) <= Math.max(network * 1e-9, 1e-8));
    });
  }

  test('negative and oversized ones are none', () => {
    assert.equal(targetOfCompact(0x1d80ffff), null);
    assert.equal(targetOfCompact(0x2300ffff), null);
    assert.equal(hex(targetOfCompact(0x01120000) ?? new Uint8Array()), `${'0'.repeat(62)}12`);
    assert.equal(hex(targetOfCompact(0x00ffffff & 0x007fffff) ?? new Uint8Array()), '0'.repeat(64));
  });
});

describe('hash against target', () => {
  test('compares as the numbers do', () => {
    fc.assert(
      fc.property(hashes, hashes, fc.integer({ min: 0, max: 32 }), (hash, target, shared) => {
        // Let them agree in the high bytes, or the first comparison decides nearly always.
        for (let i = 0; i < shared; i++) target[i] = hash[31 - i]!;
        const value = toBigInt(hex(hash.toReversed()));
        assert.equal(hashMeetsTarget(hash, target), value <= toBigInt(hex(target)));
      }),
    );
  });

  test('a hash equal to its target meets it, one above does not', () => {
    const target = targetOfDifficulty(1000, 1);
    const hash = target.toReversed();
    assert.equal(hashMeetsTarget(hash, target), true);
    hash[0]! += 1;
    assert.equal(hashMeetsTarget(hash, target), false);
  });

  test('the difficulty of a hash is the one its value has as a target', () => {
    fc.assert(
      fc.property(hashes, dividers, (hash, divider) => {
        const exact = difficultyOfTarget(hash.toReversed(), divider);
        const quick = difficultyOfHash(hash, divider);
        assert.ok(quick === exact || Math.abs(quick / exact - 1) < 1e-13, `${quick} is not ${exact}`);
      }),
    );
    assert.equal(difficultyOfHash(new Uint8Array(32), 1), Infinity);
  });
});

test('work of a share by the convention of pools', () => {
  assert.equal(hashesOfDifficulty(1, 1), 2 ** 32);
  assert.equal(hashesOfDifficulty(1, 65536), 65536);
  const exact = hashesOfTarget(targetOfDifficulty(512, 1));
  assert.ok(Math.abs(exact / hashesOfDifficulty(512, 1) - 65536 / 65535) < 1e-12);
});
