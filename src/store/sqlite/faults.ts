import { StoreError, type StoreErrorKind } from '../store-error.ts';

/** Result codes by the part of the name that is common to their extended codes (sqlite.org/rescode.html). */
const KINDS: readonly (readonly [code: string, kind: StoreErrorKind, remedy: string])[] = [
  ['SQLITE_BUSY', 'busy', 'another process holds it locked: end that process or let it finish'],
  ['SQLITE_LOCKED', 'busy', 'another process holds it locked: end that process or let it finish'],
  ['SQLITE_FULL', 'disk-full', 'the disk is full: free some space'],
  ['SQLITE_IOERR', 'disk-fault', 'the disk reports an error: check the disk and its free space'],
  ['SQLITE_CORRUPT', 'corrupt', 'the file is damaged: restore a backup or start with another --db.path'],
  ['SQLITE_NOTADB', 'not-a-database', 'this is not an SQLite database: start with another --db.path'],
  [
    'SQLITE_READONLY',
    'not-writable',
    'no permission to write: change the owner or mode of the file and its directory, or mount its file system for writing',
  ],
  [
    'SQLITE_CANTOPEN',
    'not-writable',
    'cannot be opened: check the mode of the file, its -wal and -shm and its directory',
  ],
  [
    'SQLITE_PERM',
    'not-writable',
    'no permission to write: change the owner or mode of the file and its directory',
  ],
];

/** Says what a fault of the driver means. `place` is the path of the data file. */
export function toStoreError(error: unknown, place: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const known = KINDS.find(([prefix]) => code === prefix || code.startsWith(`${prefix}_`));
  if (known !== undefined)
    return new StoreError(known[1], `${place}: ${known[2]} (${code})`, { cause: error });
  const detail = error instanceof Error ? error.message : String(error);
  return new StoreError('failed', `${place}: ${detail}`, { cause: error });
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
