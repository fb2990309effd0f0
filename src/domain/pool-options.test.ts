import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  canonicalFingerprint,
  isPasswordTemplate,
  lacksDifficulty,
  NO_POOL_OPTIONS,
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
