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
    assert.deepEqual(fresh.take(), [
      { ...subject, work: 150, counts: { accepted: 2, stale: 1 } },
      { ...subject, work: 7, counts: { 'accepted-local': 1 } },
    ]);
    assert.equal(idle.fresh, null);
    assert.deepEqual(fresh.take(), []);
  });

  test('of a source goes on from nothing after a collection', () => {
    const fresh = new FreshWork();
    const one = source();
    fresh.add(one, 'accepted', 100);
    const first = fresh.take();
    fresh.add(one, 'accepted', 3);
    assert.deepEqual(fresh.take(), [{ ...subject, work: 3, counts: { accepted: 1 } }]);
    assert.equal(first[0]?.work, 100);
  });
});
