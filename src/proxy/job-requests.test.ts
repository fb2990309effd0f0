import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ethashView } from '../../test/support/ethash-fixtures.ts';
import { testSettings } from '../../test/support/proxy-bed.ts';
import { SpokenMiner } from '../../test/support/spoken-miner.ts';
import { ethProxy } from '../wire/dialects/ethproxy/index.ts';
import { JobRequests } from './job-requests.ts';

describe('requests for a job that there is none for yet', () => {
  test('of too many the oldest is refused; the others have the first job, in order', () => {
    const miner = new SpokenMiner(testSettings(), ethProxy);
    const requests = new JobRequests(miner);
    assert.equal(requests.isEmpty, true);
    for (const id of ['1', '2', '3', '4']) requests.add(id);
    assert.equal(miner.takeTold(), '');
    requests.add('5');
    assert.match(miner.takeTold(), /"id":1,.*Work not ready/);
    requests.answer(ethashView);
    const ids = miner
      .takeTold()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { id: number }).id);
    assert.deepEqual(ids, [2, 3, 4, 5]);
    assert.equal(requests.isEmpty, true);
  });
});
