import type { Kysely, Selectable } from 'kysely';
import type { ApiTokensTable, Tables } from '../schema.ts';
import type { TokenRecord, TokenRequest } from '../token-store.ts';

/** See `TokenStore.addToken`. */
export async function addToken(
  db: Kysely<Tables>,
  { sha256, scope, label, expiresAtMs }: TokenRequest,
  nowMs: number,
): Promise<TokenRecord> {
  const row = await db
    .insertInto('api_tokens')
    .values({ sha256, scope, label, created_at_ms: nowMs, expires_at_ms: expiresAtMs })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toRecord(row);
}

export async function listTokens(db: Kysely<Tables>): Promise<readonly TokenRecord[]> {
  return (await db.selectFrom('api_tokens').selectAll().orderBy('id').execute()).map(toRecord);
}

/** See `TokenStore.deleteToken`. */
export async function deleteToken(db: Kysely<Tables>, id: number): Promise<TokenRecord | null> {
  const row = await db.deleteFrom('api_tokens').where('id', '=', id).returningAll().executeTakeFirst();
  return row === undefined ? null : toRecord(row);
}

function toRecord(row: Selectable<ApiTokensTable>): TokenRecord {
  const { id, sha256, scope, label } = row;
  return { id, sha256, scope, label, createdAtMs: row.created_at_ms, expiresAtMs: row.expires_at_ms };
}
