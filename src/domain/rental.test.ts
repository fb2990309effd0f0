import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isProxyAgent, isRentalAgent } from './rental.ts';

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

test('proxies that need the whole nonce are known by their agents', () => {
  for (const agent of ['xmrig-proxy/6.26.0 (Linux x86_64)', 'xmr-node-proxy/0.3.1'])
    assert.ok(isProxyAgent(agent));
  for (const agent of ['XMRig/6.21.0', 'ckproxy', '']) assert.ok(!isProxyAgent(agent), agent);
});
