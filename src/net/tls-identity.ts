import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { makeSelfSigned } from './self-signed.ts';

/** A certificate or key cannot be used. The message says which file and what to do. */
export class TlsIdentityError extends Error {
  override readonly name = 'TlsIdentityError';
}

export interface IdentityFiles {
  /** PEM: the certificate, then those between it and its root. */
  readonly certificateFile: string;
  /** PEM, not encrypted. May be the same file. */
  readonly keyFile: string;
}

/** Who hears what became of files that have changed. */
export interface IdentityWatcher {
  onReloaded(): void;
  /** Once for each new problem; the certificate from before stays in use. */
  onFault(error: TlsIdentityError): void;
}

interface Loaded {
  readonly pem: string;
  readonly context: SecureContext;
  readonly certificate: X509Certificate;
}

/**
 * What we present ourselves with to miners that speak TLS. Connections that are open keep what they were opened with; new ones get what was
 * read last.
 */
export class TlsIdentity {
  readonly #files: IdentityFiles;
  #loaded: Loaded;
  #timer: NodeJS.Timeout | null = null;
  #seen = '';
  #problem = '';

  /** Throws {@link TlsIdentityError}. */
  constructor(files: IdentityFiles) {
    this.#files = files;
    this.#seen = stampOf(files);
    this.#loaded = load(files);
  }

  get context(): SecureContext {
    return this.#loaded.context;
  }

  /** SHA-256 of the certificate, 64 hex digits: what miners and other proxies pin. */
  get fingerprint(): string {
    return fingerprintOf(this.#loaded.certificate);
  }

  get validTo(): Date {
    return this.#loaded.certificate.validToDate;
  }

  /** Reads the files again. True where they hold something new. Throws {@link TlsIdentityError} and keeps what it had. */
  reload(): boolean {
    const loaded = load(this.#files);
    const isNew = loaded.pem !== this.#loaded.pem;
    if (isNew) this.#loaded = loaded;
    return isNew;
  }

  /** Looks every `everyMs` whether the files have changed, and tries again while they are of no use (a certificate is there before its key). */
  watch(watcher: IdentityWatcher, everyMs: number): void {
    this.close();
    this.#timer = setInterval(() => this.#look(watcher), everyMs).unref();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #look(watcher: IdentityWatcher): void {
    const stamp = stampOf(this.#files);
    if (stamp === this.#seen && this.#problem === '') return;
    this.#seen = stamp;
    try {
      const isNew = this.reload();
      this.#problem = '';
      if (isNew) watcher.onReloaded();
    } catch (error) {
      if (!(error instanceof TlsIdentityError)) throw error;
      if (error.message !== this.#problem) watcher.onFault(error);
      this.#problem = error.message;
    }
  }
}

/** SHA-256 of a certificate in DER, 64 lower-case hex digits. */
export function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

const PRIVATE_MODE = 0o600;
const DAY_MS = 86_400_000;
const VALID_DAYS = 3650;

/**
 * Makes sure that `file` holds a key and a self-signed certificate, readable by its owner only, and makes them where there is no such file. What is
 * there stays, so that those who have pinned it go on trusting it. True where it was made now.
 */
export function keepSelfSigned(
  file: string,
  options: { readonly names: readonly [string, ...string[]]; readonly now: Date },
): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats !== undefined) {
    if ((stats.mode & 0o077) !== 0) chmodSync(file, PRIVATE_MODE);
    return false;
  }
  const { key, certificate } = makeSelfSigned({
    names: options.names,
    // A miner's clock may be behind.
    notBefore: new Date(options.now.getTime() - DAY_MS),
    notAfter: new Date(options.now.getTime() + VALID_DAYS * DAY_MS),
  });
  const draft = `${file}.${process.pid}.new`;
  try {
    const handle = openSync(draft, 'w', PRIVATE_MODE);
    try {
      writeSync(handle, key + certificate);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
  } catch (error) {
    throw new TlsIdentityError(`cannot write a certificate to ${file}: ${wordsOf(error)}`, { cause: error });
  }
  return true;
}

function load({ certificateFile, keyFile }: IdentityFiles): Loaded {
  const cert = read(certificateFile);
  const key = read(keyFile);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch (error) {
    throw new TlsIdentityError(`${certificateFile} does not begin with a certificate in PEM`, {
      cause: error,
    });
  }
  if (/ENCRYPTED/.test(key)) {
    throw new TlsIdentityError(
      `${keyFile} is encrypted; write it without a passphrase: openssl pkey -in ${keyFile}`,
    );
  }
  let isPair: boolean;
  try {
    isPair = certificate.checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new TlsIdentityError(`${keyFile} holds no private key in PEM`, { cause: error });
  }
  if (!isPair) throw new TlsIdentityError(`${keyFile} is not the key of ${certificateFile}`);
  try {
    return { pem: cert + key, certificate, context: createSecureContext({ cert, key }) };
  } catch (error) {
    throw new TlsIdentityError(`${certificateFile} cannot be used: ${wordsOf(error)}`, { cause: error });
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    throw new TlsIdentityError(`cannot read ${file}: ${wordsOf(error)}`, { cause: error });
  }
}

function wordsOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** Changes when one of the files does. */
function stampOf({ certificateFile, keyFile }: IdentityFiles): string {
  return [certificateFile, keyFile]
    .map((file) => {
      const stats = statSync(file, { throwIfNoEntry: false });
      return stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    })
    .join('\n');
}
