import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { ipv6Bytes } from '../kit/ip-address.ts';

/**
 * An X.509 certificate for its own key, in DER as RFC 5280 has it: version 3, ECDSA over P-256 with SHA-256 (RFC 5758), an end entity that may act as a TLS
 * server. That one shape needs no library.
 */

const SEQUENCE = 0x30;
const SET = 0x31;
const OIDS = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  subjectKeyIdentifier: '551d0e',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  extendedKeyUsage: '551d25',
  serverAuth: '2b06010505070301',
} as const;

/** A certificate and its key, both PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

/** A fresh key and a certificate for it. `names`: host names and IP addresses that it stands for; the first is its subject. */
export function makeSelfSigned(options: {
  readonly names: readonly [string, ...string[]];
  readonly notBefore: Date;
  readonly notAfter: Date;
}): KeyAndCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const body = certificateBody(publicKey, options);
  const signature = sign('sha256', body, privateKey);
  const der = element(SEQUENCE, body, algorithm(), element(0x03, Buffer.of(0), signature));
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    certificate: pem('CERTIFICATE', der),
  };
}

function certificateBody(
  publicKey: KeyObject,
  options: {
    readonly names: readonly [string, ...string[]];
    readonly notBefore: Date;
    readonly notAfter: Date;
  },
): Buffer {
  const subject = element(
    SEQUENCE,
    element(
      SET,
      element(SEQUENCE, oid(OIDS.commonName), element(0x0c, Buffer.from(options.names[0].slice(0, 64)))),
    ),
  );
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  // Positive and of fixed length: 16 random bytes with the first bits 01.
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return element(
    SEQUENCE,
    element(0xa0, element(0x02, Buffer.of(2))),
    element(0x02, serial),
    algorithm(),
    subject,
    element(SEQUENCE, time(options.notBefore), time(options.notAfter)),
    subject,
    spki,
    element(0xa3, element(SEQUENCE, ...extensions(spki, options.names))),
  );
}

/** No key usage: without the right to sign certificates a client could not be told to trust this one, which is its own issuer. */
function extensions(spki: Buffer, names: readonly string[]): readonly Buffer[] {
  const alternatives = names.map((name) =>
    isIP(name) === 0 ? element(0x82, Buffer.from(name, 'latin1')) : element(0x87, addressBytes(name)),
  );
  const keyId = createHash('sha1').update(spki).digest();
  return [
    extension(OIDS.basicConstraints, true, element(SEQUENCE)),
    extension(OIDS.extendedKeyUsage, false, element(SEQUENCE, oid(OIDS.serverAuth))),
    extension(OIDS.subjectKeyIdentifier, false, element(0x04, keyId)),
    extension(OIDS.subjectAltName, false, element(SEQUENCE, ...alternatives)),
  ];
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [element(0x01, Buffer.of(0xff))] : [];
  return element(SEQUENCE, oid(id), ...critical, element(0x04, value));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  return ipv6Bytes(address);
}

function algorithm(): Buffer {
  return element(SEQUENCE, oid(OIDS.ecdsaWithSha256));
}

function oid(hex: string): Buffer {
  return element(0x06, Buffer.from(hex, 'hex'));
}

/** UTCTime to 2049, GeneralizedTime from then on. [RFC 5280 section 4.1.2.5] */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  const isShort = date.getUTCFullYear() < 2050;
  return element(isShort ? 0x17 : 0x18, Buffer.from(`${isShort ? digits.slice(2) : digits}Z`, 'latin1'));
}

/** Tag, length, contents. */
function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.of(tag, body.length), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.of(tag, 0x80 | length.length), length, body]);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
