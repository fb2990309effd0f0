import type { Kysely } from 'kysely';
import type { Endpoint } from '../../domain/endpoint.ts';
import { canonicalHost } from '../../domain/pool-pattern.ts';
import type { AccountMove, MoveAccountResult } from '../activity-store.ts';
import type { Tables } from '../schema.ts';
import type { CredentialsRequest } from '../store.ts';
import { readAccount } from './account-rows.ts';
import { updateAccount } from './update-account.ts';

/** Takes the results out of a transaction that is rolled back. */
class RolledBack extends Error {
  readonly results: readonly MoveAccountResult[];

  constructor(results: readonly MoveAccountResult[]) {
    super('rolled back');
    this.results = results;
  }
}

/** See `AccountsInBulk.moveAccounts`; makes its own transaction. */
export async function moveAccounts(
  { db, nowMs }: { readonly db: Kysely<Tables>; readonly nowMs: number },
  names: readonly string[],
  move: AccountMove,
): Promise<readonly MoveAccountResult[]> {
  try {
    return await db.transaction().execute(async (transaction) => {
      const results: MoveAccountResult[] = [];
      for (const name of names) results.push(await moveOne({ db: transaction, nowMs }, name, move));
      if (move.dryRun) throw new RolledBack(results);
      return results;
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.results;
    throw error;
  }
}

async function moveOne(
  collaborators: { readonly db: Kysely<Tables>; readonly nowMs: number },
  name: string,
  move: AccountMove,
): Promise<MoveAccountResult> {
  const before = await readAccount(collaborators.db, name);
  if (before === null || !before.entries.some(({ endpoint }) => isAt(endpoint, move.from)))
    return { kind: 'not-there' };
  const [{ endpoint, user, password }, ...backups] = movedEntries(before.entries, move);
  const result = await updateAccount(collaborators, name, { endpoint, user, password, backups });
  if (result.kind === 'updated') return { kind: 'moved' };
  return result.kind === 'not-found' ? { kind: 'not-there' } : result;
}

/** The entries with the one pool in the place of the other. What there would be twice by that is there once, where it stood first. */
function movedEntries(
  entries: readonly [CredentialsRequest, ...CredentialsRequest[]],
  { from, to, user }: AccountMove,
): readonly [CredentialsRequest, ...CredentialsRequest[]] {
  const moved = (entry: CredentialsRequest): CredentialsRequest =>
    isAt(entry.endpoint, from)
      ? {
          endpoint: to,
          user: user?.replaceAll('{user}', () => entry.user) ?? entry.user,
          password: entry.password,
        }
      : entry;
  const [first, ...others] = entries;
  const all: [CredentialsRequest, ...CredentialsRequest[]] = [moved(first)];
  for (const entry of others.map(moved)) {
    const isKnown = all.some((other) => isAt(other.endpoint, entry.endpoint) && other.user === entry.user);
    if (!isKnown) all.push(entry);
  }
  return all;
}

function isAt(a: Endpoint, b: Endpoint): boolean {
  return canonicalHost(a.host) === canonicalHost(b.host) && a.port === b.port;
}
