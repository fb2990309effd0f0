import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export const TOKEN_SCOPES = ['read', 'register', 'admin'] as const;

/**
 * What a token may do. `read`: everything that is read, `/metrics` included. `register`: add users, and read what one
 * needs for it (pools, algorithms). `admin`: everything.
 */
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** One configured token: only its hash is known. */
export interface ApiToken {
  readonly scope: TokenScope;
  /** SHA-256 of the token's text in 64 hex digits. */
  readonly sha256: string;
}

/**
 * What a route asks of its caller. `open`: nothing. `catalogue`: any token. The others: a token of that scope or more.
 */
export type Access = 'open' | 'catalogue' | 'read' | 'register' | 'admin';

const GRANTS: Readonly<Record<TokenScope, ReadonlySet<Access>>> = {
  read: new Set<Access>(['open', 'catalogue', 'read']),
  register: new Set<Access>(['open', 'catalogue', 'register']),
  admin: new Set<Access>(['open', 'catalogue', 'read', 'register', 'admin']),
};

export function isGranted(scope: TokenScope, access: Access): boolean {
  return GRANTS[scope].has(access);
}

/** The scopes that a route accepts, the narrowest first. */
export function scopesFor(access: Access): readonly TokenScope[] {
  return TOKEN_SCOPES.filter((scope) => isGranted(scope, access));
}

/** A new token: `sp_` and 256 random bits in base64url. It is shown once; only its hash is kept. */
export function createToken(): string {
  return `sp_${randomBytes(32).toString('base64url')}`;
}

/** SHA-256 of the token in 64 lower-case hex digits. A fast hash does, since tokens are random and long. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/** Reads `<scope>:<64 hex digits>`, the form tokens are configured in; null where it is not. */
export function parseApiToken(text: string): ApiToken | null {
  const [scopeText, sha256 = ''] = text.split(':', 2);
  const scope = TOKEN_SCOPES.find((known) => known === scopeText);
  return scope !== undefined && SHA256_HEX.test(sha256) ? { scope, sha256: sha256.toLowerCase() } : null;
}

const SHA256_HEX = /^[0-9a-f]{64}$/i;

/** A token that is stored rather than configured. */
export interface StoredToken extends ApiToken {
  readonly id: number;
  readonly label: string;
  /** Milliseconds since 1970-01-01 UTC; null: never. */
  readonly expiresAtMs: number | null;
}

/** Whose token was presented. */
export interface Caller {
  readonly scope: TokenScope;
  /** For the audit log: which token it was, never the token itself. */
  readonly name: string;
  /** When it ceases to count, in milliseconds since 1970-01-01 UTC; null: never. */
  readonly expiresAtMs: number | null;
}

interface KnownToken extends Caller {
  readonly hash: Buffer;
}

/** The tokens that count: those of the configuration and those that are stored. Either may be replaced at any time. */
export class TokenRing {
  #configured: readonly KnownToken[] = [];
  #stored: readonly KnownToken[] = [];
  readonly #isExposed: boolean;

  /**
   * `isExposed`: other machines reach the server.
   * @throws {TypeError} where a hash is not 64 hex digits.
   */
  constructor(
    tokens: readonly ApiToken[],
    { isExposed }: { readonly isExposed: boolean } = { isExposed: false },
  ) {
    this.#isExposed = isExposed;
    this.setConfigured(tokens);
  }

  setConfigured(tokens: readonly ApiToken[]): void {
    this.#configured = tokens.map(({ scope, sha256 }, at) => ({
      scope,
      name: `web.tokens ${sha256.slice(0, 8).toLowerCase()}`,
      hash: toHash(sha256, at),
      expiresAtMs: null,
    }));
  }

  setStored(tokens: readonly StoredToken[]): void {
    this.#stored = tokens.map(({ id, scope, sha256, label, expiresAtMs }, at) => ({
      scope,
      name: label === '' ? `token ${id}` : `token ${id} (${label})`,
      hash: toHash(sha256, at),
      expiresAtMs,
    }));
  }

  /**
   * Without tokens everything is allowed to whoever is on this machine, and nothing to others: the last token may be taken away behind the back of the running program. One that has
   * expired is a token still: what was closed does not open by itself.
   */
  get isOpen(): boolean {
    return !this.#isExposed && this.hasNone;
  }

  /** There is no token, not even an expired one: where it is not open, nobody gets in until there is one. */
  get hasNone(): boolean {
    return this.#configured.length === 0 && this.#stored.length === 0;
  }

  /** Whose a presented token is, null for an unknown or expired one. Takes the same time whichever token it is. `nowMs`: since 1970-01-01 UTC. */
  callerOf(token: string, nowMs: number): Caller | null {
    const hash = createHash('sha256').update(token, 'utf8').digest();
    let found: Caller | null = null;
    for (const list of [this.#configured, this.#stored]) {
      for (const known of list) {
        const isMeant = timingSafeEqual(hash, known.hash);
        const isValid = known.expiresAtMs === null || known.expiresAtMs > nowMs;
        if (isMeant && isValid && found?.scope !== 'admin') found = known;
      }
    }
    return found;
  }

  /** Whether somebody with this token, or with none (null), may do that. `nowMs`: since 1970-01-01 UTC. */
  grants(token: string | null, access: Access, nowMs: number): boolean {
    if (this.isOpen || access === 'open') return true;
    const caller = token === null ? null : this.callerOf(token, nowMs);
    return caller !== null && isGranted(caller.scope, access);
  }

  /** The scope of a presented token, null for an unknown one. */
  scopeOf(token: string): TokenScope | null {
    return this.callerOf(token, Date.now())?.scope ?? null;
  }
}

function toHash(sha256: string, at: number): Buffer {
  if (!SHA256_HEX.test(sha256)) throw new TypeError(`API token ${at + 1}: the hash is not 64 hex digits`);
  return Buffer.from(sha256, 'hex');
}

/** The token of `Authorization: Bearer <token>` [RFC 6750 2.1]; null where the header is of another form. */
export function readBearer(header: string): string | null {
  return /^Bearer +([A-Za-z0-9\-._~+/]{1,512}=*) *$/i.exec(header)?.[1] ?? null;
}
