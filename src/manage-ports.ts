import { formatEndpoint } from './domain/endpoint.ts';
import {
  type ApiToken,
  createToken,
  hashToken,
  type StoredToken,
  TOKEN_SCOPES,
  type TokenScope,
} from './http/auth.ts';
import type {
  AuditPort,
  ExportedAccount,
  NeedsAdminToken,
  TokensPort,
  TokenView,
  TransferPort,
} from './http/ports/manage.ts';
import type { AccountExport } from './store/activity-store.ts';
import type { AuditStore } from './store/audit-store.ts';
import type { Store } from './store/store.ts';
import type { TokenRecord, TokenStore } from './store/token-store.ts';

/** Rows read at a time where all accounts are walked. */
const PAGE = 500;

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
  const hasAdmin = (stored: readonly Pick<TokenRecord, 'scope' | 'expiresAtMs'>[]): boolean =>
    parts.configured().some(({ scope }) => scope === 'admin') ||
    stored.some(
      ({ scope, expiresAtMs }) => scope === 'admin' && (expiresAtMs === null || expiresAtMs > parts.nowMs()),
    );

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

export function auditPort(store: AuditStore): AuditPort {
  return {
    record: ({ who, from, action, target, change }) =>
      store.addAudit({ who, origin: from, action, target, change: JSON.stringify(change) }),

    async list({ limit, after }) {
      const records = await store.listAudit({ limit: limit + 1, after: after ?? undefined });
      const shown = records.slice(0, limit);
      return {
        entries: shown.map(({ id, atMs, who, origin, action, target, change }) => ({
          id,
          at: new Date(atMs).toISOString(),
          who,
          from: origin,
          action,
          target,
          change: JSON.parse(change) as Readonly<Record<string, unknown>>,
        })),
        next: records.length > limit ? (shown.at(-1)?.id ?? null) : null,
      };
    },
  };
}

/** `onImported` is told when accounts were added. */
export function transferPort(store: Store, onImported: () => Promise<void>): TransferPort {
  return {
    async *export() {
      for await (const account of allAccounts(store)) yield withoutPasswords(account);
    },

    async import(registrations) {
      const results = await store.registerAccounts(registrations);
      if (results.some(({ kind }) => kind === 'created')) await onImported();
      return results.map((result) =>
        'account' in result ? { kind: result.kind, name: result.account.name } : result,
      );
    },
  };
}

/** Every account with its passwords, by name, read a page at a time. */
export async function* allAccounts(store: Store): AsyncGenerator<AccountExport, void, undefined> {
  for (let after: string | undefined; ; ) {
    const page = await store.exportAccounts({ after, limit: PAGE });
    yield* page;
    after = page.at(-1)?.name;
    if (page.length < PAGE) return;
  }
}

/** A line that an import takes, as if the passwords were empty. */
export function withoutPasswords(account: AccountExport): ExportedAccount {
  const [{ endpoint, user }, ...backups] = account.entries;
  const { name, mode, label, difficulty, workerTemplate } = account;
  return {
    name,
    pool: formatEndpoint(endpoint),
    user,
    backups: backups.map((backup) => ({ pool: formatEndpoint(backup.endpoint), user: backup.user })),
    mode,
    label,
    difficulty,
    workerTemplate,
  };
}

/** A line that an import takes, passwords included. */
export function withPasswords(account: AccountExport): object {
  const rest = withoutPasswords(account);
  const [primary, ...others] = account.entries;
  return {
    ...rest,
    password: primary.password,
    backups: others.map(({ endpoint, user, password }) => ({
      pool: formatEndpoint(endpoint),
      user,
      password,
    })),
  };
}
