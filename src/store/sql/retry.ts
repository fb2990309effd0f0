import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../../kit/clock.ts';
import type { StoreError } from '../store-error.ts';

const RETRY_MS = 25;

/**
 * Runs `work`, and runs it again while it fails with `busy`, until `timeoutMs` have passed: waiting for a lock this way, and not
 * inside the driver, keeps the event loop free. `work` has to leave nothing behind when it fails. Rejects with what
 * `toStoreError` makes of the last failure.
 */
export async function retryWhileBusy<Result>(
  work: () => Promise<Result>,
  { clock, toStoreError }: { clock: Clock; toStoreError: (error: unknown) => StoreError },
  { timeoutMs }: { timeoutMs: number },
): Promise<Result> {
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const fault = toStoreError(error);
      if (fault.kind !== 'busy' || clock.monotonicMs() >= deadlineMs) throw fault;
      await sleep(RETRY_MS);
    }
  }
}
