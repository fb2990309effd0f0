import { localLink } from '../../src/fleet/link.ts';
import type { ToSupervisor, ToWorker } from '../../src/fleet/messages.ts';
import { startWorker } from '../../src/fleet/worker.ts';
import { type AccountSource, WorkerHandle } from '../../src/fleet/worker-handle.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { Networks } from '../../src/net/networks.ts';
import { NO_MIX } from '../../src/proxy/share-mix.ts';
import { ShareVerifier } from '../../src/proxy/share-verifier.ts';
import { bitcoinV1 } from '../../src/wire/dialects/bitcoin-v1/index.ts';
import { testSettings } from './proxy-bed.ts';

/** A worker with its handle, over a link of one process. Without `find` it knows no account. */
export function startLocalWorker(
  find: AccountSource['find'] = async () => ({ kind: 'unknown' }),
): WorkerHandle {
  const [upper, lower] = localLink<ToWorker, ToSupervisor>();
  startWorker(
    {
      clock: systemClock,
      log: silentLog,
      link: lower,
      dialects: [bitcoinV1],
      secureContext: null,
      trustedProxies: Networks.none,
      verifier: new ShareVerifier([]),
      mix: NO_MIX,
    },
    testSettings(),
  );
  return new WorkerHandle({ link: upper, accounts: { find }, log: silentLog });
}
