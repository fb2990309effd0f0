import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRentalAgent } from './rental.ts';

test('markets for hashrate are known by their agents, devices and miners are not', () => {
  for (const agent of ['NiceHash/1.0.0', 'nicehash/2.1', 'MRR/1.0', 'miningrigrentals/5'])
    assert.ok(isRentalAgent(agent), agent);
  for (const agent of [
    '',
    'cgminer/4.12.1',
    'NiceHashQuickMiner',
    'excavator/1.7',
    'bmminer/2.0.0',
    'xMRR/1',
  ])
    assert.ok(!isRentalAgent(agent), agent);
});
