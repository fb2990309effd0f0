import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { hexOf } from '../kit/hex.ts';
import { type CoinbasePlan, type Lane, type LaneDefaults, LaneSpace, planFits, planLane } from './lane.ts';

const DEFAULTS: LaneDefaults = { prefixBytes: 1, sizeBytes: 3 };
const inject = (prefixBytes: number, sizeBytes: number): CoinbasePlan => ({
  kind: 'inject',
  prefixBytes,
  sizeBytes,
});
const RELAY: CoinbasePlan = { kind: 'relay' };

const plan = (agent: string, room: number | null, defaults = DEFAULTS): CoinbasePlan =>
  planLane({ agent, poolExtranonce2Bytes: room }, defaults);

describe('the plan of a lane', () => {
  for (const [what, agent, room, expected] of [
    ['knows nothing: the defaults', 'cgminer/4.12.1', null, inject(1, 3)],
    ['has room to spare: the defaults', 'cgminer/4.12.1', 8, inject(1, 3)],
    ['just fits', 'cpuminer/2.5.1', 4, inject(1, 3)],
    ['a pool of 3: a smaller size', 'cpuminer/2.5.1', 3, inject(1, 2)],
    ['a pool of 2: one to one', 'cpuminer/2.5.1', 2, RELAY],
    ['a pool of 1: one to one', 'cpuminer/2.5.1', 1, RELAY],
    ['a rental buyer gets 4', 'NiceHash/1.0.0', null, inject(1, 4)],
    ['a rental buyer at 5', 'NiceHash/1.0.0', 5, inject(1, 4)],
    ['a rental buyer at 4: one to one', 'NiceHash/1.0.0', 4, RELAY],
    ['a rental buyer at 3: one to one', 'nicehash/2', 3, RELAY],
    ['Mining Rig Rentals gets 4', 'MiningRigRentals', 8, inject(1, 4)],
    ['old cgminer assumes 4', 'cgminer/3.7.2', 8, inject(1, 4)],
    ['an old Bitaxe ignores less than 4', 'bitaxe v2.2', null, inject(1, 4)],
    ['an agent that only mentions a buyer is none', 'x NiceHash/1.0.0', 4, inject(1, 3)],
    ['no agent', '', null, inject(1, 3)],
  ] as const) {
    test(what, () => assert.deepEqual(plan(agent, room), expected));
  }

  test('takes a shorter prefix before it gives up', () => {
    assert.deepEqual(plan('x', 4, { prefixBytes: 2, sizeBytes: 2 }), inject(2, 2));
    assert.deepEqual(plan('x', 3, { prefixBytes: 2, sizeBytes: 2 }), inject(1, 2));
    assert.deepEqual(plan('NiceHash/1', 5, { prefixBytes: 4, sizeBytes: 4 }), inject(1, 4));
  });

  const agents = fc.constantFrom('', 'cgminer/4.12.1', 'NiceHash/1.0.0', 'mrr-agent', 'cgminer/3.7.2');
  const defaults = fc.record({
    prefixBytes: fc.integer({ min: 1, max: 4 }),
    sizeBytes: fc.integer({ min: 2, max: 8 }),
  });

  test('never exceeds a pool that is known, and is one to one only where nothing else fits', () => {
    fc.assert(
      fc.property(agents, defaults, fc.integer({ min: 1, max: 16 }), (agent, given, room) => {
        const found = planLane({ agent, poolExtranonce2Bytes: room }, given);
        const least = /^(?:cgminer\/4|$)/.test(agent) ? 2 : 4;
        assert.ok(planFits(found, room));
        if (found.kind === 'relay') {
          assert.ok(room - 1 < least);
          return;
        }
        assert.ok(found.prefixBytes >= 1 && found.prefixBytes <= given.prefixBytes);
        assert.ok(found.sizeBytes >= least);
        // One byte more would either not fit or not be wanted.
        const wanted = Math.max(given.sizeBytes, least);
        assert.ok(found.sizeBytes === wanted || found.prefixBytes + found.sizeBytes === room);
      }),
    );
  });

  test('fits a pool exactly when prefix and size together do', () => {
    assert.equal(planFits(inject(1, 3), 4), true);
    assert.equal(planFits(inject(1, 3), 3), false);
    assert.equal(planFits(RELAY, 1), true);
  });
});

