import { chmodSync, closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError } from '../store-error.ts';
import { hasSeedTables } from './read-seed.ts';

/** SQLite's `application_id`, bytes 68 to 71 of the file: marks a data file as this program's ("STRP"). */
export const APPLICATION_ID = 0x53545250;

/** Read and write for the owner only: the file holds pool passwords. */
export const PRIVATE_MODE = 0o600;
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const HEADER_BYTES = 100;
const ROLLBACK_JOURNAL = 1;

/**
 * Makes sure that `path` is a file this program may use, and creates it with mode 0600 where there is none.
 * Decides from the header alone, before SQLite opens the file for writing, so that what is not ours stays as it is to the byte.
 * `new`: empty so far. `ours`: carries our mark. `original`: a data file of the original program that has not been taken over yet.
 */
export function prepareDataFile(path: string): 'new' | 'ours' | 'original' {
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
  // Whoever writes it in that moment may be the original program; `busy` is tried again.
  if (statOrNull(`${path}-journal`) !== null) {
    throw new StoreError(
      'busy',
      `${path}: another program is within a change of it, or was cut off in one (${path}-journal is there): end that program, or start and stop it once; else start with another --db.path`,
    );
  }
  const owner = ownerOf(path, header);
  if (owner !== 'unknown') return owner;
  throw new StoreError(
    'foreign-database',
    `${path} is the database of another program and was left untouched: start with another --db.path`,
  );
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

/** Whose tables are in the file. `unknown` too where looking would need to write: in WAL mode. */
function ownerOf(path: string, header: Buffer): 'new' | 'original' | 'unknown' {
  if (header[18] !== ROLLBACK_JOURNAL || header[19] !== ROLLBACK_JOURNAL) return 'unknown';
  let database: Database.Database | null = null;
  try {
    database = new Database(path, { readonly: true, fileMustExist: true });
    if (hasSeedTables(database)) return 'original';
    const tables = database
      .prepare<[], number>("select count(*) from sqlite_master where type = 'table'")
      .pluck()
      .get();
    return tables === 0 ? 'new' : 'unknown';
  } catch {
    return 'unknown';
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
