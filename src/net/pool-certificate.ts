import type { X509Certificate } from 'node:crypto';
import { fingerprintOf } from './tls-identity.ts';

/** How a pool's certificate is judged. */
export interface CertificateTrust {
  /** SHA-256 of the certificate, 64 lower-case hex digits: this one and no other, whoever has signed it. Null: none is pinned. */
  readonly fingerprint: string | null;
  /** False: any certificate will do. */
  readonly isVerified: boolean;
}

/**
 * Null where the certificate is to be trusted, else what is wrong with it and how to mend that. `error`: what the verification by name and issuer has found
 * (Node's code for it), null where nothing.
 */
export function judgeCertificate(
  certificate: X509Certificate | undefined,
  error: string | null,
  host: string,
  trust: CertificateTrust,
): string | null {
  if (certificate === undefined) return 'certificate: the pool has sent none';
  const found = fingerprintOf(certificate);
  if (trust.fingerprint !== null) {
    return trust.fingerprint === found
      ? null
      : `certificate: its fingerprint is sha256:${found}, not the pinned one; pin this one if the pool has announced a new certificate`;
  }
  if (!trust.isVerified || error === null) return null;
  return `certificate: ${problemOf(error, certificate, host)}; pin its fingerprint sha256:${found} or set tlsVerify to false`;
}

function problemOf(error: string, certificate: X509Certificate, host: string): string {
  switch (error) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return 'self-signed';
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return 'signed by an authority that is not known here';
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'signed by somebody not known here, or the pool does not send the whole chain';
    case 'CERT_HAS_EXPIRED':
      return `expired on ${certificate.validToDate.toISOString().slice(0, 10)}`;
    case 'CERT_NOT_YET_VALID':
      return `valid from ${certificate.validFromDate.toISOString().slice(0, 10)} on, see whether the clock of this machine is right`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `made out to ${namesOf(certificate)}, not to ${host}`;
    default:
      return error;
  }
}

const MOST_NAMES = 160;

/** For a message: the text is the pool's. */
function namesOf(certificate: X509Certificate): string {
  const names = certificate.subjectAltName ?? certificate.subject;
  return names.replace(/[^\x20-\x7e]/g, ' ').slice(0, MOST_NAMES);
}
