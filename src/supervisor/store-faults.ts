import type { FaultsPort } from '../http/ports.ts';
import { StoreError } from '../store/store-error.ts';

/** What the store's faults mean for those who ask over the API. One that is the program's own is none of them. */
export const faultsPort: FaultsPort = {
  outageOf(thrown) {
    if (!(thrown instanceof StoreError)) return null;
    switch (thrown.kind) {
      case 'busy':
        return 'busy';
      case 'disk-full':
        return 'full';
      case 'failed':
      case 'bad-catalogue':
        return null;
      case 'no-directory':
      case 'not-writable':
      case 'not-a-database':
      case 'foreign-database':
      case 'newer-version':
      case 'corrupt':
      case 'disk-fault':
      case 'closed':
        return 'down';
    }
  },
};
