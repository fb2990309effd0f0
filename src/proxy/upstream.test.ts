import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testAccount, testSettings } from '../../test/support/proxy-bed.ts';
import { systemClock } from '../kit/clock.ts';
import { Histogram } from '../kit/histogram.ts';
import { silentLog } from '../kit/log.ts';
import { bitcoinV1 } from '../wire/dialects/bitcoin-v1/index.ts';
import type { InFlightShare } from './in-flight-share.ts';
import { JobSequence } from './issued-job.ts';
import { PoolStats } from './pool-stats.ts';
import { Upstream } from './upstream.ts';

test('a share that comes to an upstream that has ended is lost at once: nobody would look after it', () => {
  const [credentials] = testAccount('00112233445566aa', { host: '127.0.0.1', port: 1 }).entries;
  const upstream = new Upstream(
    {
      owner: {
        onLoginRefused() {},
        onLoginTaken() {},
        onStateChanged() {},
        mayDial: () => 'wait',
        redirect: () => null,
      },
      dialer: {
        dial() {
          throw new Error('not dialled here');
        },
      },
      dialect: bitcoinV1.pool,
      clock: systemClock,
      log: silentLog,
      jobs: new JobSequence(),
      stats: new PoolStats(credentials.pool.name, 'scrypt', 65_536),
      fanOut: new Histogram([1]),
    },
    { credentials, login: 'wallet', settings: testSettings(), verifies: true, relaysWishes: false },
  );
  upstream.close('unused');
  const verdicts: string[] = [];
  const share = {
    owner: { onVerdict: (_: InFlightShare, verdict: { kind: string }) => verdicts.push(verdict.kind) },
  } as unknown as InFlightShare;
  upstream.submit(share);
  assert.deepEqual(verdicts, ['lost']);
  assert.equal(upstream.inFlightCount, 0);
});
