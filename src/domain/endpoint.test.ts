import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { anyText } from '../../test/support/any-text.ts';
import { formatEndpoint, isHost, parseEndpoint } from './endpoint.ts';

describe('an endpoint', () => {
  for (const [text, host, port] of [
    ['pool.example:3333', 'pool.example', 3333],
    ['POOL.Example:3333', 'pool.example', 3333],
    ['localhost:1', 'localhost', 1],
    ['nas:65535', 'nas', 65_535],
    ['127.0.0.1:3333', '127.0.0.1', 3333],
    ['10.0.0.7:03333', '10.0.0.7', 3333],
    ['[::1]:3333', '::1', 3333],
    ['[2001:DB8::7]:443', '2001:db8::7', 443],
    ['[::ffff:10.0.0.1]:3333', '::ffff:10.0.0.1', 3333],
    ['eu_1.pool-2.example:3333', 'eu_1.pool-2.example', 3333],
    ['pool.example.:3333', 'pool.example.', 3333],
    ['  pool.example:3333\n', 'pool.example', 3333],
    ['stratum+tcp://pool.example:3333', 'pool.example', 3333],
    ['stratum+ssl://pool.example:3333/', 'pool.example', 3333],
    ['stratum+tls://pool.example:3333', 'pool.example', 3333],
    ['Stratum://[::1]:3333', '::1', 3333],
    ['tcp://pool.example:3333', 'pool.example', 3333],
    ['ssl://pool.example:3333', 'pool.example', 3333],
  ] as const) {
    test(`is read from ${JSON.stringify(text)}`, () => assert.deepEqual(parseEndpoint(text), { host, port }));
  }

  for (const text of [
    '',
    'pool.example',
    'pool.example:',
    ':3333',
    'pool.example:0',
    'pool.example:65536',
    'pool.example:999999',
    'pool.example:-1',
    'pool.example:3333x',
    'pool.example:3333/path',
    'pool example:3333',
    'pool..example:3333',
    '-pool.example:3333',
    'pool-.example:3333',
    '.:3333',
    `${'a'.repeat(64)}.example:3333`,
    `${'a.'.repeat(128)}:3333`,
    '::1:3333',
    '[::1]',
    '[::1:3333',
    '[pool.example]:3333',
    '[1.2.3.4]:3333',
    '[fe80::1%eth0]:3333',
    'http://pool.example:3333',
    'stratum2+tcp://pool.example:3333',
    'user@pool.example:3333',
    'pöol.example:3333',
  ]) {
    test(`is not read from ${JSON.stringify(text.slice(0, 40))}`, () =>
      assert.equal(parseEndpoint(text), null));
  }

  test('is written with brackets around an IPv6 address only', () => {
    assert.equal(formatEndpoint({ host: 'pool.example', port: 3333 }), 'pool.example:3333');
    assert.equal(formatEndpoint({ host: '::1', port: 3333 }), '[::1]:3333');
  });

  test('reads back as it was written', () => {
    const label = fc.stringMatching(/^[a-z0-9_](?:[a-z0-9_-]{0,10}[a-z0-9_])?$/);
    const hosts = fc.oneof(
      fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
      fc.ipV4(),
      fc.ipV6().map((text) => text.toLowerCase()),
    );
    fc.assert(
      fc.property(hosts, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        assert.ok(isHost(host), host);
        assert.deepEqual(parseEndpoint(formatEndpoint({ host, port })), { host, port });
      }),
      { numRuns: 500 },
    );
  });

  test('of any text never throws, and what is read is a host and a port', () => {
    const parts = fc.constantFrom(
      'a',
      '.',
      ':',
      '[',
      ']',
      '::1',
      '3333',
      '-',
      '//',
      'stratum+tcp',
      ' ',
      'é',
      '%',
    );
    const texts = fc.oneof(
      anyText,
      fc.array(parts, { maxLength: 10 }).map((p) => p.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const endpoint = parseEndpoint(text);
        if (endpoint === null) return;
        assert.ok(isHost(endpoint.host));
        assert.ok(endpoint.port >= 1 && endpoint.port <= 65_535);
        assert.deepEqual(parseEndpoint(formatEndpoint(endpoint)), endpoint);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a host', () => {
  for (const host of ['a', 'localhost', '1.2.3.4', '::', 'xn--bcher-kva.example', 'a'.repeat(63)]) {
    test(`is ${host.slice(0, 30)}`, () => assert.equal(isHost(host), true));
  }
  for (const host of ['', '.', 'a b', 'A', 'a..b', '[::1]', ':', '1:2', 'a/b', 'a'.repeat(64), '-', 'a.-b']) {
    test(`is not ${JSON.stringify(host.slice(0, 30))}`, () => assert.equal(isHost(host), false));
  }
});
