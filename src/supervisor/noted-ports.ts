import type { ProxyEvent } from '../domain/event.ts';
import type { AccountsPort } from '../http/ports/accounts.ts';
import type { AlgorithmsPort } from '../http/ports/algorithms.ts';
import type { TransferPort } from '../http/ports/manage.ts';
import type { PoolMovesPort } from '../http/ports/moves.ts';
import type { PoolsPort } from '../http/ports/pools.ts';

/** The ports through which an operator changes things, with an event of each change: one that changes nothing is none. */

type Note = (event: ProxyEvent) => void;

export function notedAccounts(port: AccountsPort, note: Note): AccountsPort {
  return {
    ...port,
    async register(registration, by = '') {
      const result = await port.register(registration, by);
      if (result.kind === 'created') note({ kind: 'account-registered', account: result.name, by });
      return result;
    },
    async update(name, change, by = '') {
      const result = await port.update(name, change, by);
      if (result.kind === 'updated' && result.changed.length > 0)
        note({ kind: 'account-changed', account: name, changed: result.changed, by });
      return result;
    },
    async delete(name, by = '') {
      const result = await port.delete(name, by);
      if (result.kind === 'deleted') note({ kind: 'account-deleted', account: name, by });
      return result;
    },
  };
}

export function notedPools(port: PoolsPort, note: Note): PoolsPort {
  return {
    ...port,
    async add(addition, by = '') {
      const result = await port.add(addition, by);
      if (result.kind === 'created')
        for (const { pool } of result.pools) note({ kind: 'pool-added', pool, by });
      return result;
    },
    async update(address, change, by = '') {
      const result = await port.update(address, change, by);
      if (result.kind === 'updated' && result.changed.length > 0)
        note({ kind: 'pool-changed', pool: result.pool.pool, changed: result.changed, by });
      return result;
    },
    async delete(address, by = '') {
      const result = await port.delete(address, by);
      if (result.kind === 'deleted') note({ kind: 'pool-deleted', pool: result.pool.pool, by });
      return result;
    },
  };
}

export function notedAlgorithms(port: AlgorithmsPort, note: Note): AlgorithmsPort {
  return {
    ...port,
    async add(addition, by = '') {
      const result = await port.add(addition, by);
      if (result.kind === 'created') note({ kind: 'algorithm-added', algorithm: result.algorithm.name, by });
      return result;
    },
    async update(name, change, by = '') {
      const result = await port.update(name, change, by);
      if (result.kind === 'updated' && result.changed.length > 0)
        note({
          kind: 'algorithm-changed',
          algorithm: result.algorithm.name,
          changed: result.changed,
          by,
        });
      return result;
    },
    async delete(name, by = '') {
      const result = await port.delete(name, by);
      if (result.kind === 'deleted')
        note({ kind: 'algorithm-deleted', algorithm: result.algorithm.name, by });
      return result;
    },
  };
}

export function notedTransfer(port: TransferPort, note: Note): TransferPort {
  return {
    ...port,
    async import(registrations, by = '') {
      const results = await port.import(registrations, by);
      for (const result of results)
        if (result.kind === 'created') note({ kind: 'account-registered', account: result.name, by });
      return results;
    },
  };
}

export function notedMoves(port: PoolMovesPort, note: Note): PoolMovesPort {
  return {
    async move(move, by = '') {
      const result = await port.move(move, by);
      if (result.kind === 'done' && !move.dryRun) noteMoved(result.moved, by, note);
      return result;
    },
  };
}

/** Accounts that were moved from one pool to another. */
export function noteMoved(accounts: readonly string[], by: string, note: Note): void {
  for (const account of accounts) note({ kind: 'account-changed', account, changed: ['pool'], by });
}
