import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readCommandLine, USAGE, UsageError } from './options.ts';

describe('the command line', () => {
  test('measures CPU at two rates', () => {
    const { bench } = readCommandLine(['relay', '--rate', '5000', '--busy-rate=15000']);
    assert.deepEqual([bench.rate, bench.busyRate], [5_000, 15_000]);
    const usual = readCommandLine([]).bench;
    assert.deepEqual([usual.rate, usual.busyRate], [10_000, 20_000]);
  });

  test('soaks in the full run alone, unless told otherwise', () => {
    assert.deepEqual([seconds(), seconds('--quick')], [150, 0]);
    assert.deepEqual([seconds('--soak-seconds', '0'), seconds('--quick', '--soak-seconds=90')], [0, 90]);
  });

  test('refuses what is no number, out of range or unknown, and says which flag', () => {
    for (const [flag, value] of [
      ['--busy-rate', 'fast'],
      ['--busy-rate', '0'],
      ['--soak-seconds', '10'],
    ] as const)
      assert.throws(
        () => readCommandLine([flag, value]),
        (cause) => cause instanceof UsageError && cause.message.startsWith(`${flag} must be a number`),
      );
    assert.throws(() => readCommandLine(['--busyrate', '1']), UsageError);
  });

  test('says in its help what each flag does', () => {
    for (const flag of ['--rate', '--busy-rate', '--latency-rate', '--soak-seconds', '--rounds', '--targets'])
      assert.match(USAGE, new RegExp(`^  ${flag} `, 'm'));
  });
});

function seconds(...args: readonly string[]): number {
  return readCommandLine(args).bench.size.soakSeconds;
}
