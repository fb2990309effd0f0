import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { InFlightShare } from './in-flight-share.ts';
import { InFlightShares } from './in-flight-shares.ts';

function shares(count: number): { readonly list: InFlightShare[]; readonly verdicts: string[] } {
  const verdicts: string[] = [];
  const list = Array.from({ length: count }, (_, i) => {
    const owner = {
      onVerdict: (_share: InFlightShare, { kind }: { kind: string }) => verdicts.push(`${i} ${kind}`),
    };
    return { sentAtMs: i * 10, owner } as unknown as InFlightShare;
  });
  return { list, verdicts };
}

describe('shares in flight', () => {
  test('are unanswered when their time is up and the pool lives, lost when it does not', () => {
    const { list, verdicts } = shares(3);
    const inFlight = new InFlightShares();
    for (const [id, share] of list.entries()) inFlight.add(id, share);
    inFlight.sweep(100, 100, true);
    assert.deepEqual([verdicts, inFlight.size, inFlight.unansweredInARow], [['0 unanswered'], 2, 1]);
    inFlight.sweep(110, 100, false);
    assert.deepEqual([verdicts.slice(1), inFlight.size, inFlight.unansweredInARow], [['1 lost'], 1, 1]);
    inFlight.answered(2);
    assert.deepEqual([inFlight.size, inFlight.unansweredInARow], [0, 0]);
  });

  test('are given up two seconds after their miner has gone on, not later for a second one that goes', () => {
    const { list, verdicts } = shares(2);
    const inFlight = new InFlightShares();
    for (const [id, share] of list.entries()) inFlight.add(id, share);
    inFlight.hurry(1000);
    inFlight.hurry(2500);
    inFlight.sweep(2999, 60_000, false);
    assert.deepEqual(verdicts, []);
    inFlight.sweep(3000, 60_000, false);
    assert.deepEqual(verdicts, ['0 lost', '1 lost']);
  });

  test('wait as usual again once the connection is back', () => {
    const { list, verdicts } = shares(1);
    const inFlight = new InFlightShares();
    for (const share of list) inFlight.add(7, share);
    inFlight.hurry(0);
    inFlight.begin();
    inFlight.sweep(5000, 60_000, true);
    assert.deepEqual([verdicts, inFlight.takeAll(), inFlight.size], [[], list, 0]);
  });
});
