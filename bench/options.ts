import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchOptions } from './bench.ts';
import { FULL, QUICK } from './scenario.ts';

export interface CommandLine {
  readonly help: boolean;
  /** Scenarios by name; empty for all. */
  readonly scenarios: readonly string[];
  /** Targets by name; empty for all. */
  readonly targets: readonly string[];
  /** Null: to be built from the sources. */
  readonly entry: URL | null;
  readonly proxyArguments: readonly string[];
  readonly jsonFile: string | null;
  readonly markdown: boolean;
  readonly check: boolean;
  readonly nice: number;
  readonly bench: BenchOptions;
}

/** Thrown for a command line that cannot be understood; the message is for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Measures the proxy against HAProxy in TCP mode and a bare Node relay, on this machine, in one run.

usage: npm run bench -- [scenario …] [flags]

  --quick                a few minutes instead of twenty
  --targets LIST         of direct,bare-relay,haproxy,proxy,shared,verified; those that are not there are skipped (default: all)
  --markdown             print nothing but the table that bench/README.md shows
  --json FILE            every value of every round
  --check                exit with 1 when a goal is missed, too (a lost or refused share always does)
  --rate N               shares per second over all miners while CPU is measured (default 10000)
  --busy-rate N          the same where CPU is measured a second time (default 20000)
  --latency-rate N       the same while latency is measured (default 2000)
  --rounds N             rounds of the alternating scenarios
  --soak-seconds N       how long miners come and go at each target of the soak; 0 for not at all (default 150, with --quick 0)
  --extranonce2 N        bytes of extranonce2 the pool hands out (default 8)
  --difficulty D         difficulty the pool sets (default 2.3e-10, which every hash meets)
  --accounts N           accounts the miners of the proxy are spread over (default 4)
  --sources N            loopback addresses the miners come from (default 1)
  --nice=N               scheduling priority of everything measured, from -20; below 0 as root only, for a machine that is
                         busy with something else (default 0)
  --entry FILE           the proxy's entry point (default: what "npm start" runs, built from the sources)
  --proxy-arg FLAG       a further flag for the proxy, once per word: --proxy-arg=--verify --proxy-arg=never
  --help
`;

/** What is kept on purpose has to be gone before anything can be judged. */
const LEAST_SOAK_SECONDS = 80;
const MAX_RATE = 100_000;

export function readCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parse(args);
  const number = (name: keyof typeof values, fallback: number, least: number, most: number): number => {
    const given = values[name];
    if (given === undefined) return fallback;
    const value = Number(given);
    if (!(value >= least && value <= most))
      throw new UsageError(`--${name} must be a number from ${least} to ${most}, not ${String(given)}`);
    return value;
  };
  const size = values.quick ? QUICK : FULL;
  return {
    help: values.help,
    scenarios: positionals,
    targets: values.targets === undefined ? [] : values.targets.split(','),
    entry: values.entry === undefined ? null : pathToFileURL(resolve(values.entry)),
    proxyArguments: values['proxy-arg'],
    jsonFile: values.json ?? null,
    markdown: values.markdown,
    check: values.check,
    nice: Math.round(number('nice', 0, -20, 19)),
    bench: {
      size: {
        ...size,
        rounds: Math.round(number('rounds', size.rounds, 1, 100)),
        soakSeconds:
          values['soak-seconds'] === '0'
            ? 0
            : number(
                'soak-seconds',
                size.soakSeconds,
                values['soak-seconds'] === undefined ? 0 : LEAST_SOAK_SECONDS,
                86_400,
              ),
      },
      pool: {
        extranonce2Size: Math.round(number('extranonce2', 8, 2, 16)),
        difficulty: number('difficulty', 2.3e-10, Number.MIN_VALUE, Number.MAX_VALUE),
      },
      rate: number('rate', 10_000, 1, MAX_RATE),
      busyRate: number('busy-rate', 20_000, 1, MAX_RATE),
      latencyRate: number('latency-rate', 2_000, 1, MAX_RATE),
      sources: Math.round(number('sources', 1, 1, 250)),
      accounts: Math.round(number('accounts', 4, 1, 1_000)),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        quick: { type: 'boolean', default: false },
        targets: { type: 'string' },
        markdown: { type: 'boolean', default: false },
        json: { type: 'string' },
        check: { type: 'boolean', default: false },
        rate: { type: 'string' },
        'busy-rate': { type: 'string' },
        'latency-rate': { type: 'string' },
        rounds: { type: 'string' },
        'soak-seconds': { type: 'string' },
        extranonce2: { type: 'string' },
        difficulty: { type: 'string' },
        accounts: { type: 'string' },
        nice: { type: 'string' },
        sources: { type: 'string' },
        entry: { type: 'string' },
        'proxy-arg': { type: 'string', multiple: true, default: [] },
      },
    });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause));
  }
}
