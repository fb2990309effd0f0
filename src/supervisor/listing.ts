import type { PoolSource } from '../domain/pool-pattern.ts';
import type { AccountRecord, PoolRecord, Store } from '../store/store.ts';

/** Lists of the store, which are read a page at a time. */

/** Rows read at a time where a whole list is walked. */
const PAGE_ROWS = 1000;

/** How a list is read. */
export interface Listing<Row, Key> {
  /** The rows that follow this one's, `pageRows` of them; absent: from the first. */
  read(after: Key | undefined): Promise<readonly Row[]>;
  readonly pageRows: number;
  keyOf(row: Row): Key;
}

/** The whole list from `after` on, page by page. */
export async function* everyPage<Row, Key>(
  { read, pageRows, keyOf }: Listing<Row, Key>,
  after?: Key,
): AsyncGenerator<readonly Row[], void, undefined> {
  for (let last = after; ; ) {
    const page = await read(last);
    yield page;
    const end = page.at(-1);
    if (page.length < pageRows || end === undefined) return;
    last = keyOf(end);
  }
}

/** The first `limit` rows after `after` that are wanted; `next`: after which one the others follow, null where there are none. */
export async function firstRows<Row, Key>(
  listing: Listing<Row, Key>,
  { limit, after, isWanted }: { limit: number; after: Key | null; isWanted: (row: Row) => boolean },
): Promise<{ readonly rows: readonly Row[]; readonly next: Key | null }> {
  const found: Row[] = [];
  for await (const page of everyPage(listing, after ?? undefined)) {
    found.push(...page.filter(isWanted));
    if (found.length > limit) break;
  }
  const rows = found.slice(0, limit);
  const end = rows.at(-1);
  return { rows, next: found.length > limit && end !== undefined ? listing.keyOf(end) : null };
}

/** The pool list, or those of an algorithm or source, by id. */
export function poolListing(
  store: Pick<Store, 'listPools'>,
  filter: { readonly algorithm?: string | undefined; readonly source?: PoolSource } = {},
): Listing<PoolRecord, number> {
  return {
    read: (after) => store.listPools({ ...filter, after, limit: PAGE_ROWS }),
    pageRows: PAGE_ROWS,
    keyOf: ({ id }) => id,
  };
}

/** All accounts, by name. */
export function accountListing(
  store: Pick<Store, 'listAccounts'>,
  pageRows = PAGE_ROWS,
): Listing<AccountRecord, string> {
  return {
    read: (after) => store.listAccounts({ after, limit: pageRows }),
    pageRows,
    keyOf: ({ name }) => name,
  };
}

/** Whether one of the texts holds what is searched, which is in lower case; null: whatever they hold. */
export function holds(texts: readonly string[], search: string | null): boolean {
  return search === null || texts.some((text) => text.toLowerCase().includes(search));
}
