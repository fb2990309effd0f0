import type { AddRoutes } from '../app.ts';
import { addAlgorithms } from './algorithms.ts';
import { addAuditLog } from './audit.ts';
import { addBans } from './bans.ts';
import { addEvents } from './events.ts';
import { addHealth } from './health.ts';
import { addHistory } from './history.ts';
import { addHome } from './home.ts';
import { addMetrics } from './metrics.ts';
import { addOpenapi } from './openapi.ts';
import { addPool } from './pool.ts';
import { addPoolTest } from './pool-test.ts';
import { addPools } from './pools.ts';
import { addPoolsState } from './pools-state.ts';
import { addRecording } from './recording.ts';
import { addRefusedLogins } from './refused-logins.ts';
import { addReload } from './reload.ts';
import { addServer } from './server.ts';
import { addSession } from './session.ts';
import { addSessions } from './sessions.ts';
import { addStream } from './stream.ts';
import { addTokens } from './tokens.ts';
import { addTotals } from './totals.ts';
import { addUser } from './user.ts';
import { addUsers } from './users.ts';
import { addUsersMove } from './users-move.ts';
import { addUsersTransfer } from './users-transfer.ts';
import { addVersion } from './version.ts';
import { addWhoAmI } from './whoami.ts';
import { addWorkers } from './workers.ts';

/** Every resource of the server. */
export const ROUTES: readonly AddRoutes[] = [
  addHome,
  addMetrics,
  addHealth,
  addUsers,
  addUser,
  addPools,
  addPoolsState,
  addPoolTest,
  addPool,
  addAlgorithms,
  addSessions,
  addSession,
  addRecording,
  addRefusedLogins,
  addBans,
  addWorkers,
  addTotals,
  addEvents,
  addStream,
  addServer,
  addUsersTransfer,
  addWhoAmI,
  addUsersMove,
  addTokens,
  addAuditLog,
  addReload,
  addHistory,
  addVersion,
  addOpenapi,
];
