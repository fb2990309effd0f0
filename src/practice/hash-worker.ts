import { parentPort } from 'node:worker_threads';
import type { FromHashThread, ToHashThread } from './hash-threads.ts';
import { practiceAlgorithms } from './practice-algorithms.ts';
import { SearchTask } from './search-task.ts';

/**
 * The thread that hashes, for several miners in turn. Between two slices it reads its messages, so a new job pre-empts the search
 * within milliseconds.
 */

/** How long a slice of one miner may take. */
const SLICE_US = 3000;
/** Pause when every miner is within its rate. */
const IDLE_MS = 15;
/** Unused rate is kept no longer than this, so that nobody makes up for a pause. */
const BURST_MS = 100;
const REPORT_MS = 100;

interface Slot {
  readonly number: number;
  readonly limitHs: number;
  task: SearchTask | null;
  /** Hashes it may still do. */
  allowance: number;
  refilledAtMs: number;
  unreported: number;
  reportedAtMs: number;
}

const port = parentPort;
if (port === null) throw new Error('hash-worker runs as a worker thread only');
const slots = new Map<number, Slot>();
let running = false;

function post(message: FromHashThread): void {
  port?.postMessage(message);
}

function report(slot: Slot, nowMs: number): void {
  slot.reportedAtMs = nowMs;
  if (slot.unreported === 0) return;
  post({ kind: 'hashes', slot: slot.number, count: slot.unreported });
  slot.unreported = 0;
}

function sliceOf(task: SearchTask): number {
  const { costUs } = practiceAlgorithms[task.order.algorithm].algorithm;
  return Math.max(1, Math.floor(SLICE_US / costUs));
}

/** Hashes for this slot in this turn: its slice, cut to what its rate allows. */
function allowedOf(slot: Slot, slice: number, nowMs: number): number {
  if (slot.limitHs === Infinity) return slice;
  const most = Math.max(1, (slot.limitHs * BURST_MS) / 1000);
  slot.allowance = Math.min(most, slot.allowance + ((nowMs - slot.refilledAtMs) * slot.limitHs) / 1000);
  slot.refilledAtMs = nowMs;
  const count = Math.min(slice, Math.floor(slot.allowance));
  slot.allowance -= count;
  return count;
}

function turn(): void {
  let searching = 0;
  let busy = false;
  for (const slot of slots.values()) {
    const { task } = slot;
    if (task === null) continue;
    searching += 1;
    const nowMs = performance.now();
    const slice = sliceOf(task);
    const count = allowedOf(slot, slice, nowMs);
    if (count > 0) task.run(count, (share) => post({ kind: 'share', slot: slot.number, share }));
    busy ||= count === slice;
    slot.unreported += count;
    if (nowMs - slot.reportedAtMs >= REPORT_MS) report(slot, nowMs);
  }
  running = searching > 0;
  if (!running) return;
  if (busy) setImmediate(turn);
  else setTimeout(turn, IDLE_MS);
}

function wake(): void {
  if (running) return;
  running = true;
  setImmediate(turn);
}

port.on('message', (message: ToHashThread) => {
  const slot = slots.get(message.slot);
  switch (message.kind) {
    case 'open': {
      const nowMs = performance.now();
      slots.set(message.slot, {
        number: message.slot,
        limitHs: message.limitHs,
        task: null,
        allowance: 0,
        refilledAtMs: nowMs,
        unreported: 0,
        reportedAtMs: nowMs,
      });
      break;
    }
    case 'search':
      if (slot === undefined) break;
      slot.task = new SearchTask(message.order);
      slot.refilledAtMs = Math.max(slot.refilledAtMs, performance.now() - BURST_MS);
      wake();
      break;
    case 'pause':
      if (slot === undefined) break;
      slot.task = null;
      report(slot, performance.now());
      break;
    case 'close':
      slots.delete(message.slot);
  }
});