describe('leasing', () => {
  test('a lane is slot and prefix, and fills the room with the size', () => {
    const lanes = new LaneSpace(8);
    assert.deepEqual(lanes.lease(inject(1, 3), 'c7'), { bytes: '00000000c7', slot: '00000000' });
    assert.deepEqual(new LaneSpace(4).lease(inject(1, 3), 'c7'), { bytes: 'c7', slot: '' });
  });

  test('low slots are filled first, so that miners share a job line', () => {
    const lanes = new LaneSpace(5);
    const slots = Array.from({ length: 256 }, (_, i) => lanes.lease(inject(1, 3), hexOf(i, 1))?.slot);
    assert.deepEqual(new Set(slots), new Set(['00']));
    assert.equal(lanes.lease(inject(1, 3), '07')?.slot, '01');
    assert.equal(lanes.lease(inject(1, 3), '07')?.slot, '02');
    assert.equal(lanes.leased, 258);
  });

  test('without a slot every prefix is leased once', () => {
    const lanes = new LaneSpace(4);
    assert.notEqual(lanes.lease(inject(1, 3), 'c7'), null);
    assert.equal(lanes.lease(inject(1, 3), 'c7'), null);
    assert.notEqual(lanes.lease(inject(1, 3), 'c8'), null);
  });

  test('a prefix has 256 lanes per slot byte', () => {
    const lanes = new LaneSpace(5);
    for (let i = 0; i < 256; i += 1) assert.equal(lanes.lease(inject(1, 3), 'c7')?.slot, hexOf(i, 1));
    assert.equal(lanes.lease(inject(1, 3), 'c7'), null);
  });

  test('a relayed session takes the whole space, and none where a part is taken', () => {
    const lanes = new LaneSpace(2);
    assert.deepEqual(lanes.lease(RELAY, ''), { bytes: '', slot: '' });
    assert.equal(lanes.lease(RELAY, ''), null);
    assert.equal(lanes.lease(inject(1, 1), 'c7'), null);
    const shared = new LaneSpace(4);
    shared.lease(inject(1, 3), 'c7');
    assert.equal(shared.lease(RELAY, ''), null);
  });

  test('a wide lane and the narrow ones inside it exclude each other', () => {
    const lanes = new LaneSpace(4);
    assert.deepEqual(lanes.lease(inject(1, 3), 'c7'), { bytes: 'c7', slot: '' });
    // Slot and prefix of two bytes that begin with c7 would lie inside.
    assert.equal(lanes.lease(inject(2, 2), 'c708'), null);
    assert.deepEqual(lanes.lease(inject(2, 2), 'c808'), { bytes: 'c808', slot: '' });
    assert.equal(lanes.lease(inject(1, 3), 'c8'), null);
    // Here the slot moves on until it is free of both.
    for (let i = 0; i < 0xc7; i += 1) lanes.lease(inject(1, 2), '08');
    assert.equal(lanes.lease(inject(1, 2), '08')?.slot, 'c9');
  });

  test('a wide lane is passed in one step, however many slots it covers', () => {
    const lanes = new LaneSpace(16);
    assert.equal(lanes.lease(inject(1, 15), '00')?.bytes, '00');
    assert.equal(lanes.lease(inject(1, 3), '07')?.slot, `01${'00'.repeat(11)}`);
    assert.equal(lanes.lease(inject(1, 3), '07')?.slot, `01${'00'.repeat(10)}01`);
  });

  test('a plan that is too wide or a prefix of another length gets none', () => {
    const lanes = new LaneSpace(4);
    assert.equal(lanes.lease(inject(1, 4), 'c7'), null);
    assert.equal(lanes.lease(inject(1, 3), 'c7c7'), null);
    assert.equal(lanes.leased, 0);
  });
});

