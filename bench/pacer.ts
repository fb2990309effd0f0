/**
 * A metronome finer than a timer: writes a byte to standard output every so many milliseconds (the first argument, a
 * fraction is fine) until it is killed or nobody reads. Node's own timers tick at 1 ms, which would turn an even load of
 * some thousand shares a second into bursts and hide every latency below a millisecond.
 */
import { writeSync } from 'node:fs';

const periodMs = Number(process.argv[2]);
const still = new Int32Array(new SharedArrayBuffer(4));
const beat = Buffer.from('.');
const endAt = performance.now() + 60_000;
let due = performance.now();

while (performance.now() < endAt) {
  due += periodMs;
  const aheadMs = due - performance.now();
  if (aheadMs > 0) Atomics.wait(still, 0, 0, aheadMs);
  else due -= aheadMs;
  try {
    writeSync(1, beat);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') break;
  }
}
