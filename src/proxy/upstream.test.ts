import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../test/support/eventually.ts';
import { testAccount, testSettings } from '../../test/support/proxy-bed.ts';
import { systemClock } from '../kit/clock.ts';
import { Histogram } from '../kit/histogram.ts';
import { silentLog } from '../kit/log.ts';
import { TcpDialer } from '../net/tcp-dialer.ts';
import { WriteBatch } from '../net/write-batch.ts';
import { PracticePool } from '../practice/practice-pool.ts';
import { bitcoinV1 } from '../wire/dialects/bitcoin-v1/index.ts';
import type { InFlightShare } from './in-flight-share.ts';
import { JobSequence } from './issued-job.ts';
import type { Dialer } from './pool-link.ts';
import { PoolStats } from './pool-stats.ts';
import { Upstream } from './upstream.ts';

function openUpstream(port: number, dialer: Dialer): Upstream {
  const stats = new PoolStats('pool', 'scrypt', 65_536);
  const [credentials] = testAccount('00112233445566aa', { host: '127.0.0.1', port }).entries;
  return new Upstream(
    {
      owner: {
        onLoginRefused() {},
        onLoginTaken() {},
        onStateChanged() {},
        onFailed() {},
        mayDial: () => 'yes',
        redirect: () => null,
      },
      dialer,
      dialect: bitcoinV1.pool,
      clock: systemClock,
      log: silentLog,
      jobs: new JobSequence(),
      stats,
      statsOf: () => stats,
      labelOf: () => stats.algorithm,
      fanOut: new Histogram([1]),
    },
    { credentials, login: 'wallet', settings: testSettings(), verifies: true, relaysWishes: false },
  );
}

test('a share that comes to an upstream that has ended is lost at once: nobody would look after it', () => {
  const upstream = openUpstream(1, {
    dial() {
      throw new Error('not dialled here');
    },
  });
  upstream.close('unused');
  const verdicts: string[] = [];
  const share = {
    owner: { onVerdict: (_: InFlightShare, verdict: { kind: string }) => verdicts.push(verdict.kind) },
  } as unknown as InFlightShare;
  upstream.submit(share);
  assert.deepEqual(verdicts, ['lost']);
  assert.equal(upstream.inFlightCount, 0);
});

test('a share whose extranonce is gone is lost: the pool would take it for nonsense', async (t) => {
  const pool = new PracticePool({ log: silentLog, clock: systemClock }, { jobIntervalMs: 0 });
  const { port } = await pool.start();
  t.after(() => pool.stop());
  const bytes = { received: 0, sent: 0 };
  const dialer = new TcpDialer({ batch: new WriteBatch(), bytes }, { sendBufferBytes: 100_000 });
  const upstream = openUpstream(port, dialer);
  t.after(() => upstream.close('shutdown'));
  upstream.open();
  await eventually(
    () => upstream.job !== null,
    () => 'a job',
  );
  const { job } = upstream;
  assert.ok(job !== null);
  const verdicts: string[] = [];
  const share = {
    job,
    share: {
      user: 'wallet',
      poolJobId: job.poolJobId,
      extranonce2: '00000000',
      ntime: '00000000',
      nonce: '00000000',
      versionBits: '00000000',
    },
    sentAtMs: systemClock.monotonicMs(),
    owner: { onVerdict: (_: InFlightShare, verdict: { kind: string }) => verdicts.push(verdict.kind) },
  } as unknown as InFlightShare;
  pool.setExtranonce({ extranonce2Bytes: 8, force: true });
  await eventually(
    () => upstream.job !== null && upstream.job !== job,
    () => 'a job of the new extranonce',
  );
  upstream.submit(share);
  assert.deepEqual(verdicts, ['lost']);
  assert.equal(upstream.inFlightCount, 0);
});
