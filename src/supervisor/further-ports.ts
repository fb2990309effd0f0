import { parseListener } from '../config/listener.ts';
import { SettingError } from '../config/setting-error.ts';
import type { WorkerHandle } from '../fleet/worker-handle.ts';
import type { StratumListener } from '../http/ports/fleet.ts';
import type { Log } from '../kit/log.ts';

export interface FurtherPortsParts {
  readonly worker: Pick<WorkerHandle, 'listen'>;
  readonly log: Log;
  /** Names of all that can be spoken. */
  readonly dialects: readonly string[];
}

/**
 * Opens what `stratum.listeners` names, one after the other.
 *
 * @throws {SettingError} where a dialect is not known; {@link WorkerListenError} where a port cannot be had.
 */
export async function openFurtherPorts(
  { worker, log, dialects }: FurtherPortsParts,
  listeners: readonly string[],
): Promise<readonly StratumListener[]> {
  const opened: StratumListener[] = [];
  for (const text of listeners) {
    const listener = parseListener(text);
    if (listener === null) continue;
    const { difficulty, ...policy } = listener.policy;
    const { dialect, account, tls } = policy;
    if (dialect !== null && !dialects.includes(dialect))
      throw new SettingError(
        `stratum.listeners: no dialect is called ${dialect}; there are ${dialects.join(', ')}`,
      );
    const bound = await worker.listen(listener.address.host, listener.address.port, listener.policy);
    opened.push({ address: bound.host, port: bound.port, dialect, account, tls });
    log.info('further stratum port', { ...bound, ...policy, ...difficulty });
  }
  return opened;
}
