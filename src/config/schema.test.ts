import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkAcrossKeys } from './check.ts';
import { readValue } from './key.ts';
import { buildConfig, ENVIRONMENT_PREFIX, findKey, findSection, keys, valueOf } from './schema.ts';

const all = [...keys().values()];

describe('the schema', () => {
  test('allows its own defaults, alone and together', () => {
    for (const { name, key } of all) {
      const written = typeof key.default === 'object' ? key.default : String(key.default);
      assert.deepEqual(readValue(key, written), { ok: true, value: key.default }, name);
    }
    assert.deepEqual(checkAcrossKeys(buildConfig(new Map())), []);
  });

  test('gives every key one variable of its own', () => {
    assert.equal(new Set(all.map(({ environment }) => environment)).size, all.length);
    for (const { environment } of all) assert.match(environment, /^STRATUM_PROXY_[A-Z][A-Z_]*[A-Z]$/);
    assert.equal(findKey('limits.handshakeMs')?.environment, `${ENVIRONMENT_PREFIX}LIMITS_HANDSHAKE_MS`);
    assert.equal(findKey('syslog')?.environment, `${ENVIRONMENT_PREFIX}SYSLOG`);
  });

  test('names no key like a word of the command line', () => {
    for (const taken of ['config', 'help', 'version', 'h']) assert.equal(findKey(taken), null);
    for (const { name } of all) assert.ok(!name.startsWith('no-'));
  });

  test('explains every key and section in whole sentences', () => {
    for (const { name, section, key } of all) {
      assert.match(key.help, /^[A-Z].*\.$/s, name);
      if (section !== '') assert.match(findSection(section)?.help ?? '', /^[A-Z].*\.$/s, section);
    }
  });

  test('keeps the flags of the original program', () => {
    const original = all.filter(({ key }) => key.original).map(({ name, key }) => [name, key.default]);
    assert.deepEqual(Object.fromEntries(original), {
      'stratum.addr': ':9332',
      'web.addr': '127.0.0.1:12743',
      'db.path': 'proxy.db',
      'metrics.tag': '',
      syslog: false,
    });
  });

  test('finds nothing under names that every object has', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      assert.equal(findKey(name), null);
      assert.equal(findSection(name), null);
    }
  });
});

describe('buildConfig', () => {
  test('puts every value in its place', () => {
    const config = buildConfig(new Map([['limits.handshakeMs', 777]]));
    assert.equal(config.limits.handshakeMs, 777);
    assert.equal(config.limits.lineBytes, 16_384);
    assert.equal(config.verify, 'auto');
    for (const entry of all) {
      const expected = entry.name === 'limits.handshakeMs' ? 777 : entry.key.default;
      assert.deepEqual(valueOf(config, entry), expected, entry.name);
    }
  });

  test('freezes the whole', () => {
    const config = buildConfig(new Map([['web.tokens', ['a']]]));
    const parts: unknown[] = [config, config.web.tokens, ...Object.values(config)];
    for (const part of parts) assert.ok(Object.isFrozen(part));
  });
});
