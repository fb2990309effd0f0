import { type Static, Type } from 'typebox';
import type { AddRoutes } from '../app.ts';
import { WORKERS_PATH } from '../paths.ts';
import { readNumbers } from '../query.ts';
import { minersQuery, readMinersQuery } from '../row-order.ts';
import { errorResponses, listOf, orNull, ProblemSchema, strictObject } from '../schemas.ts';
import { HashrateView, isoTime, isoTimeOrNull, SharesView } from '../view.ts';
import { listWorkers, type WorkerRow } from '../worker-list.ts';

const Query = strictObject(minersQuery);

const WorkerView = Type.Object({
  account: Type.String(),
  worker: Type.String(),
  sessions: Type.Integer({ description: 'Connected now.' }),
  agents: listOf(Type.String(), { description: 'A few of the programs that they run.' }),
  pool: Type.String(),
  algorithm: Type.String(),
  difficulty: Type.Number(),
  hashrate: HashrateView,
  shares: SharesView,
  received: Type.Integer(),
  inFlight: Type.Integer(),
  connectedAt: Type.String({ format: 'date-time', description: 'Of the session that is there longest.' }),
  lastShareAt: orNull(Type.String({ format: 'date-time' })),
  up: Type.Boolean({ description: 'At least one session is connected.' }),
});

const Page = Type.Object({
  workers: listOf(WorkerView),
  total: Type.Integer({ description: 'So many there are of these, on all pages.' }),
});

/** Miners by what they call themselves. */
export const addWorkers: AddRoutes = (app, { ports }) => {
  app.route({
    method: 'GET',
    url: WORKERS_PATH,
    config: { access: 'read' },
    preValidation: async (request) => {
      readNumbers(request.query, ['limit', 'offset']);
    },
    schema: {
      tags: ['miners'],
      summary: 'List workers',
      description:
        'A worker is all sessions of one account with the same worker name. Pool, algorithm and difficulty are those of the newest ' +
        'session; shares are those of the connections, and of what has ended within the last minute.',
      querystring: Query,
      response: {
        200: { ...Page, description: 'One page in the order asked for.' },
        ...errorResponses(ProblemSchema, 'invalid-request', 'invalid-value'),
      },
    },
    handler: async (request) => {
      const { filter, page } = readMinersQuery(request.query);
      const report = await ports.fleet.report();
      const { workers, total } = listWorkers(report.sessions, filter, page);
      return { workers: workers.map(workerView), total };
    },
  });
};

function workerView(row: WorkerRow): Static<typeof WorkerView> {
  const { current } = row;
  return {
    account: row.account,
    worker: row.worker,
    sessions: row.sessions,
    agents: row.agents,
    pool: current.pool,
    algorithm: current.algorithm,
    difficulty: current.difficulty,
    hashrate: { '1m': row.rate1mHs, '5m': row.rate5mHs, '15m': row.rate15mHs, '5mError': row.rate5mError },
    shares: row.counts,
    received: row.received,
    inFlight: row.inFlight,
    connectedAt: isoTime(row.connectedAtMs),
    lastShareAt: isoTimeOrNull(row.lastShareAtMs),
    up: row.up,
  };
}
