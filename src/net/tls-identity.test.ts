import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../test/support/eventually.ts';
import { type KeyAndCertificate, makeSelfSigned } from './self-signed.ts';
import { fingerprintOf, keepSelfSigned, TlsIdentity, TlsIdentityError } from './tls-identity.ts';

const NOW = new Date('2026-03-01T00:00:00Z');

function certificate(name: string): KeyAndCertificate {
  return makeSelfSigned({ names: [name], notBefore: NOW, notAfter: new Date('2036-01-01T00:00:00Z') });
}

function pinOf(one: KeyAndCertificate): string {
  return fingerprintOf(new X509Certificate(one.certificate));
}

describe('an identity for TLS', { timeout: 15_000 }, () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'identity-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const first = certificate('first.example');
  const second = certificate('second.example');

  function write(name: string, key: string, cert: string): { certificateFile: string; keyFile: string } {
    const files = { certificateFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
    writeFileSync(files.certificateFile, cert);
    writeFileSync(files.keyFile, key);
    return files;
  }

  test('comes from two files, or from one', () => {
    const two = new TlsIdentity(write('two', first.key, first.certificate));
    assert.equal(two.fingerprint, pinOf(first));
    assert.equal(two.validTo.toISOString(), '2036-01-01T00:00:00.000Z');
    const file = join(folder, 'one.pem');
    writeFileSync(file, first.key + first.certificate);
    assert.equal(new TlsIdentity({ certificateFile: file, keyFile: file }).fingerprint, pinOf(first));
  });

  for (const [what, key, cert, problem] of [
    ['of which one is missing', null, first.certificate, /^cannot read .*missing\.key: ENOENT$/],
    ['that do not belong together', second.key, first.certificate, /\.key is not the key of .*\.crt$/],
    ['of which the first is none', first.key, 'nonsense', /\.crt does not begin with a certificate in PEM$/],
    ['of which the second is none', 'nonsense', first.certificate, /\.key holds no private key in PEM$/],
    [
      'of which the key is encrypted',
      '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
      first.certificate,
      /\.key is encrypted; write it without a passphrase/,
    ],
  ] as const) {
    test(`does not come from files ${what}`, () => {
      const files = write('bad', key ?? '', cert);
      if (key === null) files.keyFile = join(folder, 'missing.key');
      assert.throws(
        () => new TlsIdentity(files),
        (error) => error instanceof TlsIdentityError && problem.test(error.message),
      );
    });
  }

  test('reloaded is the new one, unless that is of no use', () => {
    const files = write('reload', first.key, first.certificate);
    const identity = new TlsIdentity(files);
    const context = identity.context;
    assert.equal(identity.reload(), false);
    assert.equal(identity.context, context, 'nothing has changed');
    writeFileSync(files.certificateFile, second.certificate);
    assert.throws(() => identity.reload(), TlsIdentityError);
    assert.equal(identity.context, context, 'the old one is kept');
    writeFileSync(files.keyFile, second.key);
    assert.equal(identity.reload(), true);
    assert.notEqual(identity.context, context);
    assert.equal(identity.fingerprint, pinOf(second));
  });

  test('that is watched follows its files, and complains once while they do not fit', async () => {
    const files = write('watch', first.key, first.certificate);
    const identity = new TlsIdentity(files);
    const heard: string[] = [];
    identity.watch(
      { onReloaded: () => heard.push('reloaded'), onFault: (error) => heard.push(error.message) },
      10,
    );
    try {
      writeFileSync(files.certificateFile, second.certificate);
      await eventually(
        () => heard.length > 0,
        () => 'a complaint',
      );
      assert.match(heard[0] ?? '', /is not the key of/);
      // The key follows with a time and a size of its own that tell nothing new of the certificate.
      writeFileSync(files.keyFile, second.key);
      await eventually(
        () => heard.includes('reloaded'),
        () => heard.join(),
      );
      assert.equal(identity.fingerprint, pinOf(second));
      assert.equal(heard.length, 2);
    } finally {
      identity.close();
    }
  });

  describe('of its own', () => {
    const options = { names: ['rig.example', '127.0.0.1'], now: NOW } as const;

    test('is made once, for its owner only, and kept', () => {
      const file = join(folder, 'own.pem');
      assert.equal(keepSelfSigned(file, { ...options, names: [...options.names] }), true);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      const text = readFileSync(file, 'latin1');
      const identity = new TlsIdentity({ certificateFile: file, keyFile: file });
      const parsed = new X509Certificate(text);
      assert.equal(identity.fingerprint, fingerprintOf(parsed));
      assert.equal(parsed.checkHost('rig.example'), 'rig.example');
      assert.equal(parsed.checkIP('127.0.0.1'), '127.0.0.1');
      assert.ok(parsed.validFromDate < NOW && parsed.validToDate > new Date('2035-12-01'));
      chmodSync(file, 0o644);
      assert.equal(keepSelfSigned(file, { ...options, names: [...options.names] }), false);
      assert.equal(readFileSync(file, 'latin1'), text, 'those who have pinned it go on trusting it');
      assert.equal(statSync(file).mode & 0o777, 0o600, 'whoever copied it');
    });

    test('cannot be made where nothing can be written', () => {
      assert.throws(
        () => keepSelfSigned(join(folder, 'nowhere', 'own.pem'), { ...options, names: [...options.names] }),
        (error) =>
          error instanceof TlsIdentityError && /cannot write a certificate to .*ENOENT$/.test(error.message),
      );
    });
  });
});
