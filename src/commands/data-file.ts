import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { createToken, hashToken, TOKEN_SCOPES, type TokenScope } from '../http/auth.ts';
import { importLines, LINES_AT_ONCE, type LineResult } from '../http/import-lines.ts';
import { systemClock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import { loadCatalogue } from '../store/catalogue.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { Store } from '../store/store.ts';
import { LEAST_GAP_MS } from '../supervisor/account-keeping.ts';
import { auditPort } from '../supervisor/audit-port.ts';
import { COMMAND_LINE } from '../supervisor/outside-moves.ts';
import { allAccounts, transferPort, withoutPasswords, withPasswords } from '../supervisor/transfer-port.ts';

/** Commands that work on the data file, whether a proxy runs on it or not. */

/** A word of the command line is wrong; the message is one line that says how it should be. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Where a command writes: results, and what is said beside them. */
export interface CommandOutput {
  /** Resolves when more can be taken. */
  out(text: string): Promise<void>;
  err(text: string): void;
}

/** Who does what a command does, for the audit log. */
export const WHO = { who: 'local', from: COMMAND_LINE } as const;
const STDIN = '-';
const IS_FOLDER = 'it is a folder';
const USAGE = {
  add: `stratum-proxy token add <${TOKEN_SCOPES.join('|')}> [label] [time it expires, such as 2099-01-01T00:00:00Z]`,
  remove: 'stratum-proxy token remove <id>',
} as const;

/** `token add|list|remove`. @throws {CommandError} */
export async function tokenCommand(
  path: string,
  [verb = '', ...words]: readonly string[],
  output: CommandOutput,
): Promise<void> {
  if (verb === 'list') return withStore(path, (store) => listTokens(store, output));
  if (verb === 'remove') return withStore(path, (store) => removeToken(store, words, output));
  const [scopeWord = '', label = '', expires = ''] = words;
  const scope = TOKEN_SCOPES.find((known) => known === scopeWord);
  if (scope === undefined) throw new CommandError(`token add: needs a scope: ${USAGE.add}`);
  if (label.length > 128 || /[\u0000-\u001f\u007f-\u009f]/.test(label))
    throw new CommandError('token add: the label must be at most 128 printable characters');
  const expiresAtMs = expires === '' ? null : Date.parse(expires);
  if (expiresAtMs !== null && !(expiresAtMs > Date.now()))
    throw new CommandError(`token add: ${JSON.stringify(expires)} is no time to come: ${USAGE.add}`);
  return withStore(path, (store) => addToken(store, { scope, label, expiresAtMs }, output));
}

async function addToken(
  store: Store,
  given: { readonly scope: TokenScope; readonly label: string; readonly expiresAtMs: number | null },
  output: CommandOutput,
): Promise<void> {
  const token = createToken();
  const { id } = await store.addToken({ ...given, sha256: hashToken(token) });
  const { scope, label, expiresAtMs } = given;
  const expiresAt = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
  await auditPort(store).record({
    ...WHO,
    action: 'token-created',
    target: String(id),
    change: { scope, label, expiresAt },
  });
  await output.out(`Token ${id} (${scope}), shown only now:\n  ${token}\n`);
}

async function listTokens(store: Store, output: CommandOutput): Promise<void> {
  for (const { id, scope, label, createdAtMs, expiresAtMs } of await store.listTokens()) {
    const until = expiresAtMs === null ? 'never' : new Date(expiresAtMs).toISOString();
    await output.out(
      `${id}\t${scope}\tcreated ${new Date(createdAtMs).toISOString()}\texpires ${until}\t${label}\n`,
    );
  }
}

async function removeToken(
  store: Store,
  [word = '']: readonly string[],
  output: CommandOutput,
): Promise<void> {
  if (!/^[1-9]\d{0,14}$/.test(word))
    throw new CommandError(`token remove: needs the id of a token: ${USAGE.remove}`);
  const record = await store.deleteToken(Number(word));
  if (record === null)
    throw new CommandError(`token remove: there is no token ${word}; "token list" shows those there are`);
  const { scope, label } = record;
  await auditPort(store).record({ ...WHO, action: 'token-deleted', target: word, change: { scope, label } });
  await output.out(`Token ${word} (${scope}) removed.\n`);
  const left = await store.listTokens();
  if (scope === 'admin' && !left.some((token) => token.scope === 'admin'))
    output.err(
      'WARNING: no token of scope admin is left in the data file. Unless web.tokens has one, nobody can administer the proxy from other machines until "stratum-proxy token add admin" is run.\n',
    );
}

/** `export`: every account, one JSON object a line. */
export function exportCommand(
  path: string,
  options: { readonly withPasswords: boolean },
  output: CommandOutput,
): Promise<void> {
  return withStore(path, async (store) => {
    let accounts = 0;
    for await (const account of allAccounts(store)) {
      const line = options.withPasswords ? withPasswords(account) : withoutPasswords(account);
      await output.out(`${JSON.stringify(line)}\n`);
      accounts += 1;
    }
    await auditPort(store).record({
      ...WHO,
      action: 'accounts-exported',
      target: '',
      change: { accounts, withPasswords: options.withPasswords },
    });
    output.err(`${accounts} exported${options.withPasswords ? ', with their passwords' : ''}\n`);
  });
}

/** `import <file>`: one result a line; true where no line was refused. @throws {CommandError} */
export async function importCommand(path: string, file: string, output: CommandOutput): Promise<boolean> {
  const input = file === STDIN ? process.stdin : await readable(file);
  try {
    return await withStore(path, (store) => importFrom(store, input, output));
  } finally {
    input.destroy();
  }
}

async function importFrom(store: Store, input: Readable, output: CommandOutput): Promise<boolean> {
  // What is imported is new: after it, it would not be seen any more for how long the proxy has not run.
  await store.closeIdleGap(LEAST_GAP_MS);
  const transfer = transferPort(store, async () => {});
  const counts = { created: 0, existing: 0, refused: 0 };
  let read = 0;
  let lines: string[] = [];
  const flush = async (): Promise<void> => {
    for (const result of await importLines(transfer, lines, read - lines.length)) {
      counts[result.status] += 1;
      await output.out(`${JSON.stringify(result satisfies LineResult)}\n`);
    }
    lines = [];
  };
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    read += 1;
    lines.push(line);
    if (lines.length === LINES_AT_ONCE) await flush();
  }
  await flush();
  if (counts.created > 0)
    await auditPort(store).record({ ...WHO, action: 'accounts-imported', target: '', change: counts });
  output.err(`${counts.created} created, ${counts.existing} there already, ${counts.refused} refused\n`);
  return counts.refused === 0;
}

