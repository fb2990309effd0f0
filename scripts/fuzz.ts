import { parseArgs } from 'node:util';
import { replay, targetsOf, tell } from '../test/support/fuzz.ts';
import { fuzz } from '../test/support/fuzz-crew.ts';
import type { FuzzReport } from '../test/support/fuzz-worker.ts';

/**
 * Feeds detector and decoders with inputs made by chance: `npm run fuzz -- --inputs 10000000 --seed 7 --threads 2 [--target kaspa/pool]`. A failure tells the command that
 * feeds its input again.
 */
const { values } = parseArgs({
  options: {
    /** Of all targets and threads together. */
    inputs: { type: 'string', default: '1000000' },
    /** Any whole number; another one each time unless given. Every thread after the first counts on from it. */
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    threads: { type: 'string', default: '1' },
    /** All whose names contain it. */
    target: { type: 'string' },
    /** One input, base64, and the chance that goes with it. */
    replay: { type: 'string' },
    chance: { type: 'string', default: '0' },
  },
});

/** What the heap may have grown by from when it was warm: a Map more or less, no leak of millions of inputs. */
const MOST_GROWTH_BYTES = 8 * 1024 * 1024;
const MIB = 1024 * 1024;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

if (values.replay === undefined) await run();
else {
  for (const target of targetsOf(values.target)) {
    const problem = replay(target, values.replay, Number(values.chance));
    say(`${target.name}: ${problem ?? 'all that has to hold holds'}`);
    if (problem !== null) process.exitCode = 1;
  }
}

async function run(): Promise<void> {
  const threads = Number(values.threads);
  const begun = performance.now();
  const reports = await Promise.all(
    Array.from({ length: threads }, (_, i) =>
      fuzz({
        seed: Number(values.seed) + i,
        inputs: Math.ceil(Number(values.inputs) / threads),
        target: values.target,
      }),
    ),
  );
  for (const [i, report] of reports.entries()) show(report, Number(values.seed) + i);
  const inputs = reports.flatMap((report) => report.figures).reduce((sum, one) => sum + one.inputs, 0);
  say(`${inputs} inputs in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

function show({ figures, failures, warmHeapBytes, heapBytes }: FuzzReport, seed: number): void {
  say(`seed ${seed}`);
  for (const { target, inputs, seconds, shapes, slowestMs } of figures) {
    const rate = seconds === 0 ? 0 : Math.round(inputs / seconds);
    say(
      `  ${target.padEnd(24)} ${String(inputs).padStart(9)} inputs ${String(rate).padStart(8)}/s ${String(shapes).padStart(5)} shapes  slowest ${slowestMs.toFixed(1)} ms`,
    );
  }
  for (const failure of failures) say(tell(failure));
  const growth = heapBytes - warmHeapBytes;
  say(
    `  heap ${(warmHeapBytes / MIB).toFixed(1)} MiB when warm, ${(heapBytes / MIB).toFixed(1)} MiB at the end`,
  );
  if (growth > MOST_GROWTH_BYTES) say('  the heap has grown: something keeps what it was fed with');
  if (failures.length > 0 || growth > MOST_GROWTH_BYTES) process.exitCode = 1;
}
