import type { ProxyEvent } from '../domain/event.ts';
import type { AccountsPort } from '../http/ports/accounts.ts';
import type { AlgorithmsPort } from '../http/ports/algorithms.ts';
import type { TransferPort } from '../http/ports/manage.ts';
import type { PoolsPort } from '../http/ports/pools.ts';

/** The ports through which an operator changes things, with an event of each change. */

type Note = (event: ProxyEvent) => void;

export function notedAccounts(port: AccountsPort, note: Note): AccountsPort {
  return {
    ...port,
    async register(registration) {
      const result = await port.register(registration);
      if (result.kind === 'created') note({ kind: 'account-registered', account: result.name });
      return result;
    },
    async update(name, change) {
      const result = await port.update(name, change);
      if (result.kind === 'updated') note({ kind: 'account-changed', account: name });
      return result;
    },
    async delete(name) {
      const result = await port.delete(name);
      if (result.kind === 'deleted') note({ kind: 'account-deleted', account: name });
      return result;
    },
  };
}

export function notedPools(port: PoolsPort, note: Note): PoolsPort {
  return {
    ...port,
    async add(addition) {
      const result = await port.add(addition);
      if (result.kind === 'created') for (const { pool } of result.pools) note({ kind: 'pool-added', pool });
      return result;
    },
    async update(address, change) {
      const result = await port.update(address, change);
      if (result.kind === 'updated') note({ kind: 'pool-changed', pool: result.pool.pool });
      return result;
    },
    async delete(address) {
      const result = await port.delete(address);
      if (result.kind === 'deleted') note({ kind: 'pool-deleted', pool: result.pool.pool });
      return result;
    },
  };
}

export function notedAlgorithms(port: AlgorithmsPort, note: Note): AlgorithmsPort {
  return {
    ...port,
    async add(addition) {
      const result = await port.add(addition);
      if (result.kind === 'created') note({ kind: 'algorithm-added', algorithm: result.algorithm.name });
      return result;
    },
    async update(name, change) {
      const result = await port.update(name, change);
      if (result.kind === 'updated') note({ kind: 'algorithm-changed', algorithm: result.algorithm.name });
      return result;
    },
    async delete(name) {
      const result = await port.delete(name);
      if (result.kind === 'deleted') note({ kind: 'algorithm-deleted', algorithm: result.algorithm.name });
      return result;
    },
  };
}

export function notedTransfer(port: TransferPort, note: Note): TransferPort {
  return {
    ...port,
    async import(registrations) {
      const results = await port.import(registrations);
      for (const result of results)
        if (result.kind === 'created') note({ kind: 'account-registered', account: result.name });
      return results;
    },
  };
}
