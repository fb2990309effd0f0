import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { difficulties, ethashView, SEED, TARGET } from '../../../../test/support/ethash-fixtures.ts';
import { epochOfSeed, seedOfEpoch } from '../../../domain/ethash-seeds.ts';
import {
  difficultyOf,
  ethashShare,
  ethashWork,
  part,
  partsOf,
  readHash,
  readHeight,
  readHex,
  readHexNumber,
  readMore,
  readTarget,
  targetTextOf,
} from './parts.ts';

describe('hex', () => {
  for (const [what, value, expected] of [
    ['as it is', '0a1b', '0a1b'],
    ['in upper case', 'ABCD', 'abcd'],
    ['with 0x', '0xabcd', 'abcd'],
    ['with 0X', '0Xab', 'ab'],
    ['of as many digits as there may be', 'abcdef', 'abcdef'],
    ['of one more', 'abcdef0', null],
    ['of as many, with 0x', '0xabcdef', 'abcdef'],
    ['of one more, with 0x', '0xabcdef0', null],
    ['without digits', '0x', null],
    ['empty', '', null],
    ['with something else', 'xyz', null],
    ['with 0x twice', '0x0xab', null],
    ['as a number', 12, null],
    ['as null', null, null],
  ] as const) {
    test(what, () => assert.equal(readHex(value, 6), expected));
  }

  test('of a hash is exactly 64 digits', () => {
    assert.equal(readHash(`0x${SEED.toUpperCase()}`), SEED);
    assert.equal(readHash(SEED.slice(1)), null);
    assert.equal(readHash(`${SEED}0`), null);
  });

  test('of a number has no leading zeros', () => {
    assert.equal(readHexNumber('0x006526D5'), '6526d5');
    assert.equal(readHexNumber('0'), '0');
    assert.equal(readHexNumber('000'), '0');
    assert.equal(readHexNumber('1'.repeat(13)), null);
  });

  test('of a height may be a JSON number', () => {
    assert.equal(readHeight(6_629_077), '6526d5');
    assert.equal(readHeight(0), '0');
    assert.equal(readHeight('6526D5'), '6526d5');
    for (const value of [-1, 1.5, 2 ** 60, Number.NaN, null, undefined, {}])
      assert.equal(readHeight(value), null);
  });
});

describe('targets', () => {
  for (const { difficulty, target, expected_hashes_per_share: hashes } of difficulties?.values ?? []) {
    test(`difficulty ${difficulty}: the target and what it stands for`, () => {
      const view = { ...ethashView, difficulty: Number(difficulty) };
      assert.equal(targetTextOf(view), target);
      const read = readTarget(`0x${target}`);
      assert.equal(read?.text, target);
      assert.equal(Math.floor(read.hashes), Number(hashes));
      // And back, as a miner of 1.0.0 is told it.
      const told = difficultyOf({ ...view, difficulty: 99, target: read });
      assert.ok(Math.abs(told / Number(difficulty) - 1) < 1e-15, `${told}`);
    });
  }

  test('there are vectors', () => assert.equal(difficulties?.values.length, 5));

  test('of fewer digits are filled up', () => {
    assert.equal(readTarget('0xffff')?.text, 'ffff'.padStart(64, '0'));
    assert.equal(readTarget(TARGET.replace(/^0+/, ''))?.text, TARGET);
  });

  test('that nothing meets, or that are none, are refused', () => {
    for (const value of ['', '0', '0x', '0'.repeat(64), `${TARGET}0`, 'no', 1, null, undefined])
      assert.equal(readTarget(value), null);
  });

  test("a difficulty is passed on unrounded where it is the pool's or ours", () => {
    assert.equal(difficultyOf({ ...ethashView, difficulty: 1.863 }), 1.863);
    assert.equal(
      targetTextOf({ ...ethashView, difficulty: 1.863, target: readTarget('ff') }),
      'ff'.padStart(64, '0'),
    );
  });
});

describe('parts', () => {
  test('leave out what is missing', () => {
    assert.deepEqual(partsOf({ a: null, b: '', c: 'x' }), { b: '', c: 'x' });
  });

  test('that must be there are an error where they are not', () => {
    assert.equal(part({ mix: 'ff' }, 'mix'), 'ff');
    assert.throws(() => part({}, 'mix'), /ethash without mix/);
  });

  test('beyond what is known are kept as JSON, within bounds', () => {
    assert.equal(readMore([]), null);
    assert.equal(readMore([1, 'ü', null, undefined, { a: [] }]), ',1,"\\u00fc",null,null,{"a":[]}');
    assert.equal(readMore(['x'.repeat(1020)])?.length, 1023);
    assert.equal(readMore(['x'.repeat(1030)]), null);
    const nested: unknown = JSON.parse('['.repeat(60_000) + ']'.repeat(60_000));
    assert.equal(readMore([nested]), null);
  });

  test('of another family are a mistake', () => {
    const work = { ...ethashView.work, family: 'kawpow' } as never;
    assert.throws(() => ethashWork(work), /work of kawpow/);
    assert.throws(() => ethashShare({ family: 'kawpow' } as never), /share of kawpow/);
  });
});

describe('seed hashes', () => {
  test('begin with zeros and follow by keccak-256', () => {
    assert.equal(seedOfEpoch('0'), '0'.repeat(64));
    // keccak-256 of 32 zero bytes, the value of the yellow paper's first epoch
    assert.equal(seedOfEpoch('1'), '290decd9548b62a8d60345a988386fc84ba6bc95484008f6362f93160ef3e563');
  });

  test('the one of the NiceHash specification belongs to epoch 50', () => {
    assert.equal(epochOfSeed(SEED), '32');
    assert.equal(seedOfEpoch('32'), SEED);
  });

  test('are known for 2048 epochs', () => {
    const last = seedOfEpoch('7ff');
    assert.ok(last !== null);
    assert.equal(epochOfSeed(last), '7ff');
    assert.equal(seedOfEpoch('800'), null);
    assert.equal(seedOfEpoch('ffffffffffff'), null);
    assert.equal(epochOfSeed('ff'.repeat(32)), null);
  });

  test('go back and forth', () => {
    fc.assert(
      fc.property(fc.nat(2047), (epoch) => {
        const seed = seedOfEpoch(epoch.toString(16));
        assert.ok(seed !== null);
        assert.equal(epochOfSeed(seed), epoch.toString(16));
      }),
    );
  });
});
