import type { Kysely } from 'kysely';
import type { EventPage, EventRecord } from '../event-store.ts';
import type { Tables } from '../schema.ts';

/** Keeps a statement below every engine's limit of parameters. */
const ROWS_PER_STATEMENT = 100;

/** See `EventStore.addEvents`; to be run in a transaction. */
export async function addEvents(db: Kysely<Tables>, events: readonly EventRecord[]): Promise<void> {
  for (let start = 0; start < events.length; start += ROWS_PER_STATEMENT) {
    const rows = events.slice(start, start + ROWS_PER_STATEMENT);
    await db
      .insertInto('events')
      .values(
        rows.map(({ id, atMs, kind, count, isFolded, event }) => ({
          id,
          at_ms: atMs,
          kind,
          count,
          is_folded: Number(isFolded),
          event,
        })),
      )
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }
}

/** See `EventStore.listEvents`. */
export async function listEvents(db: Kysely<Tables>, page: EventPage): Promise<readonly EventRecord[]> {
  let query = db.selectFrom('events').selectAll().orderBy('id', 'desc').limit(page.limit);
  if (page.before !== undefined) query = query.where('id', '<', page.before);
  if (page.kind !== undefined) query = query.where('kind', '=', page.kind);
  return (await query.execute()).map(
    ({ id, at_ms: atMs, kind, count, is_folded: isFolded, event }): EventRecord => ({
      id,
      atMs,
      kind,
      count,
      isFolded: isFolded !== 0,
      event,
    }),
  );
}

/** See `EventStore.dropEvents`; to be run in a transaction. */
export async function dropEvents(
  db: Kysely<Tables>,
  { most, beforeMs }: { readonly most: number; readonly beforeMs: number },
): Promise<number> {
  const old = await db.deleteFrom('events').where('at_ms', '<', beforeMs).executeTakeFirstOrThrow();
  const firstTooMany = await db
    .selectFrom('events')
    .select('id')
    .orderBy('id', 'desc')
    .offset(most)
    .limit(1)
    .executeTakeFirst();
  if (firstTooMany === undefined) return Number(old.numDeletedRows);
  const more = await db.deleteFrom('events').where('id', '<=', firstTooMany.id).executeTakeFirstOrThrow();
  return Number(old.numDeletedRows) + Number(more.numDeletedRows);
}
