import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError } from '../store-error.ts';
import { APPLICATION_ID, PRIVATE_MODE } from './data-file.ts';
import { toStoreError } from './faults.ts';

/** The proxy holds the file for longer only where its disk stands still. */
const LOCK_MS = 5000;
/** What file systems without hard links answer to one. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

export interface BackupResult {
  readonly bytes: number;
  readonly accounts: number;
}

/**
 * Copies the data file at `from`, as it is at one moment, whether a proxy runs on it or not, into a file of mode 0600 that `to` names once it is whole, checked and on the
 * disk. The copy has no room left over in it. Where there is a file of that name it is replaced with `force`, and else stays. Rejects with a `StoreError` whose message is one line.
 */
export function backUpFile(from: string, to: string, { force }: { readonly force: boolean }): BackupResult {
  refuseSame(from, to);
  if (!force && existsSync(to)) throw alreadyThere(to);
  const unfinished = join(dirname(to), `.${basename(to)}.${randomBytes(6).toString('hex')}`);
  createEmpty(unfinished, to);
  try {
    copy(from, unfinished, to);
    const accounts = verified(unfinished, to);
    const bytes = statSync(unfinished).size;
    sync(unfinished);
    giveName(unfinished, to, force);
    return { bytes, accounts };
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function refuseSame(from: string, to: string): void {
  if (!existsSync(from))
    throw new StoreError('failed', `${from}: there is no such file; --db.path names the data file`);
  const source = realpathSync(from);
  const target = existsSync(to) ? realpathSync(to) : to;
  const own = [
    source,
    ...['-wal', '-shm', '-journal', '.lock'].flatMap((end) => [`${source}${end}`, `${from}${end}`]),
  ];
  if (own.includes(target))
    throw new StoreError('failed', `${to} belongs to the data file itself: name another file`);
}

function createEmpty(unfinished: string, to: string): void {
  try {
    closeSync(openSync(unfinished, 'wx', PRIVATE_MODE));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const reason = code === 'ENOENT' ? 'there is no such folder' : `cannot be written (${code})`;
    throw new StoreError(code === 'ENOENT' ? 'no-directory' : 'not-writable', `${to}: ${reason}`, {
      cause: error,
    });
  }
}

function copy(from: string, unfinished: string, to: string): void {
  let database: Database.Database | null = null;
  try {
    database = new Database(from, { readonly: true, fileMustExist: true, timeout: LOCK_MS });
    if (database.pragma('application_id', { simple: true }) !== APPLICATION_ID)
      throw new StoreError('foreign-database', `${from} is not a data file of this program`);
  } catch (error) {
    database?.close();
    throw toStoreError(error, from);
  }
  try {
    // Into a file that is there and empty: it keeps its mode. [sqlite.org/lang_vacuum.html]
    database.prepare('vacuum into ?').run(unfinished);
  } catch (error) {
    throw toStoreError(error, to);
  } finally {
    database.close();
  }
}

/** Reads the whole copy; gives how many accounts are in it. */
function verified(unfinished: string, to: string): number {
  let database: Database.Database | null = null;
  try {
    database = new Database(unfinished, { readonly: true, fileMustExist: true });
    const faults = database.prepare<[], string>('pragma integrity_check(1)').pluck().all();
    if (faults.length !== 1 || faults[0] !== 'ok')
      throw new StoreError(
        'corrupt',
        `${to}: the copy is damaged, and so may be the data file: ${faults[0] ?? ''}`,
      );
    return database.prepare<[], number>('select count(*) from accounts').pluck().get() ?? 0;
  } catch (error) {
    throw toStoreError(error, to);
  } finally {
    database?.close();
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Unlike a rename, a link does not replace what another process has put there meanwhile. */
function giveName(unfinished: string, to: string, force: boolean): void {
  try {
    if (force) renameSync(unfinished, to);
    else linkSync(unfinished, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') throw alreadyThere(to);
    if (!NO_LINKS.has(code) || force) throw toStoreError(error, to);
    if (existsSync(to)) throw alreadyThere(to);
    renameSync(unfinished, to);
  }
  sync(dirname(to));
}

function alreadyThere(to: string): StoreError {
  return new StoreError('failed', `${to} is there already: name another file, or replace it with --force`);
}
