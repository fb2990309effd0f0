import { Worker } from 'node:worker_threads';
import { targetsOf } from './fuzz.ts';
import { MOST_INPUT_BYTES } from './fuzz-mutation.ts';
import type { FuzzReport, FuzzWork } from './fuzz-worker.ts';

/** Much longer than any input may take, so that a busy machine is not taken for a parser that hangs. */
const HANG_MS = 20_000;
const LOOK_MS = 500;
const WINDOW_BYTES = 8 + MOST_INPUT_BYTES + 256;

/** Fuzzes in a thread of its own, so that a parser that hangs is seen too. Rejects where one does, naming the input. */
export function fuzz(options: {
  readonly seed: number;
  readonly inputs: number;
  readonly target?: string | undefined;
  readonly mostMs?: number;
}): Promise<FuzzReport> {
  const window = new SharedArrayBuffer(WINDOW_BYTES);
  const targets = targetsOf(options.target).map(({ name }) => name);
  const { seed, inputs, mostMs } = options;
  const workerData: FuzzWork = { seed, inputs, targets, mostMs, window };
  const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), { workerData });
  const counter = new Int32Array(window, 0, 2);
  return new Promise((resolve, reject) => {
    let seen = -1;
    let since = performance.now();
    const watch = setInterval(() => {
      const now = Atomics.load(counter, 0);
      if (now !== seen) {
        seen = now;
        since = performance.now();
      } else if (performance.now() - since > HANG_MS) {
        end(() => reject(new Error(hung(window, counter[1] ?? 0, seed, now))));
      }
    }, LOOK_MS);
    const end = (say: () => void): void => {
      clearInterval(watch);
      void worker.terminate();
      say();
    };
    worker.once('message', (report: FuzzReport) => end(() => resolve(report)));
    worker.once('error', (error) => end(() => reject(error)));
    worker.once('exit', (code) => end(() => reject(new Error(`the thread ended with ${code}`))));
  });
}

function hung(window: SharedArrayBuffer, length: number, seed: number, at: number): string {
  const shown = Buffer.from(window, 8, length).toString('latin1');
  const end = shown.indexOf('\n');
  const target = shown.slice(0, end);
  const input = Buffer.from(shown.slice(end + 1), 'latin1').toString('base64');
  return `${target}, seed ${seed}, input ${at} of all: hangs\n  npm run fuzz -- --target ${target} --replay ${input}`;
}
