import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { IssuedJob } from './issued-job.ts';
import { SentJobs } from './sent-jobs.ts';

function job(sequence: number, facts: Partial<IssuedJob> = {}): IssuedJob {
  const common = { poolJobId: 'a', block: 'b', ntime: 1000, difficulty: 512, receivedAtMs: 0, lines: null };
  return { ...common, id: sequence.toString(16), sequence, ...facts } as IssuedJob;
}

const always = (): boolean => true;

describe('what a session was sent', () => {
  test('a share must meet the difficulty of its job, or a lower one since', () => {
    const sent = new SentJobs().onLane(1);
    const [first, second, third] = [job(1), job(2), job(3)];
    assert.deepEqual([sent.note(first, 8), sent.note(second, 16), sent.note(third, 4)], [true, true, true]);
    assert.deepEqual(
      [first, second, third].map((one) => sent.difficultyFor(one)),
      [4, 4, 4],
    );
    sent.note(job(4), 32);
    assert.deepEqual(
      [third, job(4)].map((one) => sent.difficultyFor(one)),
      [4, 32],
    );
    assert.equal(sent.note(job(5), 32), false);
  });

  test('on another lane the difficulty that the miner has holds on; over another connection it has none', () => {
    const before = new SentJobs().onLane(1);
    before.note(job(1), 8);
    const lane = before.onLane(2);
    assert.equal(lane.note(job(2), 8), false);
    assert.deepEqual([lane.firstEver, lane.firstOnLane, lane.difficultyFor(job(2))], [1, 2, 8]);
    const back = before.afterReconnect();
    assert.deepEqual([back.difficulty, back.newest, back.firstOnLane], [0, 0, 1]);
    assert.equal(back.difficultyFor(job(1)), 8, 'shares of before still have to meet it');
    assert.deepEqual([back.hasHad(job(1)), back.hasHad(job(1, { ntime: 1001 }))], [true, false]);
    assert.equal(back.note(job(2), 8), true, 'it has to be told again');
  });

  test('without any word of a difficulty the job’s own counts, and never none', () => {
    assert.equal(new SentJobs().onLane(1).afterReconnect().difficultyFor(job(1)), 512);
  });

  test('a job that is sent again has an id of its own and a later time each time', () => {
    const sent = new SentJobs().onLane(1);
    const first = job(1);
    sent.note(first, 8);
    const again = sent.repeat(first, 2, 200, always);
    assert.deepEqual([again.id, again.ntime], ['2', 1001]);
    sent.note(again, 16);
    const third = sent.repeat(first, 3, 400, always);
    assert.equal(third.ntime, 1002);
    sent.note(third, 32);
    assert.deepEqual(sent.findRepeat('2'), { of: '1', job: again });
  });

  test('the pool’s own repetition of work that was sent again is told by its time', () => {
    const sent = new SentJobs().onLane(1);
    sent.note(job(1), 8);
    assert.equal(sent.hasHad(job(2, { ntime: 1000 })), false, 'what the pool repeats by itself is passed on');
    sent.note(sent.repeat(job(1), 3, 5000, always), 16);
    assert.equal(sent.hasHad(job(4, { ntime: 1005 })), true);
    assert.equal(sent.hasHad(job(4, { ntime: 1006 })), false);
    assert.equal(sent.hasHad(job(4, { ntime: 1005, poolJobId: 'other' })), false);
  });

  test('of repeats the last four are known, and none whose job is void', () => {
    const sent = new SentJobs().onLane(1);
    for (let sequence = 2; sequence < 8; sequence += 1)
      sent.note(sent.repeat(job(1), sequence, 0, always), 8);
    assert.deepEqual(
      ['3', '4', '7'].map((id) => sent.findRepeat(id)?.job.id ?? null),
      [null, '4', '7'],
    );
    sent.repeat(job(1), 8, 0, () => false);
    assert.equal(sent.findRepeat('7'), null);
  });
});
