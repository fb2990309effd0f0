import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  canonicalHost,
  formatPoolPattern,
  hostPatternsFor,
  isHostPattern,
  matchesHost,
  type PoolRule,
  parsePoolPattern,
  selectRule,
} from './pool-pattern.ts';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
const name = fc
  .array(label, { minLength: 1, maxLength: 5 })
  .map((labels) => [...labels, 'com'].join('.'))
  .filter((host) => host.length < 200);
const ipAddress = fc.oneof(fc.ipV4(), fc.ipV6().map(canonicalHost));
const host = fc.oneof({ weight: 4, arbitrary: name }, { weight: 1, arbitrary: ipAddress });
const port = fc.integer({ min: 1, max: 65535 });

describe('parsePoolPattern', () => {
  const accepted: [string, string, number[]][] = [
    ['127.0.0.1:3333', '127.0.0.1', [3333]],
    ['localhost:3333', 'localhost', [3333]],
    ['Btc.F2Pool.com:3333', 'btc.f2pool.com', [3333]],
    ['stratum+tcp://btc.f2pool.com:1314/', 'btc.f2pool.com', [1314]],
    ['*.nicehash.com:3334', '*.nicehash.com', [3334]],
    ['*.nicehash.com:9200,443, 443', '*.nicehash.com', [443, 9200]],
    ['btc.example.com.:25', 'btc.example.com', [25]],
    ['[::1]:3333', '::1', [3333]],
    ['[0:0:0:0:0:0:0:1]:3333,4444', '::1', [3333, 4444]],
    ['*.com:1', '*.com', [1]],
  ];
  for (const [text, wantHost, ports] of accepted) {
    test(`reads ${text}`, () => {
      assert.deepEqual(parsePoolPattern(text), { host: wantHost, ports });
    });
  }
  const refused = [
    '',
    'host',
    'host:',
    ':3333',
    'host:0',
    'host:65536',
    'host:3333,',
    'host:3333,70000',
    '*:3333',
    '*.:3333',
    '*.*.nicehash.com:3334',
    'eu.*.nicehash.com:3334',
    '*nicehash.com:3334',
    '*.127.0.0.1:3333',
    '[*.::1]:3333',
    '::1:3333',
    '[btc.example.com]:3333',
    'host name:3333',
    'host:33 33',
    '-bad.example.com:3333',
  ];
  for (const text of refused) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(parsePoolPattern(text), null);
    });
  }

  test('formatting and reading back gives the same pattern', () => {
    const pattern = fc.record({
      host: fc.oneof(
        host,
        name.map((suffix) => `*.${suffix}`),
      ),
      ports: fc.uniqueArray(port, { minLength: 1, maxLength: 6 }).map((ports) => ports.sort((a, b) => a - b)),
    });
    fc.assert(
      fc.property(pattern, (value) => {
        assert.deepEqual(parsePoolPattern(formatPoolPattern(value)), { ...value });
      }),
    );
  });

  test('never throws, and whatever it accepts is a valid pattern', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[*.a-z0-9:[\],]{0,40}$/)), (text) => {
        const pattern = parsePoolPattern(text);
        if (pattern !== null) assert.ok(isHostPattern(pattern.host) && pattern.ports.length > 0);
      }),
    );
  });
});