describe('releasing', () => {
  const usual = inject(1, 3);

  function leased(lanes: LaneSpace, prefix: string, preferred: Lane | null = null): Lane {
    const lane = lanes.lease(usual, prefix, preferred);
    assert.ok(lane !== null);
    return lane;
  }

  test('a released lane rests until the next clean job', () => {
    const lanes = new LaneSpace(4);
    lanes.release(leased(lanes, 'c7'));
    assert.equal(lanes.leased, 0);
    assert.equal(lanes.lease(usual, 'c7'), null);
    lanes.renew();
    assert.equal(leased(lanes, 'c7').bytes, 'c7');
  });

  test('a clean job does not free what is leased', () => {
    const lanes = new LaneSpace(4);
    leased(lanes, 'c7');
    lanes.renew();
    assert.equal(lanes.lease(usual, 'c7'), null);
    assert.equal(lanes.leased, 1);
  });

  test('a returning session gets its resting lane back', () => {
    const lanes = new LaneSpace(5);
    leased(lanes, 'c7');
    const lane = leased(lanes, 'c7');
    lanes.release(lane);
    assert.deepEqual(leased(lanes, 'c7', lane), lane);
    assert.equal(lanes.leased, 2);
  });

  test('another session does not: not by its prefix, not by naming a lane that is leased', () => {
    const lanes = new LaneSpace(5);
    const lane = leased(lanes, 'c7');
    assert.notEqual(leased(lanes, 'c7', lane).bytes, lane.bytes);
    lanes.release(lane);
    assert.notEqual(leased(lanes, 'c7').bytes, lane.bytes);
    assert.equal(leased(lanes, 'c8', lane).bytes, '00c8');
  });

  test('a lane that was renewed meanwhile is leased as any other', () => {
    const lanes = new LaneSpace(5);
    const lane = leased(lanes, 'c7');
    lanes.release(lane);
    lanes.renew();
    const other = leased(lanes, 'c7');
    assert.equal(other.bytes, lane.bytes);
    assert.equal(leased(lanes, 'c7', lane).slot, '01');
  });

  test('not to the one before its last owner, who has work on it that is newer', () => {
    const lanes = new LaneSpace(5);
    const first = leased(lanes, 'c7');
    lanes.release(first);
    lanes.renew();
    const second = leased(lanes, 'c7');
    assert.equal(second.bytes, first.bytes);
    lanes.release(second);
    assert.notEqual(leased(lanes, 'c7', first).bytes, first.bytes);
    assert.equal(leased(lanes, 'c7', second), second);
  });

  test('twice counts once', () => {
    const lanes = new LaneSpace(5);
    const lane = leased(lanes, 'c7');
    leased(lanes, 'c8');
    lanes.release(lane);
    lanes.release(lane);
    assert.equal(lanes.leased, 1);
    lanes.renew();
    lanes.release(lane);
    assert.equal(lanes.leased, 1);
  });
});

/** What a correct space holds, kept the plain way. */
interface Held {
  readonly lane: Lane;
  readonly plan: CoinbasePlan;
  readonly prefix: string;
  isResting: boolean;
}

type Step =
  | { readonly kind: 'lease'; readonly plan: CoinbasePlan; readonly prefix: number }
  | { readonly kind: 'return'; readonly which: number }
  | { readonly kind: 'release'; readonly which: number }
  | { readonly kind: 'renew' };

const overlap = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a);

/** The slot a lease must get: the lowest that is free, or null. It is slot 0 or follows upon one that a lane covers. */
function lowestFree(room: number, plan: CoinbasePlan, prefix: string, held: readonly Held[]): string | null {
  const isFree = (bytes: string): boolean => held.every(({ lane }) => !overlap(lane.bytes, bytes));
  if (plan.kind === 'relay') return isFree('') ? '' : null;
  const digits = (room - plan.prefixBytes - plan.sizeBytes) * 2;
  if (digits < 0) return null;
  if (digits === 0) return isFree(prefix) ? '' : null;
  const after = held.map(({ lane }) => BigInt(`0x${lane.bytes.slice(0, digits).padEnd(digits, 'f')}`) + 1n);
  const candidates = [0n, ...after].map((slot) => slot.toString(16).padStart(digits, '0'));
  const free = candidates.filter((slot) => slot.length === digits && isFree(slot + prefix));
  return free.sort()[0] ?? null;
}

