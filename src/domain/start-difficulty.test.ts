import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { hashesOfDifficulty } from './difficulty.ts';
import { type StartFacts, startDifficulty, withWishes } from './start-difficulty.ts';
import { DEFAULT_VARDIFF, powerOfTwoAtMost, vardiffBounds } from './vardiff.ts';

const SHA256D = 1;
const SCRYPT = 65_536;
const NOTHING: StartFacts = {
  lastRateHs: null,
  agent: '',
  wished: null,
  policy: DEFAULT_VARDIFF,
  divider: SHA256D,
};

/** The rate in H/s that has the measuring pace at this difficulty, within a factor of two upwards. */
function rateOf(difficulty: number, divider: number): number {
  return (hashesOfDifficulty(difficulty, divider) / 60) * DEFAULT_VARDIFF.measureSharesPerMinute;
}

describe('an agent seen in the field', () => {
  for (const [agent, rateHs] of [
    ['NerdMinerV2/V1.8.3', 200e3],
    ['HAN_SOLOminer/V1.8.3', 200e3],
    ['SparkMiner/v2.9.5', 200e3],
    ['ESP32s3-Taco/1.1', 200e3],
    ['Antminer S21/Fri Oct 11 16:34:48 CST 2024', 200e12],
    ['Antminer S21|LUXminer 2026.3.2.193145-42668da4d|BHB68606|Unknown|Unknown|altairtech', 200e12],
    ['Antminer S21+ Hyd./Wed Apr 2 20:27:32 CST 2025', 335e12],
    ['Antminer S19j Pro+/Wed Jun 28 17:54:07 CST 2023', 110e12],
    ['2022-09-27-0-26ba61b9-22.08.1-plus;bosminer-plus-am1-s9 0.9.0-26ba61b9', 13.5e12],
    ['bmminer/2.0.0/Antminer S9/14000', 13.5e12],
    ['whatsminer/v1.1', 110e12],
  ] as const) {
    test(`${agent}: starts at the measuring pace of ${rateHs} H/s`, () => {
      const { difficulty, basis, leastReported } = startDifficulty({ ...NOTHING, agent });
      assert.equal(basis, 'agent');
      assert.equal(leastReported, null);
      assert.ok(
        rateOf(difficulty, SHA256D) <= rateHs && rateHs < 2 * rateOf(difficulty, SHA256D),
        `${difficulty}`,
      );
    });
  }

  for (const agent of [
    'bitaxe/BM1366/v2.8.1-LV07',
    'bitaxe/BM1370/v2.13.0',
    'NerdAxe/BM1366/v1.0.36',
    'LuckyMiner/BM1368/v1.0.0',
    'Bitaxe',
  ]) {
    test(`${agent}: starts where its chips report, not below`, () => {
      assert.deepEqual(startDifficulty({ ...NOTHING, agent }), {
        difficulty: 256,
        basis: 'agent',
        leastReported: 256,
      });
    });
  }

  test('boards of several chips are told from their chip', () => {
    const [gamma, four, eight] = [
      'bitaxe/BM1370/v2.13.0',
      'NerdQAxe++/BM1370/v1.0.36',
      'NerdOCTAXE-γ/BM1370/v1.0.36',
    ]
      .map((agent) =>
        startDifficulty({ ...NOTHING, agent, policy: { ...DEFAULT_VARDIFF, measureSharesPerMinute: 6 } }),
      )
      .map(({ difficulty }) => difficulty);
    assert.deepEqual([gamma, four, eight], [2048, 8192, 16_384]);
  });

  for (const [agent, rateHs] of [
    ['Antminer L3+/Mon', 504e6],
    ['Antminer L7/Tue Jun 24 16:41:27 CST 2025', 9.5e9],
    ['Antminer L9', 16e9],
    ['Antminer L11 Hyd.', 20e9],
    ['volcminer/1.0', 14e9],
  ] as const) {
    test(`${agent}: on scrypt ${rateHs} H/s`, () => {
      const { difficulty, basis } = startDifficulty({ ...NOTHING, agent, divider: SCRYPT });
      assert.equal(basis, 'agent');
      assert.ok(
        rateOf(difficulty, SCRYPT) <= rateHs && rateHs < 2 * rateOf(difficulty, SCRYPT),
        `${difficulty}`,
      );
    });
  }

  test('programs that run on anything, and agents unknown, are a guess', () => {
    for (const agent of [
      'cpuminer-opt-25.5-x64W',
      'cgminer/4.11.1',
      'bmminer/2.0.0',
      'xminer-1.2.6-hf3',
      'NiceHash/1.0.0',
      'x/1',
      '',
    ]) {
      for (const divider of [SHA256D, SCRYPT]) {
        assert.equal(startDifficulty({ ...NOTHING, agent, divider }).basis, 'guess', agent);
      }
    }
    assert.equal(
      startDifficulty({ ...NOTHING, agent: 'NerdMinerV2/V1.8.3', divider: SCRYPT }).basis,
      'guess',
    );
  });

  test('the same program starts by hashes, not by difficulty: its scrypt is a thousand times slower', () => {
    const agent = 'cpuminer/2.5.1';
    const [sha256d, scrypt] = [SHA256D, SCRYPT].map((divider) => {
      return rateOf(startDifficulty({ ...NOTHING, agent, divider }).difficulty, divider);
    });
    assert.ok(sha256d! / scrypt! > 300 && sha256d! / scrypt! < 3000);
  });
});

