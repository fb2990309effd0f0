import { isAccepted, SHARE_RESULTS } from '../domain/result.ts';
import type { RateUnit } from './figures.ts';
import {
  type AlgorithmRate,
  type Efficiency,
  type Fleet,
  type FleetEvent,
  POOL_STATES,
  type Pool,
  SEVERITIES,
  type Worker,
  type WorkerPage,
} from './fleet.ts';

/**
 * Reads the answers of the API. The proxy may be of another version than this program: what is missing is empty, what is more is left out.
 */

type Json = Readonly<Record<string, unknown>>;

export function readFleet(json: unknown): Fleet {
  const fleet = objectOf(json);
  const pools = objectOf(fleet['pools']);
  return {
    atMs: timeOf(fleet['at']) ?? Date.now(),
    sessions: numberOf(fleet['authorizedSessions']),
    workers: numberOf(fleet['workers']),
    upstreams: numberOf(fleet['upstreams']),
    algorithms: listOf(fleet['algorithms']).map(readRate),
    sharesPerSecond: numberOf(fleet['sharesPerSecond']),
    acceptance: numberOrNull(fleet['acceptance']),
    efficiency: readEfficiency(fleet),
    poolsUp: numberOf(pools['up']),
    poolsDown: numberOf(pools['down']),
    poolsRefused: numberOf(pools['refused']),
    notReady: textsOf(fleet['notReady']),
  };
}

function readEfficiency(fleet: Json): Efficiency {
  if (!('efficiency1h' in fleet))
    return { span: 'since-start', share: numberOrNull(fleet['efficiency']), error: null };
  const share = numberOrNull(fleet['efficiency1h']);
  return { span: '1h', share, error: numberOrNull(fleet['efficiency1hError']) };
}

function readRate(rate: Json): AlgorithmRate {
  return {
    algorithm: textOf(rate['algorithm']),
    unit: unitOf(rate['unit']),
    hashrateHs: numberOf(rate['hashrateHs']),
    workers: numberOf(rate['workers']),
  };
}

/** `GET /api/v1/workers`, asked from `offset` on. */
export function readWorkers(json: unknown, offset: number): WorkerPage {
  const page = objectOf(json);
  return { offset, rows: listOf(page['workers']).map(readWorker), total: numberOf(page['total']) };
}

function readWorker(worker: Json): Worker {
  const hashrate = objectOf(worker['hashrate']);
  const shares = objectOf(worker['shares']);
  let accepted = 0;
  let rejected = 0;
  for (const result of SHARE_RESULTS) {
    const shareCount = numberOf(shares[result]);
    if (isAccepted(result)) accepted += shareCount;
    else rejected += shareCount;
  }
  return {
    worker: textOf(worker['worker']),
    account: textOf(worker['account']),
    algorithm: textOf(worker['algorithm']),
    pool: textOf(worker['pool']),
    sessions: numberOf(worker['sessions']),
    hashrate5mHs: numberOf(hashrate['5m']),
    hashrate5mError: numberOrNull(hashrate['5mError']),
    difficulty: numberOf(worker['difficulty']),
    accepted,
    rejected,
    lastShareAtMs: timeOf(worker['lastShareAt']),
    isUp: worker['up'] === true,
  };
}

/** `GET /api/v1/pools/state`, and the `pools` message of the stream. */
export function readPools(json: unknown): Pool[] {
  return listOf(objectOf(json)['pools']).map((pool) => {
    const upstreams = objectOf(pool['upstreams']);
    return {
      pool: textOf(pool['pool']),
      algorithm: textOf(pool['algorithm']),
      state: POOL_STATES.find((known) => known === pool['state']) ?? (pool['up'] === true ? 'up' : 'down'),
      sessions: numberOf(pool['sessions']),
      live: numberOf(upstreams['live']),
      pending:
        numberOf(upstreams['dialing']) + numberOf(upstreams['handshaking']) + numberOf(upstreams['cooling']),
      jobs: numberOf(pool['jobs']),
      failures: numberOf(pool['failures']),
      roundTripSeconds: numberOrNull(pool['roundTripSeconds']),
      lastError: textOf(pool['lastError']),
    };
  });
}

/** `GET /api/v1/events`. */
export function readEvents(json: unknown): FleetEvent[] {
  return listOf(objectOf(json)['events']).map(readEvent);
}

export function readEvent(json: unknown): FleetEvent {
  const event = objectOf(json);
  return {
    id: numberOf(event['id']),
    atMs: timeOf(event['at']) ?? 0,
    kind: textOf(event['kind']),
    severity: SEVERITIES.find((known) => known === event['severity']) ?? 'info',
    message: textOf(event['message']),
  };
}

/** `GET /api/v1/server`. */
export function readServer(json: unknown): { readonly version: string; readonly startedAtMs: number | null } {
  const server = objectOf(json);
  return { version: textOf(server['version']), startedAtMs: timeOf(server['startedAt']) };
}

/** The message of a problem answer; null where the text is none. */
export function readProblem(text: string): string | null {
  try {
    const message = textOf(objectOf(objectOf(JSON.parse(text))['error'])['message']);
    return message === '' ? null : message;
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(textOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function timeOf(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

function unitOf(value: unknown): RateUnit {
  return value === 'Sol' || value === 'g' ? value : 'H';
}
