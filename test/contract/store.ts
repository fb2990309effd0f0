import { describe } from 'node:test';
import { describeAccountChanges } from './account-changes.ts';
import { describeAccountMoves } from './account-moves.ts';
import { describeAccounts } from './accounts.ts';
import { describeAccountsInBulk } from './accounts-in-bulk.ts';
import { describeAlgorithms } from './algorithms.ts';
import { describeAudit } from './audit.ts';
import { describeBans } from './bans.ts';
import { describeCatalogue } from './catalogue.ts';
import { describeEvents } from './events.ts';
import { describeHistory } from './history.ts';
import { describeLifetime } from './lifetime.ts';
import { describePoolChanges } from './pool-changes.ts';
import { describePoolOptions } from './pool-options.ts';
import { describePools } from './pools.ts';
import { describeRegistration } from './registration.ts';
import type { NewHarness } from './store-bed.ts';
import { describeTokens } from './tokens.ts';

/** What the suite is about, a file each. */
const SUBJECTS = [
  describeRegistration,
  describeAccounts,
  describeAccountChanges,
  describeAccountsInBulk,
  describeAccountMoves,
  describePools,
  describePoolOptions,
  describePoolChanges,
  describeAlgorithms,
  describeCatalogue,
  describeTokens,
  describeAudit,
  describeBans,
  describeEvents,
  describeHistory,
  describeLifetime,
];

/** The suite that every engine passes. */
export function describeStore(engine: string, newHarness: NewHarness): void {
  describe(`store on ${engine}`, () => {
    for (const describeSubject of SUBJECTS) describeSubject(newHarness);
  });
}
