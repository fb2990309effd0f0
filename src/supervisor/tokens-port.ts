import {
  type ApiToken,
  createToken,
  hashToken,
  type StoredToken,
  TOKEN_SCOPES,
  type TokenScope,
} from '../http/auth.ts';
import type { NeedsAdminToken, TokensPort, TokenView } from '../http/ports/manage.ts';
import type { TokenRecord, TokenStore } from '../store/token-store.ts';

export interface TokensPortParts {
  readonly store: TokenStore;
  /** Those of the configuration, now. */
  configured(): readonly ApiToken[];
  /** Whether other machines can reach the API. */
  readonly isExposed: boolean;
  /** Milliseconds since 1970-01-01 UTC. */
  nowMs(): number;
  /** Is given every stored token when they have changed; the answer waits for it. */
  onChange(tokens: readonly StoredToken[]): void;
}

/** Stored tokens, with the two slips refused that cannot be mended over the API: no admin token any more, and none at all for everybody to see. */
export function tokensPort(parts: TokensPortParts): TokensPort {
  const { store } = parts;
  let last: Promise<unknown> = Promise.resolve();
  /** One change at a time, so that two that are each all right are not a slip together. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  const hasAdmin = (stored: readonly Lasting[]): boolean =>
    hasAdminToken(parts.configured(), stored, parts.nowMs());

  return {
    create: (addition) =>
      inTurn(async () => {
        if (!hasAdmin([...(await store.listTokens()), addition]))
          return refusal(
            'with this token the API would be closed, and no token could administer it: create one of scope "admin" first',
          );
        const token = createToken();
        const record = await store.addToken({ ...addition, sha256: hashToken(token) });
        parts.onChange((await store.listTokens()).map(storedToken));
        return { kind: 'created', token, view: tokenView(record) };
      }),

    list: async () => (await store.listTokens()).map(tokenView),

    delete: (id) =>
      inTurn(async () => {
        const stored = await store.listTokens();
        if (!stored.some((record) => record.id === id)) return { kind: 'not-found' };
        const left = stored.filter((record) => record.id !== id);
        const isOpen = left.length === 0 && parts.configured().length === 0;
        if (isOpen ? parts.isExposed : !hasAdmin(left))
          return refusal(
            isOpen
              ? 'it is the last token, and other machines can reach the API: create another of scope "admin" first'
              : 'no token could administer the API without it: create another of scope "admin" first',
          );
        const record = await store.deleteToken(id);
        parts.onChange((await store.listTokens()).map(storedToken));
        return record === null ? { kind: 'not-found' } : { kind: 'deleted', view: tokenView(record) };
      }),
  };
}

function refusal(message: string): NeedsAdminToken {
  return { kind: 'needs-admin-token', message };
}

type Lasting = Pick<TokenRecord, 'scope' | 'expiresAtMs'>;

/** Whether there is a token that may do everything. `nowMs`: since 1970-01-01 UTC. */
export function hasAdminToken(
  configured: readonly Pick<ApiToken, 'scope'>[],
  stored: readonly Lasting[],
  nowMs: number,
): boolean {
  return (
    configured.some(({ scope }) => scope === 'admin') ||
    stored.some(
      ({ scope, expiresAtMs }) => scope === 'admin' && (expiresAtMs === null || expiresAtMs > nowMs),
    )
  );
}

/** A stored token as the gates take it. */
export function storedToken({ id, sha256, scope, label, expiresAtMs }: TokenRecord): StoredToken {
  return { id, sha256, scope: scopeOf(scope), label, expiresAtMs };
}

function tokenView({ id, scope, label, createdAtMs, expiresAtMs }: TokenRecord): TokenView {
  return {
    id,
    scope: scopeOf(scope),
    label,
    createdAt: new Date(createdAtMs).toISOString(),
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
  };
}

/** What a later version may have stored is not known here, and may do the least. */
function scopeOf(text: string): TokenScope {
  return TOKEN_SCOPES.find((known) => known === text) ?? 'read';
}
