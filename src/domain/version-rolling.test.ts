import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { rollVersion } from './block-header.ts';
import { rolledBits } from './version-rolling.ts';

const MASK = 0x1fffe000;
const JOB = 0x20000000;
const ROLLED_JOB = 0x20006000;

describe('a pool that granted rolling', () => {
  for (const [what, job, bits, poolBits] of [
    ['rolled bits', JOB, 0x2000, '00002000'],
    ['all of the mask', JOB, MASK, '1fffe000'],
    ['nothing rolled', JOB, 0, '00000000'],
    ['no sixth parameter: the job as it is', JOB, null, '00000000'],
    ['no sixth parameter, bits of the job inside the mask', ROLLED_JOB, null, '00006000'],
    ['the full version of bmminer', JOB, 0x20002000, '00002000'],
    ['the full version, unrolled', ROLLED_JOB, ROLLED_JOB, '00006000'],
  ] as const) {
    test(`gets six parameters for ${what}`, () => {
      assert.deepEqual(rolledBits(job, MASK, bits), { kind: 'bits', poolBits });
    });
  }

  for (const [what, bits] of [
    ['all ones', 0xffffffff],
    ['a bit below the mask', 0x1000],
    ['a bit above it', 0x40000000],
    ['a version of something else', 0x60002000],
  ] as const) {
    test(`gets nothing with bits outside the mask: ${what}`, () => {
      assert.deepEqual(rolledBits(JOB, MASK, bits), { kind: 'outside-mask' });
    });
  }

  const u32 = fc.nat(0xffffffff);

  test('sees the version that the miner hashed, and no bit outside its mask', () => {
    const masks = u32.filter((mask) => mask !== 0);
    const submitted = fc.oneof(u32, fc.constant(null));
    fc.assert(
      fc.property(u32, masks, submitted, fc.boolean(), (job, mask, given, inside) => {
        const bits = given !== null && inside ? (given & mask) >>> 0 : given;
        const rolled = rolledBits(job, mask, bits);
        if (rolled.kind === 'outside-mask') {
          assert.ok(bits !== null && (bits & ~mask) !== 0 && ((bits ^ job) & ~mask) !== 0);
          return;
        }
        assert.match(rolled.poolBits ?? '', /^[0-9a-f]{8}$/);
        const poolBits = Number.parseInt(rolled.poolBits ?? '', 16);
        assert.equal(poolBits & ~mask, 0);
        const atPool = rollVersion(job, mask, poolBits);
        if (bits === null) assert.equal(atPool, job);
        else if ((bits & ~mask) === 0) assert.equal(atPool, rollVersion(job, mask, bits));
        else assert.equal(atPool, bits);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a pool without rolling', () => {
  for (const [what, bits] of [
    ['no sixth parameter', null],
    ['zero, as a Bitaxe always sends', 0],
    ["the job's own version", JOB],
  ] as const) {
    test(`gets five parameters for ${what}`, () => {
      assert.deepEqual(rolledBits(JOB, 0, bits), { kind: 'bits', poolBits: null });
    });
  }

  test('gets nothing where a bit was rolled', () => {
    assert.deepEqual(rolledBits(JOB, 0, 0x2000), { kind: 'outside-mask' });
    assert.deepEqual(rolledBits(JOB, 0, 0x20002000), { kind: 'outside-mask' });
  });
});
