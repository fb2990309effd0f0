import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { isAccepted, SHARE_RESULTS, type ShareResult } from '../domain/result.ts';
import { FreshWork } from './fresh-work.ts';
import { type BooksSubject, SessionBooks } from './session-books.ts';
import { Tally } from './tally.ts';

const freshWork = new FreshWork();
const HASHES_AT_ONE = 4_294_967_296;

function subject(divider = 1): BooksSubject {
  return {
    sessionId: 'a1',
    address: '10.0.0.1:4000',
    account: '00112233445566aa',
    worker: 'rig1',
    agent: 'cgminer/4.12.1',
    dialect: 'bitcoin-v1',
    pool: 'pool.example:3333',
    algorithm: 'sha256d',
    divider,
    connectedAtMs: 0,
  };
}

function sumOf(tally: Readonly<Tally>): number {
  return SHARE_RESULTS.reduce((sum, result) => sum + tally.counts[result], 0);
}

describe('a tally', () => {
  test('has a bucket for every result, empty at first', () => {
    const tally = new Tally();
    assert.deepEqual(Object.keys(tally.counts).sort(), [...SHARE_RESULTS].sort());
    assert.equal(sumOf(tally), 0);
  });

  test('adds up whatever begins and ends in whatever order', () => {
    const share = fc.record({
      result: fc.constantFrom<ShareResult>(...SHARE_RESULTS),
      difficulty: fc.integer({ min: 0, max: 1_000_000 }),
      endsAt: fc.nat({ max: 100 }),
    });
    fc.assert(
      fc.property(fc.array(share, { maxLength: 60 }), (shares) => {
        const tally = new Tally();
        for (const { difficulty } of shares) tally.begin(difficulty);
        assert.deepEqual([tally.received, tally.inFlight, sumOf(tally)], [shares.length, shares.length, 0]);
        for (const { result, difficulty } of shares.toSorted((a, b) => a.endsAt - b.endsAt)) {
          tally.end(result, difficulty, difficulty * 7);
          assert.equal(tally.received, tally.inFlight + sumOf(tally));
        }
        const credited = shares
          .filter(({ result }) => isAccepted(result))
          .reduce((sum, s) => sum + s.difficulty, 0);
        assert.equal(tally.inFlight, 0);
        assert.equal(
          tally.difficultyReceived,
          shares.reduce((sum, s) => sum + s.difficulty, 0),
        );
        assert.equal(tally.difficultyAccepted, credited);
        assert.equal(tally.work, credited * 7);
      }),
    );
  });
});

describe('the books of a session', () => {
  test('stay empty and unused until the first share', () => {
    const total = new Tally();
    const books = new SessionBooks({ subject: subject(), total, freshWork }, 0);
    const other = new SessionBooks({ subject: subject(), total, freshWork }, 0);
    other.begin(8, 1);
    assert.equal(books.isUsed, false);
    assert.equal(books.tally.received, 0, 'nothing of another session');
    assert.equal(books.lastShareAtMs, null);
    assert.deepEqual(books.rate(5, 1000), { hs: 0, error: null });
  });

  test('move the total with them', () => {
    const total = new Tally();
    const [a, b] = [
      new SessionBooks({ subject: subject(), total, freshWork }, 0),
      new SessionBooks({ subject: subject(), total, freshWork }, 0),
    ];
    a.begin(8, 1_700_000_000_000);
    b.begin(2, 1_700_000_001_000);
    a.end('accepted', 8, 100);
    b.end('stale', 2, 100);
    assert.equal(a.lastShareAtMs, 1_700_000_000_000);
    assert.deepEqual(
      [total.received, total.inFlight, total.counts.accepted, total.counts.stale],
      [2, 0, 1, 1],
    );
    assert.deepEqual([total.difficultyReceived, total.difficultyAccepted], [10, 8]);
    assert.equal(total.work, 8 * HASHES_AT_ONE);
    assert.deepEqual([a.tally.counts.accepted, b.tally.counts.accepted, b.tally.work], [1, 0, 0]);
  });

  test('count work in hashes of their algorithm', () => {
    const total = new Tally();
    const books = new SessionBooks({ subject: subject(65_536), total, freshWork }, 0);
    books.begin(8, 0);
    books.end('accepted', 8, 0);
    assert.equal(total.work, (8 * HASHES_AT_ONE) / 65_536);
  });

  test('know a rate from credited shares alone', () => {
    const books = new SessionBooks({ subject: subject(), total: new Tally(), freshWork }, 0);
    for (let i = 0; i < 4; i += 1) {
      books.begin(1, 0);
      books.end(i === 0 ? 'rejected' : 'accepted', 1, 30_000);
    }
    const { hs, error } = books.rate(1, 30_000);
    assert.equal(hs, (3 * HASHES_AT_ONE) / 30);
    assert.ok(Math.abs((error ?? 0) * Math.sqrt(3) - 1) < 1e-12);
  });

  test('take a verdict after the session has gone', () => {
    const total = new Tally();
    const books = new SessionBooks({ subject: subject(), total, freshWork }, 0);
    books.begin(8, 0);
    books.endedAtMs = 5;
    books.end('accepted', 8, 10);
    assert.deepEqual([books.tally.inFlight, books.tally.counts.accepted, total.counts.accepted], [0, 1, 1]);
  });
});
