import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StoreError } from '../store-error.ts';
import { makePrivate, PRIVATE_MODE } from './data-file.ts';

const CHUNK_BYTES = 1 << 20;
/** What file systems without hard links answer to one. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK']);

/**
 * Where the copy of the original program's file is kept, as it was before this program wrote to it.
 * @param path of the data file.
 */
export function copyOf(path: string): string {
  return `${path}.original`;
}

/**
 * Copies the original program's file, under a lock that keeps that program from writing. The copy has its name only once it is whole and on
 * the disk, and is readable for the owner only from the start. One that is there already stays, and is made private.
 */
export function keepCopy(path: string): void {
  const copy = copyOf(path);
  const unfinished = `${copy}.${randomBytes(6).toString('hex')}`;
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    if (!existsSync(copy)) {
      database.exec('begin');
      database.prepare('select count(*) from sqlite_master').get();
      copyDurably(path, unfinished);
      giveName(unfinished, copy);
    }
    makePrivate(copy);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new StoreError('failed', `${copy}: the copy of the original program's data failed: ${detail}`, {
      cause: error,
    });
  } finally {
    // Closing a file gives up the process's locks on it: nothing else may have `path` open from here on.
    database.close();
    rmSync(unfinished, { force: true });
  }
}

function copyDurably(from: string, to: string): void {
  const source = openSync(from, 'r');
  try {
    const target = openSync(to, 'wx', PRIVATE_MODE);
    try {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      for (let length = readSync(source, chunk); length > 0; length = readSync(source, chunk)) {
        for (let at = 0; at < length; ) at += writeSync(target, chunk, at, length - at);
      }
      fsyncSync(target);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Unlike a rename, a link does not replace what another process has put there meanwhile. */
function giveName(unfinished: string, copy: string): void {
  try {
    linkSync(unfinished, copy);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') return;
    if (!NO_LINKS.has(code)) throw error;
    if (!existsSync(copy)) renameSync(unfinished, copy);
  }
  const folder = openSync(dirname(copy), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
