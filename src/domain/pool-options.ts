/** How an operator wants one pool to be dealt with, beyond where it is and what it mines. Null: as usual. Plain data. */
export interface PoolOptions {
  /** The difficulty that the pool is asked for after each login (`mining.suggest_difficulty`); a miner with a connection of its own and a wish of its own asks for that. */
  readonly suggestDifficulty: number | null;
  /** What is sent as the password at the pool; see `passwordAtPool`. No secret. */
  readonly passwordTemplate: string | null;
  /** How long a connection may go without a job before it counts as dead, instead of what the pool's usual interval says. */
  readonly jobTimeoutSeconds: number | null;
  /** Over TLS: false takes any certificate. Null: it has to be for the pool's host and signed by somebody known. */
  readonly tlsVerify: boolean | null;
  /** Over TLS: SHA-256 of the one certificate that is taken, 64 lower-case hex digits, whoever has signed it. */
  readonly tlsFingerprint: string | null;
  /** `socks5://host:port` or `http://host:port` (CONNECT): connections to the pool go through there. With `user:password@` it is a secret: see `via.ts`. */
  readonly via: string | null;
}

export const NO_POOL_OPTIONS: PoolOptions = {
  suggestDifficulty: null,
  passwordTemplate: null,
  jobTimeoutSeconds: null,
  tlsVerify: null,
  tlsFingerprint: null,
  via: null,
};

/** A fingerprint as people write it (`SHA256:AB:CD:…`) in the form of {@link PoolOptions.tlsFingerprint}; null where it is none. */
export function canonicalFingerprint(text: string): string | null {
  const hex = text
    .trim()
    .toLowerCase()
    .replace(/^sha-?256:/, '')
    .replaceAll(':', '');
  return /^[0-9a-f]{64}$/.test(hex) ? hex : null;
}

export const PASSWORD_PLACEHOLDERS = ['{password}', '{difficulty}'] as const;

/** Bounds of `jobTimeoutSeconds`. */
export const MIN_JOB_TIMEOUT_SECONDS = 10;
export const MAX_JOB_TIMEOUT_SECONDS = 86_400;

const PLACEHOLDER = /\{(password|difficulty)\}/g;
/** `{password}` with the separator that stands before it; at the beginning with the one behind it. */
const PASSWORD_AND_SEPARATOR = /^\{password\}[,; ]?|[,; ]?\{password\}/g;

/** True for a text that is not blank and has braces around the known placeholders only. */
export function isPasswordTemplate(text: string): boolean {
  return text.trim() !== '' && !/[{}]/.test(text.replace(PLACEHOLDER, ''));
}

/** True where the template names a difficulty that the options do not give. */
export function lacksDifficulty({ passwordTemplate, suggestDifficulty }: PoolOptions): boolean {
  return suggestDifficulty === null && passwordTemplate?.includes('{difficulty}') === true;
}

/**
 * The password at the pool: the template with `{password}` (the account's) and `{difficulty}` (`suggestDifficulty`) filled in, as in
 * `{password},d={difficulty}`; without a template the account's as it is. An empty password takes its separator away with it.
 */
export function passwordAtPool(
  { passwordTemplate, suggestDifficulty }: PoolOptions,
  password: string,
): string {
  if (passwordTemplate === null) return password;
  const shape = password === '' ? passwordTemplate.replace(PASSWORD_AND_SEPARATOR, '') : passwordTemplate;
  return shape.replace(PLACEHOLDER, (_, key: string) =>
    key === 'password' ? password : String(suggestDifficulty ?? ''),
  );
}
