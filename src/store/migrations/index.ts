import { accountsAndPools } from './0001-accounts-and-pools.ts';
import { accountsThatChange } from './0002-accounts-that-change.ts';
import { poolOptions } from './0003-pool-options.ts';
import { shareRates } from './0004-share-rates.ts';
import { foundAlgorithms } from './0005-found-algorithms.ts';
import { history } from './0006-history.ts';
import { operatorsList } from './0010-operators-list.ts';
import { apiTokens } from './0011-api-tokens.ts';
import { auditLog } from './0012-audit-log.ts';
import { accountActivity } from './0013-account-activity.ts';
import { operatorBans } from './0014-operator-bans.ts';
import { events } from './0015-events.ts';
import type { Migration } from './migration.ts';

/** Every step of the schema, in order. */
export const MIGRATIONS: readonly Migration[] = [
  accountsAndPools,
  accountsThatChange,
  poolOptions,
  shareRates,
  foundAlgorithms,
  history,
  operatorsList,
  apiTokens,
  auditLog,
  accountActivity,
  operatorBans,
  events,
];