function check(room: number, lanes: LaneSpace, held: readonly Held[]): void {
  assert.equal(lanes.leased, held.filter((h) => !h.isResting).length);
  assert.equal(lanes.isWhole, held.length === 0);
  held.forEach((a, i) => {
    const size = a.plan.kind === 'relay' ? room : a.plan.sizeBytes;
    assert.equal(a.lane.bytes.length / 2 + size, room, 'lane and size fill the room');
    assert.ok(a.lane.bytes.endsWith(a.prefix) && a.lane.bytes === a.lane.slot + a.prefix);
    for (const b of held.slice(i + 1))
      assert.ok(!overlap(a.lane.bytes, b.lane.bytes), `${a.lane.bytes} ${b.lane.bytes}`);
  });
}

describe('any sequence of leases, releases and clean jobs', () => {
  const plans: fc.Arbitrary<CoinbasePlan> = fc.oneof(
    {
      weight: 12,
      arbitrary: fc
        .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 8 }))
        .map(([k, m]) => inject(k, m)),
    },
    { weight: 1, arbitrary: fc.constant(RELAY) },
  );
  // Few prefixes, so that they meet.
  const steps: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('lease' as const), plan: plans, prefix: fc.nat(3) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('return' as const), which: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'renew' as const }) },
  );

  test('no two lanes that are leased or resting overlap, the count is right, the lowest slot is taken', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.array(steps, { maxLength: 60 }), (room, sequence) => {
        const lanes = new LaneSpace(room);
        let held: Held[] = [];
        for (const step of sequence) {
          switch (step.kind) {
            case 'lease': {
              const prefix = step.plan.kind === 'relay' ? '' : hexOf(step.prefix, step.plan.prefixBytes);
              const expected = lowestFree(room, step.plan, prefix, held);
              const lane = lanes.lease(step.plan, prefix);
              assert.equal(lane?.slot ?? null, expected);
              if (lane !== null) held.push({ lane, plan: step.plan, prefix, isResting: false });
              break;
            }
            case 'return': {
              const resting = held.filter((h) => h.isResting && h.plan.kind === 'inject');
              const mine = resting[step.which % (resting.length || 1)];
              if (mine === undefined) break;
              assert.deepEqual(lanes.lease(mine.plan, mine.prefix, mine.lane), mine.lane);
              mine.isResting = false;
              break;
            }
            case 'release': {
              const any = held[step.which % (held.length || 1)];
              if (any === undefined) break;
              lanes.release(any.lane);
              any.isResting = true;
              break;
            }
            case 'renew':
              lanes.renew();
              held = held.filter((h) => !h.isResting);
              break;
          }
          check(room, lanes, held);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('the values of two lanes are disjoint ranges of the extranonce2 space', () => {
    const sessions = fc.array(fc.tuple(plans, fc.nat(255)), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 16 }), sessions, (room, wanted) => {
        const lanes = new LaneSpace(room);
        const ranges: (readonly [bigint, bigint])[] = [];
        for (const [plan, prefix] of wanted) {
          const lane = lanes.lease(plan, plan.kind === 'relay' ? '' : hexOf(prefix, plan.prefixBytes));
          if (lane === null) continue;
          const free = room * 2 - lane.bytes.length;
          ranges.push([
            BigInt(`0x${lane.bytes}${'0'.repeat(free)}`),
            BigInt(`0x${lane.bytes}${'f'.repeat(free)}`),
          ]);
        }
        ranges.sort((a, b) => (a[0] < b[0] ? -1 : 1));
        ranges.forEach(([from], i) => assert.ok(i === 0 || (ranges[i - 1]?.[1] ?? 0n) < from));
      }),
    );
  });
});
