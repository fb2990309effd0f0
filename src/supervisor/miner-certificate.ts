import type { SecureContext } from 'node:tls';
import type { Config } from '../config/schema.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { keepSelfSigned, TlsIdentity, TlsIdentityError } from '../net/tls-identity.ts';
import type { Prepared } from './settings-reload.ts';

/** How often the files of the certificate are looked at. */
const LOOK_EVERY_MS = 10_000;
/** A certificate that ends within this is warned of. */
const ENDS_SOON_MS = 14 * 86_400_000;

export interface MinerCertificateParts {
  readonly log: Log;
  readonly clock: Clock;
}

/** What miners are answered with by TLS: the operator's certificate, or one of our own beside the data file. */
export class MinerCertificate {
  readonly #parts: MinerCertificateParts;
  #identity: TlsIdentity | null;

  /** @throws {TlsIdentityError} where it cannot be used. */
  constructor(parts: MinerCertificateParts, config: Config) {
    this.#parts = parts;
    this.#identity = openIdentity(config, parts);
  }

  /** Null: TLS is off. */
  get context(): SecureContext | null {
    return this.#identity?.context ?? null;
  }

  /** Opens the one that these settings name. */
  prepare(next: Config): Prepared {
    try {
      const renewed = openIdentity(next, this.#parts);
      return {
        kind: 'ready',
        apply: () => {
          this.close();
          this.#identity = renewed;
        },
        discard: () => renewed?.close(),
      };
    } catch (error) {
      if (!(error instanceof TlsIdentityError)) throw error;
      return { kind: 'refused', problem: error.message };
    }
  }

  /** Looks at its files no more. */
  close(): void {
    this.#identity?.close();
  }
}

/** Null where the settings want none. Throws `TlsIdentityError`. */
function openIdentity(config: Config, { log, clock }: MinerCertificateParts): TlsIdentity | null {
  const { mode, cert, key } = config.tls;
  // A demonstration leaves nothing on the disk, and so has no certificate.
  if (mode === 'off' || (cert === '' && config.db.path === ':memory:')) return null;
  const file = `${config.db.path}.tls.pem`;
  if (cert === '') {
    const isNew = keepSelfSigned(file, { names: ['stratum-proxy'], now: new Date(clock.wallMs()) });
    if (isNew) log.info('self-signed certificate made for miners that connect by TLS', { file });
  }
  const certificateFile = cert === '' ? file : cert;
  const identity = new TlsIdentity({ certificateFile, keyFile: key === '' ? certificateFile : key });
  const endsInMs = identity.validTo.getTime() - clock.wallMs();
  if (endsInMs < ENDS_SOON_MS)
    log.warn('the certificate for miners ends soon; renew it', {
      file: certificateFile,
      validTo: identity.validTo.toISOString(),
    });
  identity.watch(
    {
      onReloaded: () => log.info('certificate for miners read again', { fingerprint: identity.fingerprint }),
      onFault: (error) =>
        log.error('certificate for miners cannot be read again; the one of before stays', {
          reason: error.message,
        }),
    },
    LOOK_EVERY_MS,
  );
  return identity;
}
