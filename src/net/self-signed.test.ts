import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { makeSelfSigned } from './self-signed.ts';

const SECONDS = { notBefore: new Date('2026-01-02T03:04:05Z'), notAfter: new Date('2051-06-07T08:09:10Z') };

describe('a self-signed certificate', () => {
  const { key, certificate } = makeSelfSigned({
    names: ['rig.example', 'localhost', '127.0.0.1', '2001:db8::1', '::1', '::ffff:10.0.0.1'],
    ...SECONDS,
  });
  const parsed = new X509Certificate(certificate);

  test('is signed by its own key, and by no other', () => {
    assert.equal(parsed.verify(parsed.publicKey), true);
    assert.equal(parsed.checkPrivateKey(createPrivateKey(key)), true);
    assert.equal(parsed.checkIssued(parsed), true);
    const other = new X509Certificate(makeSelfSigned({ names: ['rig.example'], ...SECONDS }).certificate);
    assert.equal(parsed.verify(other.publicKey), false);
    assert.notEqual(parsed.serialNumber, other.serialNumber);
  });

  test('stands for its names and addresses, and no others', () => {
    assert.equal(parsed.subject, 'CN=rig.example');
    assert.equal(parsed.issuer, 'CN=rig.example');
    for (const name of ['rig.example', 'localhost']) assert.equal(parsed.checkHost(name), name);
    for (const address of ['127.0.0.1', '2001:db8::1', '::1', '::ffff:10.0.0.1'])
      assert.equal(parsed.checkIP(address), address);
    assert.equal(parsed.checkHost('other.example'), undefined);
    assert.equal(parsed.checkIP('127.0.0.2'), undefined);
  });

  test('is a server’s, not an authority, for the time that was asked for', () => {
    assert.equal(parsed.ca, false);
    assert.deepEqual(parsed.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    assert.equal(new Date(parsed.validFrom).getTime(), SECONDS.notBefore.getTime());
    assert.equal(new Date(parsed.validTo).getTime(), SECONDS.notAfter.getTime());
  });

  test('with many names is longer than 256 bytes and still whole', () => {
    const names = Array.from({ length: 200 }, (_, i) => `rig${i}.example`);
    const many = new X509Certificate(makeSelfSigned({ names: ['a', ...names], ...SECONDS }).certificate);
    assert.equal(many.verify(many.publicKey), true);
    assert.equal(many.checkHost('rig199.example'), 'rig199.example');
  });

  test('is strictly well-formed in the eyes of OpenSSL', (t) => {
    try {
      execFileSync('openssl', ['version']);
    } catch {
      t.skip('there is no openssl on this machine');
      return;
    }
    const text = execFileSync('openssl', ['x509', '-noout', '-text'], {
      input: certificate,
      encoding: 'utf8',
    });
    assert.match(text, /Version: 3 \(0x2\)/);
    assert.match(text, /Signature Algorithm: ecdsa-with-SHA256/);
    assert.match(text, /DNS:rig\.example, DNS:localhost, IP Address:127\.0\.0\.1/);
    assert.match(text, /CA:FALSE/);
  });
});
