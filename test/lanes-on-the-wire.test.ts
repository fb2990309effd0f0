import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { HEADER_BYTES, HeaderTemplate, rollVersion } from '../src/domain/block-header.ts';
import type { BitcoinWork } from '../src/domain/job.ts';
import { type Lane, type LanePlan, LaneSpace } from '../src/domain/lane.ts';
import { hexOf } from '../src/kit/hex.ts';
import { bitcoinWork } from '../src/wire/dialect.ts';
import { bitcoinV1 } from '../src/wire/dialects/bitcoin-v1/index.ts';

/**
 * A lane, a job and a submit as they pass through the dialect: what the miner hashes must be what the pool hashes.
 */

interface Vector {
  readonly upstream: { readonly extranonce1: string; readonly extranonce2_size: number };
  readonly header_hex: string;
  readonly cases: readonly {
    readonly name: string;
    readonly downstream: {
      readonly extranonce1: string;
      readonly extranonce2_size: number;
      readonly coinb1: string;
      readonly coinb2: string;
    };
    readonly downstream_submit_extranonce2: string;
    readonly upstream_submit_extranonce2: string;
  }[];
}
interface ShareVector {
  readonly version_mask: string;
  readonly notify_params: readonly unknown[];
  readonly submit_params: readonly [string, string, string, string, string, string];
}

const load = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), 'utf8'));
const vector = load('bitcoin-v1-aggregation') as Vector;
const share = load('bitcoin-v1-share-version-rolling') as ShareVector;
const U = vector.upstream.extranonce2_size;

/** The recorded job as our upstream reads it. */
function readWork(params: readonly unknown[]): BitcoinWork {
  const event = bitcoinV1.pool.decode(JSON.stringify({ id: null, method: 'mining.notify', params }));
  assert.ok(event.kind === 'job');
  return bitcoinWork(event.work);
}

/** The job as a miner reads it, from the line it is sent. */
function sentTo(lane: Lane | null, extranonce1: string, work: BitcoinWork): BitcoinWork {
  const line = bitcoinV1.miner.job({
    jobId: '2a',
    work,
    coinb1Insert: lane === null ? '' : extranonce1 + lane.slot,
    lane: '',
    ntime: work.ntime,
    clean: true,
    difficulty: 1,
    target: null,
    scale: 1,
    divider: 1,
    sessionId: '',
  });
  return readWork((JSON.parse(line) as { params: readonly unknown[] }).params);
}

/** The 80 bytes that come of a job, an extranonce and the recorded share. */
function header(work: BitcoinWork, extranonce: string): string {
  const template = new HeaderTemplate(work, { extranonceBytes: extranonce.length / 2 });
  const [, , , ntime, nonce, bits] = share.submit_params;
  const out = new Uint8Array(HEADER_BYTES);
  const mask = Number.parseInt(share.version_mask, 16);
  const version = rollVersion(work.version, mask, Number.parseInt(bits, 16));
  template.write(out, extranonce, version, Number.parseInt(ntime, 16), Number.parseInt(nonce, 16));
  return Buffer.from(out).toString('hex');
}

/** The lane with this slot; those below it are leased first. */
function laneWithSlot(plan: LanePlan, prefix: string, slot: string): Lane {
  const lanes = new LaneSpace(U);
  for (;;) {
    const lane = lanes.lease(plan, prefix);
    assert.ok(lane !== null, `no lane with slot ${slot}`);
    if (lane.slot === slot) return lane;
  }
}

describe('the aggregation vectors', () => {
  const work = readWork(share.notify_params);
  const X1 = vector.upstream.extranonce1;

  for (const [name, plan, slot] of [
    ['coinb1-inject', { kind: 'inject', prefixBytes: 1, sizeBytes: 3 }, ''],
    ['coinb1-inject-two-byte-prefix', { kind: 'inject', prefixBytes: 2, sizeBytes: 2 }, ''],
    ['coinb1-inject-head-pad', { kind: 'inject', prefixBytes: 1, sizeBytes: 2 }, 'c7'],
  ] as const) {
    test(`${name}: the miner's header is the pool's`, () => {
      const row = vector.cases.find((c) => c.name === name);
      assert.ok(row !== undefined);
      const { downstream } = row;
      assert.equal(downstream.extranonce2_size, plan.sizeBytes);
      const lane = laneWithSlot(plan, downstream.extranonce1, slot);
      const mined = sentTo(lane, X1, work);
      assert.equal(mined.coinb1, downstream.coinb1);
      assert.equal(mined.coinb2, downstream.coinb2);
      const { downstream_submit_extranonce2: submitted, upstream_submit_extranonce2: atPool } = row;
      assert.equal(lane.bytes + submitted, atPool);
      assert.equal(header(mined, downstream.extranonce1 + submitted), vector.header_hex);
      assert.equal(header(work, X1 + lane.bytes + submitted), vector.header_hex);
    });
  }

  test('one to one: the job and the extranonce pass unchanged', () => {
    const row = vector.cases.find((c) => c.name.startsWith('one-to-one'));
    assert.ok(row !== undefined);
    const lane = new LaneSpace(U).lease({ kind: 'relay' }, '');
    assert.deepEqual(lane, { bytes: '', slot: '' });
    const mined = sentTo(null, X1, work);
    assert.equal(mined.coinb1, row.downstream.coinb1);
    assert.equal(header(mined, X1 + row.downstream_submit_extranonce2), vector.header_hex);
  });
});

const bytes = (min: number, max: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((b) => Buffer.from(b).toString('hex'));

test('whatever the pool hands out and the plan is, miner and pool hash the same bytes', () => {
  const plans = fc.record({
    kind: fc.constant('inject' as const),
    prefixBytes: fc.integer({ min: 1, max: 4 }),
    sizeBytes: fc.integer({ min: 2, max: 8 }),
  });
  const template = readWork(share.notify_params);
  fc.assert(
    fc.property(
      fc.record({
        coinb1: bytes(0, 60),
        coinb2: bytes(0, 60),
        X1: bytes(0, 9),
        plan: plans,
        more: fc.nat(8),
      }),
      fc.array(fc.tuple(fc.nat(3), bytes(8, 8)), { minLength: 1, maxLength: 8 }),
      ({ coinb1, coinb2, X1, plan, more }, sessions) => {
        const room = plan.prefixBytes + plan.sizeBytes + more;
        const lanes = new LaneSpace(room);
        const work = { ...template, coinb1, coinb2 };
        const seen = new Set<string>();
        for (const [number, nonces] of sessions) {
          const prefix = hexOf(number, plan.prefixBytes);
          const lane = lanes.lease(plan, prefix);
          if (lane === null) continue;
          const mined = sentTo(lane, X1, work);
          const submitted = nonces.slice(0, plan.sizeBytes * 2);
          const atPool = lane.bytes + submitted;
          assert.equal(atPool.length, room * 2);
          assert.equal(mined.coinb1 + prefix + submitted + mined.coinb2, coinb1 + X1 + atPool + coinb2);
          assert.equal(header(mined, prefix + submitted), header(work, X1 + atPool));
          assert.ok(!seen.has(lane.bytes));
          seen.add(lane.bytes);
        }
      },
    ),
  );
});
