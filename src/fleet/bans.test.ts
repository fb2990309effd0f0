import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startLocalWorker } from '../../test/support/local-worker.ts';
import { type Ban, MOST_BANS } from '../domain/ban.ts';
import { systemClock } from '../kit/clock.ts';
import { type BanKeeping, Fleet } from './fleet.ts';

/** A fleet of two workers whose bans are kept in a map. */
function startFleet(some: Partial<BanKeeping> = {}) {
  const kept = new Map<string, Ban>();
  const workers = [startLocalWorker(), startLocalWorker()];
  const fleet = new Fleet({
    workers,
    clock: systemClock,
    bans: {
      put: async (ban) => {
        kept.set(ban.address, ban);
      },
      delete: async (address) => kept.delete(address),
      ...some,
    },
  });
  return {
    fleet,
    kept,
    workers,
    async [Symbol.asyncDispose]() {
      fleet.stop();
      await Promise.all(workers.map((worker) => worker.drain(0)));
    },
  };
}

describe('bans of the operator', () => {
  test('are what is kept, in every worker', async () => {
    await using bed = startFleet();
    const { fleet, kept, workers } = bed;
    const result = await fleet.ban({ address: '10.0.0.0/8', seconds: 60, reason: 'x' });
    assert.ok(result.kind === 'banned');
    assert.deepEqual([...kept.values()], [result.ban]);
    for (const worker of workers) assert.deepEqual(await worker.bans(), [result.ban]);
    assert.equal(await fleet.unban('10.0.0.0/8'), true);
    assert.equal(await fleet.unban('10.0.0.0/8'), false);
    assert.deepEqual([kept.size, (await fleet.bans()).length], [0, 0]);
  });

  test('are not there where they cannot be kept, and stay where they cannot be removed', async () => {
    let isBroken = true;
    const kept = new Set<string>();
    const change = async (run: () => unknown): Promise<void> => {
      if (isBroken) throw new Error('disk full');
      run();
    };
    await using bed = startFleet({
      put: ({ address }) => change(() => kept.add(address)),
      delete: (address) => change(() => kept.delete(address)),
    });
    const { fleet } = bed;
    const request = { address: '10.0.0.1', seconds: null, reason: '' };
    await assert.rejects(fleet.ban(request), /disk full/);
    assert.deepEqual(await fleet.bans(), []);
    assert.equal(await fleet.unban('10.0.0.1'), false, 'nothing is asked of the disk');
    isBroken = false;
    await fleet.ban(request);
    isBroken = true;
    await assert.rejects(fleet.unban('10.0.0.1'), /disk full/);
    assert.equal((await fleet.bans()).length, 1);
    assert.deepEqual([...kept], ['10.0.0.1']);
  });

  test('are only so many, however many are asked for at once', async () => {
    await using bed = startFleet();
    const { fleet, kept } = bed;
    const ban = (address: string) => fleet.ban({ address, seconds: null, reason: '' });
    const results = await Promise.all(
      Array.from({ length: MOST_BANS + 2 }, (_, i) => ban(`10.0.${i >> 8}.${i & 255}`)),
    );
    assert.deepEqual(
      results.slice(-3).map(({ kind }) => kind),
      ['banned', 'full', 'full'],
    );
    assert.equal((await ban('10.0.0.0')).kind, 'banned', 'in the place of the one before');
    assert.deepEqual([kept.size, (await fleet.bans()).length], [MOST_BANS, MOST_BANS]);
  });
});
