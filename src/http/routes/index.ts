import type { AddRoutes } from '../app.ts';
import { addAlgorithms } from './algorithms.ts';
import { addAuditLog } from './audit.ts';
import { addHealth } from './health.ts';
import { addHistory } from './history.ts';
import { addHome } from './home.ts';
import { addMetrics } from './metrics.ts';
import { addOpenapi } from './openapi.ts';
import { addPool } from './pool.ts';
import { addPoolTest } from './pool-test.ts';
import { addPools } from './pools.ts';
import { addReload } from './reload.ts';
import { addTokens } from './tokens.ts';
import { addUser } from './user.ts';
import { addUsers } from './users.ts';
import { addUsersTransfer } from './users-transfer.ts';
import { addVersion } from './version.ts';

/** Every resource of the server. */
export const ROUTES: readonly AddRoutes[] = [
  addHome,
  addMetrics,
  addHealth,
  addUsers,
  addUser,
  addPools,
  addPoolTest,
  addPool,
  addAlgorithms,
  addUsersTransfer,
  addTokens,
  addAuditLog,
  addReload,
  addHistory,
  addVersion,
  addOpenapi,
];
