import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { hashesOfDifficulty } from './difficulty.ts';
import { WorkWindow } from './hashrate.ts';

const MINUTES = [1, 5, 15] as const;
/** The newest slot is partial: a window of so many minutes covers at least this much of it. */
const SHORTEST_MS = { 1: 50_000, 5: 290_000, 15: 840_000 } as const;
const SLOT_MS = { 1: 10_000, 5: 10_000, 15: 60_000 } as const;
const SLOTS = { 1: 6, 5: 30, 15: 15 } as const;

const monotonicMs = fc.double({ min: 0, max: 1e9, noNaN: true });

describe('the rate of a steady miner', () => {
  test('is its true rate in every window and at every phase, but for one share', () => {
    const work = 1e12;
    const streams = fc.record({
      startedAtMs: monotonicMs,
      everyMs: fc.double({ min: 300, max: 8000, noNaN: true }),
      askAfterMs: fc.double({ min: 960_000, max: 1_300_000, noNaN: true }),
    });
    fc.assert(
      fc.property(streams, ({ startedAtMs, everyMs, askAfterMs }) => {
        const window = new WorkWindow(startedAtMs);
        const trueHs = (work * 1000) / everyMs;
        for (let t = everyMs; t <= askAfterMs; t += everyMs) window.add(work, startedAtMs + t);
        for (const minutes of MINUTES) {
          const { hs, error } = window.rate(minutes, startedAtMs + askAfterMs);
          assert.ok(
            Math.abs(hs / trueHs - 1) <= everyMs / SHORTEST_MS[minutes] + 1e-9,
            `${minutes} min: ${hs / trueHs}`,
          );
          const expected = Math.sqrt(everyMs / (minutes * 60_000));
          assert.ok(error !== null && Math.abs(error / expected - 1) < 0.25);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('is its true rate from the beginning, since a younger window divides by its age', () => {
    const ages = fc.double({ min: 20_000, max: 900_000, noNaN: true });
    fc.assert(
      fc.property(monotonicMs, ages, (startedAtMs, ageMs) => {
        const window = new WorkWindow(startedAtMs);
        for (let t = 500; t <= ageMs; t += 500) window.add(1e9, startedAtMs + t);
        for (const minutes of MINUTES) {
          const { hs } = window.rate(minutes, startedAtMs + ageMs);
          const spanMs = Math.min(ageMs, SHORTEST_MS[minutes]);
          assert.ok(Math.abs(hs / 2e9 - 1) <= 500 / spanMs + 1e-9, `${minutes} min at ${ageMs}: ${hs}`);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('follows a change within the window', () => {
    const window = new WorkWindow(0);
    for (let t = 1000; t <= 900_000; t += 1000) window.add(1e9, t);
    for (let t = 901_000; t <= 1_000_000; t += 1000) window.add(3e9, t);
    assert.ok(Math.abs(window.rate(1, 1_000_000).hs / 3e9 - 1) < 0.03);
    const five = window.rate(5, 1_000_000).hs;
    assert.ok(five > 1.5e9 && five < 2e9, String(five));
  });
});

describe('the rate of a miner that stops', () => {
  test('falls to nothing, without a share behind it', () => {
    fc.assert(
      fc.property(monotonicMs, fc.double({ min: 900_000, max: 1e9, noNaN: true }), (at, silenceMs) => {
        const window = new WorkWindow(at);
        window.add(1e12, at);
        for (const minutes of MINUTES) {
          assert.deepEqual(window.rate(minutes, at + silenceMs), { hs: 0, error: null });
        }
      }),
    );
  });

  test('leaves the short window first', () => {
    const window = new WorkWindow(0);
    window.add(6e10, 5000);
    assert.equal(window.rate(1, 59_999).hs > 0, true);
    assert.equal(window.rate(1, 60_000).hs, 0);
    assert.equal(window.rate(5, 299_999).hs > 0, true);
    assert.equal(window.rate(5, 300_000).hs, 0);
    assert.equal(window.rate(15, 899_999).hs > 0, true);
    assert.equal(window.rate(15, 900_000).hs, 0);
  });

  test('counts again when it comes back', () => {
    const window = new WorkWindow(0);
    window.add(1e12, 5000);
    assert.equal(window.rate(15, 5_000_000).hs, 0);
    window.add(6e10, 5_000_500);
    const rate = window.rate(1, 5_000_500);
    assert.equal(rate.error, 1);
    assert.ok(Math.abs(rate.hs * 50.5 - 6e10) / 6e10 < 0.02, String(rate.hs));
  });
});

describe('the beginning', () => {
  test('has no rate before the first share', () => {
    const window = new WorkWindow(123);
    for (const minutes of MINUTES) assert.deepEqual(window.rate(minutes, 10_000), { hs: 0, error: null });
  });

  test('a share in the first second counts as one second of work', () => {
    const window = new WorkWindow(10_000);
    window.add(5e9, 10_001);
    assert.equal(window.rate(5, 10_001).hs, 5e9);
    assert.equal(window.rate(5, 12_000).hs, 2.5e9);
  });

  test('the error is one over the root of the shares', () => {
    const window = new WorkWindow(0);
    for (let i = 0; i < 16; i += 1) window.add(1, i * 100);
    assert.equal(window.rate(5, 2000).error, 0.25);
  });

  test('a hundred easy shares do not hide that one hard one is as much work as all of them', () => {
    const window = new WorkWindow(0);
    for (let i = 0; i < 100; i += 1) window.add(1, i);
    assert.equal(window.rate(5, 2000).error, 0.1);
    window.add(100, 1000);
    assert.equal(window.rate(5, 2000).error, Math.sqrt(100 + 100 ** 2) / 200);
  });
});

describe('what a share stands for', () => {
  for (const [difficulty, divider, everySeconds, hs] of [
    [1, 1, 4.294967296, 1e9],
    [512, 1, 1, 512 * 2 ** 32],
    [65_536, 65_536, 1, 2 ** 32],
    [0.001, 1, 1, 4_294_967.296],
    [32, 256, 1, 2 ** 29],
  ] as const) {
    test(`difficulty ${difficulty} with divider ${divider} every ${everySeconds} s`, () => {
      const window = new WorkWindow(0);
      // 65,536/65,535 more than difficulty × 2^32 / divider, as the exact target has it, is within the tolerance.
      for (let t = everySeconds * 1000; t <= 300_000; t += everySeconds * 1000) {
        window.add(hashesOfDifficulty(difficulty, divider), t);
      }
      assert.ok(
        Math.abs(window.rate(5, 300_000).hs / hs - 1) < everySeconds / 280,
        String(window.rate(5, 300_000).hs),
      );
    });
  }
});

test('any shares at any times give what their slots add up to', () => {
  const gaps = fc.array(fc.tuple(fc.nat(200_000), fc.integer({ min: 1, max: 1000 })), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(fc.nat(10_000_000), gaps, fc.nat(1_000_000), (startedAtMs, shares, laterMs) => {
      const window = new WorkWindow(startedAtMs);
      const all: { readonly atMs: number; readonly work: number }[] = [];
      let nowMs = startedAtMs;
      const check = (): void => {
        for (const minutes of MINUTES) {
          const slotMs = SLOT_MS[minutes];
          const fromMs = (Math.floor(nowMs / slotMs) - SLOTS[minutes] + 1) * slotMs;
          const inside = all.filter(({ atMs }) => atMs >= fromMs);
          const work = inside.reduce((sum, share) => sum + share.work, 0);
          const spanMs = Math.max(nowMs - Math.max(fromMs, startedAtMs), 1000);
          assert.deepEqual(window.rate(minutes, nowMs), {
            hs: (work * 1000) / spanMs,
            error:
              work === 0
                ? null
                : Math.sqrt(inside.reduce((total, share) => total + share.work ** 2, 0)) / work,
          });
        }
      };
      for (const [gapMs, work] of shares) {
        nowMs += gapMs;
        window.add(work, nowMs);
        all.push({ atMs: nowMs, work });
        check();
      }
      nowMs += laterMs;
      check();
    }),
  );
});
