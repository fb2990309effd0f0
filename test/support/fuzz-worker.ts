import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Fuzzer, type FuzzFailure, type FuzzFigures, targetsOf } from './fuzz.ts';

/** What a thread that fuzzes is started with. */
export interface FuzzWork {
  readonly seed: number;
  /** Of all its targets together. */
  readonly inputs: number;
  readonly targets: readonly string[];
  /** How long an input may take; absent: as long as on a machine that has nothing else to do. */
  readonly mostMs?: number | undefined;
  /** Four bytes of a counter of inputs, four of the length of the one that is being fed, then its target, a line feed and it. */
  readonly window: SharedArrayBuffer;
}

/** What it says when it is done, or when something does not hold. */
export interface FuzzReport {
  readonly figures: readonly FuzzFigures[];
  readonly failures: readonly FuzzFailure[];
  /** Bytes of the thread's heap after a collection: when caches and kept inputs had come, and at the end. */
  readonly warmHeapBytes: number;
  readonly heapBytes: number;
}

/** Rounds that the inputs are split into, the targets taking turns: after some of them the heap is measured for the first time. */
const ROUNDS = 10;
const WARM_ROUNDS = 3;
const HEAD_BYTES = 8;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

function work({ seed, inputs, targets, mostMs, window }: FuzzWork): FuzzReport {
  const counter = new Int32Array(window, 0, 2);
  const shown = Buffer.from(window, HEAD_BYTES);
  const watch = {
    began(input: string, target: string): void {
      counter[1] = shown.write(`${target}\n${input}`, 'latin1');
      Atomics.add(counter, 0, 1);
    },
  };
  const fuzzers = targets
    .flatMap((name) => targetsOf(name).filter((target) => target.name === name))
    .map((target) => new Fuzzer(target, seed, mostMs));
  const failures: FuzzFailure[] = [];
  const failed = new Set<Fuzzer>();
  let warmHeapBytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round === WARM_ROUNDS) warmHeapBytes = heapBytes();
    for (const fuzzer of fuzzers) {
      if (failed.has(fuzzer)) continue;
      const failure = fuzzer.run(Math.ceil(inputs / targets.length / ROUNDS), watch);
      if (failure === null) continue;
      failed.add(fuzzer);
      failures.push(failure);
    }
  }
  return {
    figures: fuzzers.map((fuzzer) => fuzzer.figures),
    failures,
    warmHeapBytes,
    heapBytes: heapBytes(),
  };
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread has none
parentPort?.postMessage(work(workerData as FuzzWork));
