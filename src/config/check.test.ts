import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { brokenRules, checkAcrossKeys, exposedWithoutToken } from './check.ts';
import type { Value } from './key.ts';
import type { KeyName } from './schema.ts';
import { buildConfig, type Config } from './schema.ts';

function broken(values: Partial<Record<KeyName, Value>>): string[] {
  return checkAcrossKeys(config(values));
}

function config(values: Partial<Record<KeyName, Value>>): Config {
  return buildConfig(new Map(Object.entries(values) as [KeyName, Value][]));
}

test('a token is wanted where other machines reach the API, and every way out is named', () => {
  for (const addr of [':80', '0.0.0.0:80', '[::]:80', '10.0.0.1:80', 'proxy.example:80']) {
    const problem = exposedWithoutToken(config({ 'web.addr': addr })) ?? '';
    assert.ok(problem.startsWith(`web.addr ${addr} `));
    assert.match(
      problem,
      /set web\.addr to 127\.0\.0\.1:80, or run .*token add admin.*, or .*token admin.* web\.tokens/,
    );
    assert.equal(exposedWithoutToken(config({ 'web.addr': addr, 'web.tokens': ['admin:00'] })), null);
  }
  for (const addr of ['127.0.0.1:80', '[::1]:80', 'localhost:80'])
    assert.equal(exposedWithoutToken(config({ 'web.addr': addr })), null);
});

describe('checkAcrossKeys', () => {
  test('keeps the two listeners apart', () => {
    assert.match(broken({ 'web.addr': '127.0.0.1:9332' }).join(), /cannot share a port/);
    assert.deepEqual(broken({ 'web.addr': '127.0.0.1:0', 'stratum.addr': '127.0.0.1:0' }), []);
  });

  test('bounds the extranonce sizes together', () => {
    assert.deepEqual(broken({ 'extranonce.prefixBytes': 4, 'extranonce.sizeBytes': 4 }), []);
    assert.match(
      broken({ 'extranonce.prefixBytes': 4, 'extranonce.sizeBytes': 5 }).join(),
      /together are 9 bytes/,
    );
  });

  test('keeps the shortest wait below the longest', () => {
    assert.deepEqual(broken({ 'upstream.retryMinMs': 30_000 }), []);
    assert.match(
      broken({ 'upstream.retryMinMs': 30_001 }).join(),
      /must not be above upstream\.retryMaxMs 30000/,
    );
  });

  test('wants room for one line of a pool', () => {
    assert.deepEqual(broken({ 'limits.sendBufferBytes': 65_536 }), []);
    assert.match(broken({ 'limits.sendBufferBytes': 65_535 }).join(), /at least limits\.poolLineBytes 65536/);
  });

  test('refuses a pretty log for syslog', () => {
    assert.match(broken({ syslog: true, 'log.format': 'pretty' }).join(), /log\.format pretty/);
    assert.deepEqual(broken({ syslog: true, 'log.format': 'json' }), []);
  });

  test('leaves out rules about keys that are not known', () => {
    const tooLong = config({ 'upstream.retryMinMs': 30_001 });
    assert.equal(brokenRules(tooLong).length, 1);
    assert.deepEqual(brokenRules(tooLong, new Set<KeyName>(['upstream.retryMaxMs'])), []);
  });
});