describe('what is known better comes first', () => {
  test('a rate before a wish before the agent', () => {
    const all: StartFacts = { ...NOTHING, lastRateHs: 1e12, wished: 1000, agent: 'NerdMinerV2/V1.8.3' };
    // 1 TH/s finds 6 shares a minute at difficulty 2328.
    assert.deepEqual(startDifficulty(all), { difficulty: 2048, basis: 'rate', leastReported: null });
    assert.deepEqual(startDifficulty({ ...all, lastRateHs: null }), {
      difficulty: 512,
      basis: 'wish',
      leastReported: null,
    });
    assert.equal(startDifficulty({ ...all, lastRateHs: null, wished: null }).basis, 'agent');
  });

  test('a wish below 1 is a fraction that is a power of two', () => {
    assert.equal(startDifficulty({ ...NOTHING, wished: 0.00015 }).difficulty, 2 ** -13);
  });

  test('rates and wishes that are none are passed over', () => {
    for (const odd of [0, -1, Number.NaN, Infinity]) {
      assert.equal(startDifficulty({ ...NOTHING, lastRateHs: odd, wished: odd }).basis, 'guess');
    }
  });

  test('a fixed value is taken as it is', () => {
    const policy = withWishes(DEFAULT_VARDIFF, { floor: null, fixed: 1000 });
    assert.equal(startDifficulty({ ...NOTHING, lastRateHs: 1e15, policy }).difficulty, 1000);
    const capped = { ...policy, maxDifficulty: 700 };
    assert.equal(startDifficulty({ ...NOTHING, policy: capped }).difficulty, 700);
  });
});

describe('wishes of the miner', () => {
  test('raise the floor, never lower it, and leave the cap', () => {
    const policy = { ...DEFAULT_VARDIFF, minDifficulty: 16, maxDifficulty: 4096 };
    assert.equal(withWishes(policy, { floor: 1024, fixed: null }).minDifficulty, 1024);
    assert.equal(withWishes(policy, { floor: 2, fixed: null }).minDifficulty, 16);
    assert.equal(withWishes(policy, { floor: null, fixed: null }).minDifficulty, 16);
    assert.equal(withWishes(DEFAULT_VARDIFF, { floor: null, fixed: null }).minDifficulty, null);
    const high = withWishes(policy, { floor: 1e6, fixed: null });
    assert.deepEqual(vardiffBounds(high), { lowest: 4096, highest: 4096 });
  });

  test('a floor between two powers of two is kept by the higher one, or by itself under a cap', () => {
    const rented = { ...DEFAULT_VARDIFF, minDifficulty: 500_000 };
    assert.equal(vardiffBounds(rented).lowest, 524_288);
    assert.deepEqual(vardiffBounds({ ...rented, maxDifficulty: 510_000 }), {
      lowest: 500_000,
      highest: 500_000,
    });
    assert.equal(
      startDifficulty({ ...NOTHING, agent: 'NiceHash/1.0.0', policy: rented }).difficulty,
      524_288,
    );
  });
});

test('whatever is known, the start is within the bounds and a power of two', () => {
  const any = fc.option(fc.double({ min: -12, max: 18, noNaN: true }).map((exponent) => 10 ** exponent));
  fc.assert(
    fc.property(
      any,
      any,
      any,
      any,
      fc.string(),
      fc.constantFrom(1, 32, 256, 65_536),
      (lastRateHs, wished, min, max, agent, divider) => {
        const policy = { ...DEFAULT_VARDIFF, minDifficulty: min, maxDifficulty: max };
        const { difficulty } = startDifficulty({ lastRateHs, wished, policy, agent, divider });
        const { lowest, highest } = vardiffBounds(policy);
        assert.ok(difficulty >= lowest && difficulty <= highest && difficulty <= (max ?? Infinity));
        assert.ok(difficulty === powerOfTwoAtMost(difficulty) || difficulty === min);
      },
    ),
  );
});