async function readable(file: string): Promise<Readable> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(file, 'r');
    if ((await handle.stat()).isDirectory()) throw new CommandError(importFault(file, IS_FOLDER));
    return createReadStream(file, { fd: handle });
  } catch (error) {
    await handle?.close();
    if (error instanceof CommandError) throw error;
    throw new CommandError(importFault(file, readFault(error)));
  }
}

function importFault(file: string, fault: string): string {
  return `import: ${resolve(file)}: ${fault}; give a file that "stratum-proxy export" wrote, or - to read the standard input`;
}

/** Notes in the audit log what `import-seed` has brought in. */
export function noteSeedImport(path: string, change: Readonly<Record<string, unknown>>): Promise<void> {
  return withStore(
    path,
    (store) => auditPort(store).record({ ...WHO, action: 'seed-imported', target: '', change }),
    'leave',
  );
}

/** Opens the data file for one command. The original program's is refused or left as it is. */
export async function withStore<Result>(
  path: string,
  work: (store: Store) => Promise<Result>,
  onOriginal: 'leave' | 'refuse' = 'refuse',
): Promise<Result> {
  const store = await openSqliteStore(
    { log: silentLog, clock: systemClock },
    { path, catalogue: loadCatalogue(), onOriginal },
  );
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Why a file that was named cannot be read, for people. */
function readFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return IS_FOLDER;
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it';
  return error instanceof Error ? error.message : String(error);
}
