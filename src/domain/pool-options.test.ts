import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  canonicalFingerprint,
  isPasswordTemplate,
  lacksDifficulty,
  NO_POOL_OPTIONS,
  parseVia,
  passwordAtPool,
} from './pool-options.ts';

const withTemplate = (passwordTemplate: string, suggestDifficulty: number | null = 1024) => ({
  ...NO_POOL_OPTIONS,
  passwordTemplate,
  suggestDifficulty,
});

describe('the password at a pool', () => {
  const cases: readonly [template: string, password: string, sent: string][] = [
    ['{password},d={difficulty}', 'x', 'x,d=1024'],
    ['d={difficulty},{password}', 'x', 'd=1024,x'],
    ['{password},d={difficulty}', '', 'd=1024'],
    ['d={difficulty};{password}', '', 'd=1024'],
    ['{password}', '', ''],
    ['fixed', 'secret', 'fixed'],
    ['{password}/{password}', 'x', 'x/x'],
    ['{password},d={difficulty}', '{difficulty}{password}$&', '{difficulty}{password}$&,d=1024'],
  ];
  for (const [template, password, sent] of cases) {
    test(`${template} with ${JSON.stringify(password)} is ${JSON.stringify(sent)}`, () => {
      assert.equal(passwordAtPool(withTemplate(template), password), sent);
    });
  }

  test('is the account’s as it is, without a template', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (password) => {
        assert.equal(passwordAtPool(NO_POOL_OPTIONS, password), password);
      }),
    );
  });

  test('is written without an exponent or a rounding where the difficulty allows it', () => {
    for (const [difficulty, text] of [
      [0.001, '0.001'],
      [65_536, '65536'],
      [1e18, '1000000000000000000'],
    ] as const)
      assert.equal(passwordAtPool(withTemplate('d={difficulty}', difficulty), 'x'), `d=${text}`);
  });
});

test('a template has braces around the known placeholders only, and is not blank', () => {
  for (const good of ['{password}', 'x', '{password},d={difficulty}', 'd={difficulty}'])
    assert.ok(isPasswordTemplate(good), good);
  for (const bad of ['', ' ', '{user}', '{password', 'password}', '{{password}}', '{Password}', '{}'])
    assert.ok(!isPasswordTemplate(bad), bad);
});

test('a template that names the difficulty needs one', () => {
  assert.ok(lacksDifficulty(withTemplate('d={difficulty}', null)));
  assert.ok(!lacksDifficulty(withTemplate('d={difficulty}', 1)));
  assert.ok(!lacksDifficulty(withTemplate('{password}', null)));
  assert.ok(!lacksDifficulty(NO_POOL_OPTIONS));
});

test('a proxy on the way is read from its URL, and what is none or has a password is refused', () => {
  assert.deepEqual(parseVia('socks5://127.0.0.1:9050'), { kind: 'socks5', host: '127.0.0.1', port: 9050 });
  assert.deepEqual(parseVia('HTTP://proxy.example:3128'), {
    kind: 'http',
    host: 'proxy.example',
    port: 3128,
  });
  assert.deepEqual(parseVia('socks5://[::1]:1080'), { kind: 'socks5', host: '::1', port: 1080 });
  for (const text of [
    '',
    '127.0.0.1:9050',
    'socks5://',
    'socks5://127.0.0.1',
    'http://proxy.example',
    'socks4://127.0.0.1:9050',
    'socks5h://127.0.0.1:9050',
    'https://h:1',
    'http://u:p@127.0.0.1:3128',
    'socks5://user@h:1',
    'socks5://u:%zzsecret@h:1',
    'http://h:0',
    'http://h:65536',
    'http://h:99999',
    'http://h:1/',
    'http://h:1/path',
    'http://h:1?x',
    'http://h:1\n',
  ]) {
    assert.equal(parseVia(text), null, text);
  }
});

test('a fingerprint is taken as people write it', () => {
  const hex = '0a'.repeat(32);
  const colons = hex.toUpperCase().match(/../g)?.join(':') ?? '';
  for (const text of [hex, colons, `SHA256:${colons}`, ` sha-256:${hex} `]) {
    assert.equal(canonicalFingerprint(text), hex, text);
  }
  for (const text of ['', hex.slice(1), `${hex}0`, 'sha1:'.padEnd(69, '0')]) {
    assert.equal(canonicalFingerprint(text), null, text);
  }
});
