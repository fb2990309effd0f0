import type { Kysely } from 'kysely';
import type { AuditPage, AuditRecord, AuditRequest } from '../audit-store.ts';
import type { Tables } from '../schema.ts';

export async function addAudit(db: Kysely<Tables>, request: AuditRequest, nowMs: number): Promise<void> {
  await db
    .insertInto('audit_entries')
    .values({ at_ms: nowMs, ...request })
    .execute();
}

/** See `AuditStore.listAudit`. */
export async function listAudit(db: Kysely<Tables>, page: AuditPage): Promise<readonly AuditRecord[]> {
  let query = db.selectFrom('audit_entries').selectAll().orderBy('id', 'desc').limit(page.limit);
  if (page.after !== undefined) query = query.where('id', '<', page.after);
  return (await query.execute()).map(({ id, at_ms: atMs, who, origin, action, target, change }) => ({
    id,
    atMs,
    who,
    origin,
    action,
    target,
    change,
  }));
}

/** See `AuditStore.dropAuditBefore`. */
export async function dropAuditBefore(db: Kysely<Tables>, atMs: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('audit_entries')
    .where('at_ms', '<', atMs)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
