import { setImmediate as turn } from 'node:timers/promises';
import type { Endpoint } from '../domain/endpoint.ts';
import { canonicalHost } from '../domain/pool-pattern.ts';
import type { PoolMove, PoolMoveRefusal, PoolMovesPort } from '../http/ports/moves.ts';
import type { Store } from '../store/store.ts';
import { accountListing, everyPage } from './listing.ts';

/** So many share one transaction. */
const AT_ONCE = 50;

/** What hears of accounts that were moved, once that is on disk. */
export interface MoveListener {
  onMoved(names: readonly string[]): void;
  /** All of them were. */
  onDone(): Promise<void>;
}

const NOBODY: MoveListener = { onMoved: () => {}, onDone: async () => {} };

/** Accounts moved from one pool to another. */
export function poolMoves(store: Store, listener: MoveListener = NOBODY): PoolMovesPort {
  return {
    async move(move) {
      const refusal = await refusalOf(store, move);
      if (refusal !== null) return refusal;
      const names = await accountsAt(store, move.from);
      const moved: string[] = [];
      const failures: {
        readonly name: string;
        readonly refusal: Exclude<AccountOutcome, { kind: 'moved' | 'not-there' }>;
      }[] = [];
      for (let start = 0; start < names.length; start += AT_ONCE) {
        const some = names.slice(start, start + AT_ONCE);
        const results = await store.moveAccounts(some, move);
        const done: string[] = [];
        for (const [index, result] of results.entries()) {
          const name = some[index] ?? '';
          if (result.kind === 'moved') done.push(name);
          else if (result.kind !== 'not-there') failures.push({ name, refusal: result });
        }
        moved.push(...done);
        if (!move.dryRun && done.length > 0) listener.onMoved(done);
        // Miners are served in between.
        await turn();
      }
      if (!move.dryRun && moved.length > 0) await listener.onDone();
      return { kind: 'done', moved, failures };
    },
  };
}

type AccountOutcome = Awaited<ReturnType<Store['moveAccounts']>>[number];

async function refusalOf(
  store: Pick<Store, 'resolvePool'>,
  { from, to }: PoolMove,
): Promise<PoolMoveRefusal | null> {
  if (isSame(from, to)) return { kind: 'same-pool' };
  const [before, after] = [await store.resolvePool(from), await store.resolvePool(to)];
  if (after === null) return { kind: 'unknown-pool', endpoint: to };
  const [algorithm, expected] = [after.algorithm.name, before?.algorithm.name];
  if (expected === undefined || algorithm === expected) return null;
  return { kind: 'other-algorithm', algorithm, expected };
}

/** Names of the accounts with an entry at this pool. */
async function accountsAt(store: Pick<Store, 'listAccounts'>, pool: Endpoint): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const page of everyPage(accountListing(store)))
    for (const { name, entries } of page)
      if (entries.some(({ endpoint }) => isSame(endpoint, pool))) names.push(name);
  return names;
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return canonicalHost(a.host) === canonicalHost(b.host) && a.port === b.port;
}
