import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { ListenAddress } from './listen-address.ts';
import {
  formatListenAddress,
  isLoopback,
  isSameListener,
  ListenAddressError,
  parseListenAddress,
} from './listen-address.ts';

describe('parseListenAddress', () => {
  const good: readonly [string, ListenAddress][] = [
    [':9332', { host: null, port: 9332 }],
    ['127.0.0.1:12743', { host: '127.0.0.1', port: 12743 }],
    ['[::1]:9332', { host: '::1', port: 9332 }],
    ['[fe80::1%eth0]:9332', { host: 'fe80::1%eth0', port: 9332 }],
    ['LocalHost:0', { host: 'localhost', port: 0 }],
    ['proxy.farm.example:65535', { host: 'proxy.farm.example', port: 65535 }],
    [' 0.0.0.0:80 ', { host: '0.0.0.0', port: 80 }],
  ];
  for (const [text, address] of good) {
    test(`reads ${text}`, () => assert.deepEqual(parseListenAddress(text), address));
  }

  const bad = ['', '9332', ':', ':65536', ':-1', ':9332x', '::1:9332', '[::1]', '[::1]9332', '[1.2.3.4]:1'];
  bad.push(
    '256.0.0.1:1',
    '1.2.3:1',
    '-a:1',
    'a..b:1',
    'a b:1',
    'http://host:80',
    'host:http',
    '[]:1',
    ':000001',
  );
  for (const text of bad) {
    test(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => parseListenAddress(text), ListenAddressError));
  }

  test('reads back what formatListenAddress writes', () => {
    const host = fc.oneof(
      fc.constant(null),
      fc.ipV4(),
      fc.ipV6(),
      fc.domain().map((name) => name.toLowerCase()),
    );
    fc.assert(
      fc.property(host, fc.nat(65535), (name, port) => {
        const address = { host: name, port };
        assert.deepEqual(parseListenAddress(formatListenAddress(address)), address);
      }),
    );
  });
});

describe('isLoopback', () => {
  const addresses: readonly [string, boolean][] = [
    ['127.0.0.1:1', true],
    ['127.8.9.10:1', true],
    ['[::1]:1', true],
    ['[0:0:0:0:0:0:0:1]:1', true],
    ['[::ffff:127.0.0.1]:1', true],
    ['localhost:1', true],
    [':1', false],
    ['0.0.0.0:1', false],
    ['[::]:1', false],
    ['10.0.0.1:1', false],
    ['[fe80::1%eth0]:1', false],
    ['localhost.example:1', false],
  ];
  for (const [text, expected] of addresses) {
    test(`${text}: ${expected}`, () => assert.equal(isLoopback(parseListenAddress(text)), expected));
  }
});

function same(a: string, b: string): boolean {
  return isSameListener(parseListenAddress(a), parseListenAddress(b));
}

test('two servers collide on the same port of the same or of every address', () => {
  assert.equal(same(':80', '127.0.0.1:80'), true);
  assert.equal(same('127.0.0.1:80', '[::]:80'), true);
  assert.equal(same('127.0.0.1:80', '127.0.0.1:80'), true);
  assert.equal(same('127.0.0.1:80', '127.0.0.2:80'), false);
  assert.equal(same(':80', ':81'), false);
  assert.equal(same(':0', ':0'), false);
});
