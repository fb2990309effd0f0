import type { Account } from '../../src/domain/account.ts';
import type { Endpoint } from '../../src/domain/endpoint.ts';
import { testAccount } from './proxy-bed.ts';

/** An account on pools that speak a dialect, as the directory would give it. */
export function dialectAccount(
  name: string,
  pools: readonly { readonly endpoint: Endpoint }[],
  given: {
    readonly dialect: string;
    readonly algorithm: string;
    readonly divider: number;
    readonly user?: string;
    readonly password?: string;
  },
  change: Partial<Account> = {},
): Account {
  const { dialect, algorithm, divider, user = 'wallet', password = 'x' } = given;
  const [first, ...rest] = pools.map(({ endpoint }) => {
    const [entry] = testAccount(name, endpoint, { user, password, algorithm, divider }).entries;
    return { ...entry, pool: { ...entry.pool, dialect } };
  });
  if (first === undefined) throw new Error('no pool');
  const base = testAccount(name, { host: '127.0.0.1', port: 1 });
  return { ...base, mode: 'auto', entries: [first, ...rest], ...change };
}
