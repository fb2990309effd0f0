import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  createToken,
  hashToken,
  isGranted,
  parseApiToken,
  readBearer,
  scopesFor,
  TokenRing,
} from './auth.ts';

describe('tokens', () => {
  test('are 256 random bits with a prefix that tells what they are', () => {
    const tokens = Array.from({ length: 50 }, createToken);
    assert.equal(new Set(tokens).size, 50);
    for (const token of tokens) {
      assert.match(token, /^sp_[A-Za-z0-9_-]{43}$/);
      assert.equal(Buffer.from(token.slice(3), 'base64url').length, 32);
      assert.equal(readBearer(`Bearer ${token}`), token);
    }
  });

  test('hash as sha256sum does', () => {
    assert.equal(hashToken('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  test('are configured as scope:hash', () => {
    const sha256 = hashToken('x');
    assert.deepEqual(parseApiToken(`admin:${sha256.toUpperCase()}`), { scope: 'admin', sha256 });
    for (const bad of [
      '',
      sha256,
      `root:${sha256}`,
      'admin:',
      `admin:${sha256}0`,
      `admin:${sha256.slice(1)}g`,
    ]) {
      assert.equal(parseApiToken(bad), null, bad);
    }
  });
});

describe('TokenRing', () => {
  const [reader, registrar, admin] = [createToken(), createToken(), createToken()];
  const ring = new TokenRing([
    { scope: 'read', sha256: hashToken(reader) },
    { scope: 'register', sha256: hashToken(registrar) },
    { scope: 'admin', sha256: hashToken(admin).toUpperCase() },
  ]);

  test('knows its tokens and no other', () => {
    assert.equal(ring.scopeOf(reader), 'read');
    assert.equal(ring.scopeOf(registrar), 'register');
    assert.equal(ring.scopeOf(admin), 'admin');
    assert.equal(ring.scopeOf(hashToken(admin)), null);
    fc.assert(fc.property(fc.string(), (text) => ring.scopeOf(text) === null));
  });

  test('a token that is there twice has the broader scope', () => {
    const sha256 = createHash('sha256').update('t').digest('hex');
    const twice = new TokenRing([
      { scope: 'admin', sha256 },
      { scope: 'read', sha256 },
    ]);
    assert.equal(twice.scopeOf('t'), 'admin');
  });

  test('refuses what is no hash, so that a token in clear is never taken for one', () => {
    assert.throws(() => new TokenRing([{ scope: 'read', sha256: reader }]), /API token 1/);
  });

  test('is empty without tokens', () => {
    assert.equal(new TokenRing([]).isOpen, true);
    const exposed = new TokenRing([], { isExposed: true });
    assert.equal(exposed.isOpen, false, 'to other machines');
    assert.equal(exposed.callerOf('x', 0), null);
    assert.equal(ring.isOpen, false);
  });
});

describe('scopes', () => {
  test('who may what', () => {
    assert.deepEqual(scopesFor('read'), ['read', 'admin']);
    assert.deepEqual(scopesFor('catalogue'), ['read', 'register', 'admin']);
    assert.deepEqual(scopesFor('register'), ['register', 'admin']);
    assert.deepEqual(scopesFor('admin'), ['admin']);
    assert.equal(isGranted('register', 'read'), false);
    assert.equal(isGranted('read', 'register'), false);
  });
});

describe('readBearer', () => {
  test('takes the token whatever the case of the scheme', () => {
    assert.equal(readBearer('Bearer abc'), 'abc');
    assert.equal(readBearer('bearer  a-b.c_d~e+f/g== '), 'a-b.c_d~e+f/g==');
  });
  test('null for any other form', () => {
    for (const bad of [
      '',
      'abc',
      'Basic YTpi',
      'Bearer',
      'Bearer ',
      'Bearer a b',
      'Bearer "a"',
      `Bearer ${'a'.repeat(600)}`,
    ]) {
      assert.equal(readBearer(bad), null, bad);
    }
  });
});