describe('matching', () => {
  test('a wildcard stands for every depth below its suffix, not for the suffix, a look-alike or an address', () => {
    assert.ok(matchesHost('*.nicehash.com', 'sha256.nicehash.com'));
    assert.ok(matchesHost('*.nicehash.com', 'sha256.eu.nicehash.com'));
    assert.ok(!matchesHost('*.nicehash.com', 'nicehash.com'));
    assert.ok(!matchesHost('*.nicehash.com', 'evilnicehash.com'));
    assert.ok(!matchesHost('*.nicehash.com', 'nicehash.com.evil.org'));
    assert.ok(!matchesHost('*.0.1', '127.0.0.1'));
  });

  test('a pattern matches a host exactly when it is among the patterns for that host', () => {
    const pattern = fc.oneof(
      host,
      name.map((suffix) => `*.${suffix}`),
    );
    fc.assert(
      fc.property(host, pattern, (value, other) => {
        const patterns = hostPatternsFor(value);
        for (const candidate of patterns) assert.ok(matchesHost(candidate, value), candidate);
        assert.equal(matchesHost(other, value), patterns.includes(other));
      }),
    );
  });

  test('the patterns for a host go from the most to the least specific', () => {
    assert.deepEqual(hostPatternsFor('sha256.eu.nicehash.com'), [
      'sha256.eu.nicehash.com',
      '*.eu.nicehash.com',
      '*.nicehash.com',
      '*.com',
    ]);
    assert.deepEqual(hostPatternsFor('localhost'), ['localhost']);
    assert.deepEqual(hostPatternsFor('10.0.0.1'), ['10.0.0.1']);
    assert.deepEqual(hostPatternsFor('fe80::1'), ['fe80::1']);
  });
});

function at(ruleHost: string, source: PoolRule['source'] = 'catalogue', rulePort = 3334): PoolRule {
  return { host: ruleHost, port: rulePort, source };
}

describe('selectRule', () => {
  const endpoint = { host: 'sha256.eu.nicehash.com', port: 3334 };

  test('an exact host wins over a wildcard, the longest suffix among wildcards', () => {
    const rules = [at('*.com'), at('*.eu.nicehash.com'), at('sha256.eu.nicehash.com'), at('*.nicehash.com')];
    assert.equal(selectRule(rules, endpoint)?.host, 'sha256.eu.nicehash.com');
    assert.equal(
      selectRule(rules, { ...endpoint, host: 'scrypt.eu.nicehash.com' })?.host,
      '*.eu.nicehash.com',
    );
    assert.equal(selectRule(rules, { ...endpoint, host: 'x.nicehash.com' })?.host, '*.nicehash.com');
  });

  test('an operator wins over the catalogue, even with a wildcard over an exact host', () => {
    const rules = [at('sha256.eu.nicehash.com'), at('*.nicehash.com', 'operator')];
    assert.equal(selectRule(rules, endpoint)?.source, 'operator');
  });

  test('another port is another pool', () => {
    assert.equal(selectRule([at('*.nicehash.com', 'operator', 9200)], endpoint), null);
  });

  test('the spelling of the address does not matter', () => {
    assert.equal(
      selectRule([at('*.nicehash.com')], { host: 'SHA256.NiceHash.com.', port: 3334 })?.host,
      '*.nicehash.com',
    );
    assert.equal(selectRule([at('::1')], { host: '0:0:0:0:0:0:0:1', port: 3334 })?.host, '::1');
  });

  test('the answer does not depend on the order, matches, and nothing that matches outranks it', () => {
    const source = fc.constantFrom<PoolRule['source']>('catalogue', 'operator');
    const scenario = name.chain((value) => {
      const patterns = fc.constantFrom(...hostPatternsFor(value), 'other.example.com', '*.example.com');
      const rule = fc.record({ host: patterns, port: fc.constantFrom(1, 2), source });
      const rules = fc.uniqueArray(rule, {
        maxLength: 8,
        selector: (one) => `${one.source} ${one.host} ${one.port}`,
      });
      return fc.record({ value: fc.constant(value), rules });
    });
    fc.assert(
      fc.property(scenario, ({ value, rules }) => {
        const target = { host: value, port: 1 };
        const best = selectRule(rules, target);
        assert.deepEqual(selectRule(rules.toReversed(), target), best);
        const ranked = ['operator', 'catalogue'].flatMap((from) =>
          hostPatternsFor(value).map((pattern) =>
            rules.find((rule) => rule.port === 1 && rule.source === from && rule.host === pattern),
          ),
        );
        assert.deepEqual(best, ranked.find((rule) => rule !== undefined) ?? null);
      }),
    );
  });
});
