import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNetwork, isWithin, parseNetwork } from './ip-network.ts';

for (const [text, expected] of [
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['10.1.255.3/23', '10.1.254.0/23'],
  ['192.0.2.7', '192.0.2.7'],
  ['192.0.2.7/32', '192.0.2.7'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:DB8:0::1', '2001:db8::1'],
  ['2001:db8:ffff::1/33', '2001:db8:8000::/33'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:10.1.0.1/104', '10.0.0.0/8'],
  ['10.0.0.0/33', null],
  ['10.0.0', null],
  ['fe80::1%eth0', null],
  ['pool.example.com', null],
] as const) {
  test(`${text} is ${expected}`, () => {
    const network = parseNetwork(text);
    assert.equal(network === null ? null : formatNetwork(network), expected);
  });
}

for (const [address, text, expected] of [
  ['10.1.2.3', '10.0.0.0/8', true],
  ['11.1.2.3', '10.0.0.0/8', false],
  ['::ffff:10.1.2.3', '10.0.0.0/8', true],
  ['10.1.2.3', '::/0', false],
  ['10.1.2.3', '10.1.2.3', true],
  ['2001:db8::7', '2001:db8::/32', true],
  ['2001:db9::7', '2001:db8::/32', false],
  ['fe80::1%eth0', 'fe80::/10', true],
  ['pool.example.com', '0.0.0.0/0', false],
] as const) {
  test(`${address} is ${expected ? '' : 'not '}within ${text}`, () => {
    const network = parseNetwork(text);
    assert.equal(network !== null && isWithin(address, network), expected);
  });
}
