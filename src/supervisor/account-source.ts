import { formatEndpoint } from '../domain/endpoint.ts';
import type { AccountSource } from '../fleet/worker-handle.ts';
import type { Store } from '../store/store.ts';

/** Where a worker finds the accounts of its miners. */
export function accountSource(store: Store): AccountSource {
  return {
    async find(name) {
      const result = await store.findAccount(name);
      if (result.kind === 'found') return result;
      if (result.kind === 'not-found') return { kind: 'unknown' };
      return { kind: 'unlisted', pool: formatEndpoint(result.endpoint) };
    },
  };
}
