import Database from 'better-sqlite3';
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import type { Log } from '../../kit/log.ts';
import type { SchemaEngine } from '../migrations/migration.ts';
import type { Tables } from '../schema.ts';
import { APPLICATION_ID, makePrivate, prepareDataFile } from './data-file.ts';
import { keepCopy } from './keep-copy.ts';
import { awaitsTakeOver, notTakenOver, type OnOriginal } from './take-over.ts';

/** A wait inside SQLite would stop the event loop, and with it every miner: `retryWhileBusy` waits outside. */
const STATEMENT_TIMEOUT_MS = 10;
const MEMORY = ':memory:';
/** More than the store has queries; `in` lists of different lengths count as different ones. */
const STATEMENTS_KEPT = 200;

/** Opens the data file at `path` with the settings that the store relies on. `:memory:` gives a database that ends with it. */
export function openDatabase(
  { log }: { log: Log },
  path: string,
  onOriginal: OnOriginal = 'take-over',
): Database.Database {
  const isFile = path !== MEMORY;
  const kind = isFile ? prepareDataFile(path) : 'new';
  if (kind === 'original') {
    if (onOriginal === 'refuse') throw notTakenOver(path);
    keepCopy(path);
  }
  const database = new Database(path, { timeout: STATEMENT_TIMEOUT_MS, fileMustExist: isFile });
  try {
    if (onOriginal === 'refuse' && awaitsTakeOver(database)) throw notTakenOver(path);
    // The mark goes into the file before anything else: whatever moment the process dies at, the file is empty or known as ours.
    if (kind !== 'ours') database.pragma(`application_id = ${APPLICATION_ID}`);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    if (isFile) reportAccess(log, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function reportAccess(log: Log, path: string): void {
  switch (makePrivate(path)) {
    case 'private':
      return;
    case 'narrowed':
      return log.warn('data file was readable by others, mode set to 0600', { path });
    case 'exposed':
      return log.warn('data file holds passwords and is readable by others: set its mode to 0600', { path });
  }
}

/** The typed query layer over one connection. Closing it closes the connection. */
export function toKysely(database: Database.Database): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: adapt(database) }) });
}

/** Statements are prepared once, and two of kysely's own are mended on the way. */
function adapt(database: Database.Database): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    prepare(sql) {
      const kept = statements.get(sql);
      if (kept !== undefined) return kept;
      const statement = prepare(database, sql);
      if (statements.size >= STATEMENTS_KEPT) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
    close() {
      statements.clear();
      database.close();
    },
  };
}

function prepare(database: Database.Database, sql: string): SqliteStatement {
  // Taking the write lock at the start spares a transaction that reads first from being refused in the middle
  // (sqlite.org/isolation.html, SQLITE_BUSY_SNAPSHOT) and starting over.
  if (sql === 'begin') return database.prepare('begin immediate');
  const statement = database.prepare(sql);
  if (sql !== 'rollback') return statement;
  // SQLite itself rolls back on a full disk and some other faults (sqlite.org/lang_transaction.html); a second rollback would
  // fail and hide the fault that it follows.
  return {
    reader: false,
    all: () => [],
    iterate: () => [].values(),
    run: () => (database.inTransaction ? statement.run() : { changes: 0, lastInsertRowid: 0 }),
  };
}

export const sqliteSchema: SchemaEngine = {
  bytesType: 'blob',
  addIdColumn: (table) => table.addColumn('id', 'integer', (column) => column.primaryKey().autoIncrement()),
};
