import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { builtProgram } from '../scripts/built-program.ts';
import { Bench } from './bench.ts';
import { Children } from './children.ts';
import { spawnPeer } from './control.ts';
import type { LoadCommands } from './load.ts';
import { describeMachine, ensureOpenFiles, openFilesLimit } from './machine.ts';
import { type CommandLine, readCommandLine, USAGE, UsageError } from './options.ts';
import type { PoolCommands } from './pool.ts';
import { isMissed, type ReportInput, toJson, toMarkdown, toRows } from './report.ts';
import type { Scenario } from './scenario.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { TARGETS } from './targets/index.ts';
import type { TargetEnvironment, TargetKind } from './targets/target.ts';

const OLDEST_NODE = 24;

/** Ends with 0 when everything was measured, 1 when a share or a miner was lost (or, with --check, a goal missed), 2 for a wrong command line. */
async function main(): Promise<number> {
  const commandLine = readCommandLine(process.argv.slice(2));
  if (commandLine.help) {
    process.stdout.write(`${USAGE}\nscenarios\n\n`);
    for (const { name, title } of SCENARIOS) process.stdout.write(`  ${name.padEnd(18)} ${title}\n`);
    return 0;
  }
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE)
    throw new UsageError(`Node ${process.version} is too old: start the bench with \`npm run bench\``);
  if (commandLine.nice !== 0) setPriority(commandLine.nice);
  const scenarios = choose('scenario', commandLine.scenarios, SCENARIOS);
  const children = new Children();
  const directory = mkdtempSync(join(tmpdir(), 'stratum-bench-'));
  const cleanUp = (): void => {
    children.killAll();
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', cleanUp);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
  const environment = {
    directory,
    entry: commandLine.entry ?? pathToFileURL(await builtProgram()),
    proxyArguments: commandLine.proxyArguments,
    children,
  };
  const input = await measure(commandLine, scenarios, environment, children);
  const markdown = toMarkdown(input);
  process.stdout.write(commandLine.markdown ? markdown : `\n${markdown}`);
  if (commandLine.jsonFile !== null) writeFileSync(commandLine.jsonFile, toJson(input));
  const anyMissed = toRows(input.metrics, input.values).some(isMissed);
  return input.failures.length > 0 || (commandLine.check && anyMissed) ? 1 : 0;
}

async function measure(
  commandLine: CommandLine,
  scenarios: readonly Scenario[],
  environment: TargetEnvironment,
  children: Children,
): Promise<ReportInput> {
  const { bench: options } = commandLine;
  const machine = describeMachine();
  const kinds = present(choose('target', commandLine.targets, TARGETS), environment);
  ensureOpenFiles(Math.max(0, ...scenarios.map((scenario) => scenario.wishedFiles?.(options.size) ?? 0)));
  const runnable = scenarios.filter((scenario) => hasFiles(scenario, scenario.openFiles(options.size)));
  const pool = spawnPeer<PoolCommands>('the pool', new URL('./pool.ts', import.meta.url), null);
  const load = spawnPeer<LoadCommands>('the load generator', new URL('./load.ts', import.meta.url), null);
  void children.adopt(pool.child);
  void children.adopt(load.child);
  const bench = new Bench({ pool, load, environment, kinds, say }, options);
  const limit = timeLimit(options.size.limitMs + kinds.length * 1_000 * options.size.soakSeconds);
  await bench.tryTargets();
  for (const scenario of runnable) {
    if (limit.isOver()) break;
    say(`${scenario.title} (${scenario.name}) …`);
    const started = performance.now();
    try {
      await Promise.race([scenario.run(bench), limit.passed]);
    } catch (cause) {
      bench.fail(scenario.name, cause instanceof Error ? cause.message : String(cause));
    }
    say(`  ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  return {
    machine,
    settings: {
      rounds: options.size.rounds,
      'shares/s': options.rate,
      'shares/s when busy': options.busyRate,
      'shares/s for latency': options.latencyRate,
      extranonce2: options.pool.extranonce2Size,
      accounts: options.accounts,
      'source addresses': options.sources,
      ...(commandLine.nice === 0 ? {} : { nice: commandLine.nice }),
    },
    metrics: runnable.flatMap((scenario) => scenario.metrics(options.size)),
    kinds: bench.kinds,
    values: bench.values,
    failures: bench.failures,
    warnings: bench.warnings,
  };
}

/** A promise that is rejected when the bench has taken too long; what runs then is abandoned and ends with the process. */
function timeLimit(limitMs: number): { readonly passed: Promise<never>; isOver(): boolean } {
  let over = false;
  const passed = new Promise<never>((_, reject) => {
    setTimeout(() => {
      over = true;
      reject(new Error(`stopped: the bench has taken more than ${limitMs / 1000} s`));
    }, limitMs).unref();
  });
  passed.catch(() => undefined);
  return { passed, isOver: () => over };
}

function choose<T extends { readonly name: string }>(
  what: string,
  names: readonly string[],
  all: readonly T[],
): readonly T[] {
  for (const name of names)
    if (!all.some((each) => each.name === name))
      throw new UsageError(
        `no ${what} is called ${name}; there are ${all.map((each) => each.name).join(', ')}`,
      );
  return names.length === 0 ? all : all.filter((each) => names.includes(each.name));
}

function present(kinds: readonly TargetKind[], environment: TargetEnvironment): readonly TargetKind[] {
  return kinds.filter((kind) => {
    const reason = kind.unavailable(environment);
    if (reason !== null) say(`${kind.label} is skipped: ${reason}`);
    return reason === null;
  });
}

function hasFiles(scenario: Scenario, count: number): boolean {
  if (ensureOpenFiles(count)) return true;
  say(
    `${scenario.name} is skipped: it needs ${count} open files per process and the limit is ${openFilesLimit()} (raise it with \`ulimit -Hn ${count}\` as root)`,
  );
  return false;
}

/** Progress goes to standard error, so that standard output is the table alone. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

try {
  process.exitCode = await main();
} catch (cause) {
  if (!(cause instanceof UsageError)) throw cause;
  say(cause.message);
  process.exitCode = 2;
}
// The pool and the miners keep their channels open; what is left of them ends with this process.
process.exit();
