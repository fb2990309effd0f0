import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FreshWork, type WorkSource } from './fresh-work.ts';

const subject = { account: '00112233445566aa', worker: 'rig1', pool: 'a.example:1', algorithm: 'sha256d' };

function source(): WorkSource {
  return { subject: { ...subject }, fresh: null };
}

describe('fresh work', () => {
  test('is summed by source, and handed out once', () => {
    const fresh = new FreshWork();
    const [busy, idle, other] = [source(), source(), source()];
    fresh.add(busy, 'accepted', 100);
    fresh.add(busy, 'accepted', 50);
    fresh.add(other, 'accepted-local', 7);
    fresh.add(busy, 'stale', 1000);
    assert.deepEqual(fresh.take(10), [
      { ...subject, work: 150, counts: { accepted: 2, stale: 1 } },
      { ...subject, work: 7, counts: { 'accepted-local': 1 } },
    ]);
    assert.equal(idle.fresh, null);
    assert.deepEqual(fresh.take(10), []);
  });

  test('of a source goes on from nothing after a collection', () => {
    const fresh = new FreshWork();
    const one = source();
    fresh.add(one, 'accepted', 100);
    const first = fresh.take(10);
    fresh.add(one, 'accepted', 3);
    assert.deepEqual(fresh.take(10), [{ ...subject, work: 3, counts: { accepted: 1 } }]);
    assert.equal(first[0]?.work, 100);
  });

  test('is handed out in parts, while more comes in', () => {
    const fresh = new FreshWork();
    const sources = Array.from({ length: 5 }, source);
    for (const one of sources) fresh.add(one, 'accepted', 1);
    let work = 0;
    let parts = 0;
    for (; !fresh.isEmpty; parts += 1) {
      const rows = fresh.take(2);
      assert.ok(rows.length <= 2);
      for (const row of rows) work += row.work;
      const [first] = sources;
      if (parts === 0 && first !== undefined) fresh.add(first, 'accepted', 100);
    }
    assert.deepEqual([work, parts], [105, 3]);
  });
});
