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

/** The configured tokens. */
export class TokenRing {
  readonly #tokens: readonly { readonly scope: TokenScope; readonly hash: Buffer }[];

  /** @throws {TypeError} where a hash is not 64 hex digits. */
  constructor(tokens: readonly ApiToken[]) {
    this.#tokens = tokens.map(({ scope, sha256 }, at) => {
      if (!SHA256_HEX.test(sha256)) throw new TypeError(`API token ${at + 1}: the hash is not 64 hex digits`);
      return { scope, hash: Buffer.from(sha256, 'hex') };
    });
  }

  /** Without tokens everything is allowed. */
  get isEmpty(): boolean {
    return this.#tokens.length === 0;
  }

  /** The scope of a presented token, null for an unknown one. Takes the same time whichever token it is. */
  scopeOf(token: string): TokenScope | null {
    const hash = createHash('sha256').update(token, 'utf8').digest();
    let found: TokenScope | null = null;
    for (const known of this.#tokens) {
      if (timingSafeEqual(hash, known.hash) && found !== 'admin') found = known.scope;
    }
    return found;
  }
}

/** The token of `Authorization: Bearer <token>` [RFC 6750 2.1]; null where the header is of another form. */
export function readBearer(header: string): string | null {
  return /^Bearer +([A-Za-z0-9\-._~+/]{1,512}=*) *$/i.exec(header)?.[1] ?? null;
}
