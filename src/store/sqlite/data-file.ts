import { chmodSync, closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError } from '../store-error.ts';

/** SQLite's `application_id`, bytes 68 to 71 of the file: marks a data file as this program's ("STRP"). */
export const APPLICATION_ID = 0x53545250;

/** Read and write for the owner only: the file holds pool passwords. */
const PRIVATE_MODE = 0o600;
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const HEADER_BYTES = 100;
const ROLLBACK_JOURNAL = 1;

/** The tables of the original program's data file. */
const ORIGINAL_TABLES = ['hashes', 'pools', 'users'];

/**
 * Makes sure that `path` is a file this program may use, and creates it with mode 0600 where there is none.
 * Decides from the header alone, before SQLite opens the file for writing, so that what is not ours stays as it is to the byte.
 * `new`: empty so far. `ours`: carries our mark.
 */
export function prepareDataFile(path: string): 'new' | 'ours' {
  const stats = statOrNull(path);
  if (stats === null) {
    createPrivateFile(path);
    return 'new';
  }
  if (!stats.isFile()) {
    throw new StoreError('not-a-database', `${path} is not a file: name a file with --db.path`);
  }
  const header = readHeader(path);
  if (header.length === 0) return 'new';
  if (header.length < HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new StoreError(
      'not-a-database',
      `${path} is not an SQLite database: start with another --db.path, or move the file away`,
    );
  }
  if (header.readUInt32BE(68) === APPLICATION_ID) return 'ours';
  refuseForeign(path, header);
  return 'new';
}

/**
 * Takes access from group and others, for a file that was copied or restored. `narrowed`: something had to be changed.
 * `exposed`: it belongs to another user, who has to do it.
 */
export function makePrivate(path: string): 'private' | 'narrowed' | 'exposed' {
  let outcome: 'private' | 'narrowed' = 'private';
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    const stats = statOrNull(file);
    if (stats === null || (stats.mode & 0o077) === 0) continue;
    try {
      chmodSync(file, PRIVATE_MODE);
    } catch {
      return 'exposed';
    }
    outcome = 'narrowed';
  }
  return outcome;
}

function refuseForeign(path: string, header: Buffer): void {
  const tables = listTables(path, header);
  if (tables?.length === 0) return;
  if (ORIGINAL_TABLES.every((name) => tables?.includes(name) === true)) {
    throw new StoreError(
      'foreign-database',
      `${path} belongs to the original proxy (tables ${ORIGINAL_TABLES.join(', ')}) and was left untouched: start with another --db.path; a later version will import it`,
    );
  }
  throw new StoreError(
    'foreign-database',
    `${path} is the database of another program and was left untouched: start with another --db.path`,
  );
}

/** Null where looking would need to write: a database in WAL mode, or one with an unfinished transaction. */
function listTables(path: string, header: Buffer): string[] | null {
  if (header[18] !== ROLLBACK_JOURNAL || header[19] !== ROLLBACK_JOURNAL) return null;
  if (statOrNull(`${path}-journal`) !== null) return null;
  let database: Database.Database | null = null;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    return database.prepare<[], string>("select name from sqlite_master where type = 'table'").pluck().all();
  } catch {
    return null;
  } finally {
    database?.close();
  }
}

function createPrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'a', PRIVATE_MODE));
  } catch (error) {
    throw toFileError(error, path);
  }
}

function readHeader(path: string): Buffer {
  let file: number | null = null;
  try {
    // Opened for writing too, so that a file without that permission is refused here and not at the first registration.
    file = openSync(path, 'r+');
    const header = Buffer.alloc(HEADER_BYTES);
    return header.subarray(0, readSync(file, header, 0, HEADER_BYTES, 0));
  } catch (error) {
    throw toFileError(error, path);
  } finally {
    if (file !== null) closeSync(file);
  }
}

function statOrNull(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    throw toFileError(error, path);
  }
}

function toFileError(error: unknown, path: string): StoreError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new StoreError(
      'no-directory',
      `${path}: the directory ${dirname(path)} does not exist: create it, or start with another --db.path`,
      { cause: error },
    );
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new StoreError(
      'not-writable',
      `${path}: no permission to write (${code}): change the owner or mode of the file and its directory, or start with another --db.path`,
      { cause: error },
    );
  }
  if (code === 'ENOSPC') {
    return new StoreError('disk-full', `${path}: the disk is full: free some space`, { cause: error });
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new StoreError('failed', `${path}: ${detail}`, { cause: error });
}
