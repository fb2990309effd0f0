import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Work } from '../domain/job.ts';
import type { IssuedJob } from './issued-job.ts';
import { IssuedJobs } from './issued-jobs.ts';

let sequence = 0;

function push(jobs: IssuedJobs, block: string, clean: boolean, family: 'bitcoin' | 'cryptonote' = 'bitcoin') {
  sequence += 1;
  const common = { family, poolJobId: `${sequence}`, clean };
  const work = (family === 'bitcoin' ? { ...common, prevHash: block } : { ...common, block }) as Work;
  const job = { id: sequence.toString(16), sequence, block, work, lines: new Map() } as unknown as IssuedJob;
  return { job, isLaneFree: jobs.push(job, work) };
}

describe('the jobs of an upstream', () => {
  test('of an older block are void, those of the same one are still taken, clean or not', () => {
    const jobs = new IssuedJobs({ jobsKept: 16, keepsWork: false });
    const first = push(jobs, 'a', true);
    const second = push(jobs, 'a', true);
    assert.deepEqual([first.isLaneFree, second.isLaneFree], [false, false]);
    assert.equal(jobs.find(first.job.id), first.job);
    const third = push(jobs, 'b', true);
    assert.equal(third.isLaneFree, true);
    assert.deepEqual(jobs.all, [third.job]);
    assert.equal(jobs.find(first.job.id), null);
  });

  test('are bounded; what only the newest needs goes with the next', () => {
    const jobs = new IssuedJobs({ jobsKept: 2, keepsWork: false });
    const [first, second, third] = ['a', 'a', 'a'].map((block) => push(jobs, block, false).job);
    assert.deepEqual(jobs.all, [second, third]);
    assert.deepEqual([first?.work, second?.work, second?.lines], [null, null, null]);
    assert.ok(third?.work !== null && third?.lines !== null);
  });

  test('keep their work where shares are judged here', () => {
    const jobs = new IssuedJobs({ jobsKept: 2, keepsWork: true });
    const first = push(jobs, 'a', false).job;
    push(jobs, 'a', false);
    assert.ok(first.work !== null);
  });

  test('of a relayed family are many more, keep their work, and let a left lane go with each', () => {
    const jobs = new IssuedJobs({ jobsKept: 2, keepsWork: false });
    const first = push(jobs, 'a', false, 'cryptonote').job;
    for (let i = 0; i < 127; i += 1) assert.equal(push(jobs, 'a', false, 'cryptonote').isLaneFree, true);
    assert.equal(jobs.find(first.id)?.work?.family, 'cryptonote');
    push(jobs, 'a', false, 'cryptonote');
    assert.equal(jobs.find(first.id), null);
  });
});
