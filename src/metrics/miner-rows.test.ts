import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { manySessions, sessionRow } from '../../test/support/report-fixtures.ts';
import { shareCounts } from '../domain/counts.ts';
import type { SessionRow } from '../domain/report.ts';
import { Pacer } from '../kit/pacer.ts';
import { foldMiners, type MinerRows } from './miner-rows.ts';

function fold(...rows: readonly SessionRow[]): Promise<MinerRows> {
  return new Pacer().drive(foldMiners([rows]));
}

describe('foldMiners', () => {
  test('leaves out sessions without an account, and those without a pool from the rows per pool', async () => {
    const waiting = sessionRow({ address: '10.0.0.2:1', pool: '', algorithm: '' });
    const mining = sessionRow({ address: '10.0.0.3:1' });
    const rows = await fold(sessionRow({ account: '', pool: '' }), waiting, mining);
    assert.deepEqual([...rows.perMiner()], [waiting, mining]);
    assert.deepEqual([...rows.perPool()], [mining]);
  });

  test('a session that went to another pool is one miner with a row per pool', async () => {
    const before = sessionRow({ up: false, pool: 'a:1', received: 3 });
    const now = sessionRow({ up: true, pool: 'b:1', received: 4 });
    const rows = await fold(before, now);
    assert.deepEqual(
      [...rows.perMiner()].map((row) => row.up),
      [true],
    );
    assert.deepEqual([...rows.perPool()], [before, now]);
  });

  test('a session that returned to a pool has one row: shares add up, the live row tells the state', async () => {
    const before = sessionRow({
      up: false,
      received: 10,
      counts: shareCounts({ accepted: 8, stale: 2 }),
      difficultyReceived: 100,
      difficultyAccepted: 80,
      difficulty: 10,
      rate5mHs: 500,
      connectedAtMs: 2000,
    });
    const now = sessionRow({
      up: true,
      received: 5,
      counts: shareCounts({ accepted: 1, 'accepted-local': 4 }),
      difficultyReceived: 0.5,
      difficultyAccepted: 0.5,
      difficulty: 0.1,
      rate5mHs: 7,
      connectedAtMs: 1000,
    });
    for (const order of [
      [before, now],
      [now, before],
    ]) {
      const [row, ...more] = [...(await fold(...order)).perPool()];
      assert.deepEqual(more, []);
      assert.equal(row?.up, true);
      assert.equal(row.received, 15);
      assert.deepEqual(row.counts, shareCounts({ accepted: 9, 'accepted-local': 4, stale: 2 }));
      assert.equal(row.difficultyReceived, 100.5);
      assert.equal(row.difficultyAccepted, 80.5);
      assert.equal(row.difficulty, 0.1);
      assert.equal(row.rate5mHs, 7);
    }
  });

  test('of two that are over the newer tells the state; of two that are up the rates add', async () => {
    const older = sessionRow({ up: false, connectedAtMs: 1, difficulty: 1, rate5mHs: 10 });
    const newer = sessionRow({ up: false, connectedAtMs: 2, difficulty: 2, rate5mHs: 20 });
    const [over] = [...(await fold(newer, older)).perPool()];
    assert.deepEqual([over?.difficulty, over?.rate5mHs, over?.up], [2, 20, false]);
    const [both] = [...(await fold({ ...older, up: true }, { ...newer, up: true })).perPool()];
    assert.deepEqual([both?.difficulty, both?.rate5mHs, both?.up], [2, 30, true]);
  });

  test('an address used by two accounts is two miners', async () => {
    const rows = await fold(sessionRow({ account: 'a'.repeat(16) }), sessionRow({ account: 'b'.repeat(16) }));
    assert.equal([...rows.perMiner()].length, 2);
    assert.equal([...rows.perPool()].length, 2);
  });

  test('rows stand in several pages', async () => {
    const many = manySessions(1000);
    const rows = await new Pacer().drive(
      foldMiners([many.slice(0, 400), [], many.slice(400), many.slice(0, 1)]),
    );
    assert.equal([...rows.perMiner()].length, 1000);
    assert.equal([...rows.perPool()].length, 1000);
  });
});
