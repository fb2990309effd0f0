import type { SessionDetail } from '../../src/domain/report.ts';
import { EventLog } from '../../src/fleet/event-log.ts';
import type { EventsPort, FleetPort, ServerFacts } from '../../src/http/ports/fleet.ts';
import type { HealthCheck, HealthPort } from '../../src/http/ports.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { sessionRow, workerReport } from './report-fixtures.ts';

export function sessionDetail(some: Partial<SessionDetail> = {}): SessionDetail {
  return {
    row: sessionRow(),
    isSubscribed: true,
    isAuthorized: true,
    isMining: true,
    isExtranonceAware: false,
    extranonce1: '0a',
    extranonce2Bytes: 3,
    versionMask: null,
    nameAtPool: 'wallet.rig1',
    upstream: 'live',
    ...some,
  };
}

/** A fleet that has whatever is asked for, of which a test may replace what it needs. */
export function fleetPort(some: Partial<FleetPort> = {}): FleetPort {
  return {
    report: async () => workerReport(),
    withoutLogin: async () => [],
    watch: () => () => {},
    kick: async () => true,
    bans: async () => [],
    ban: async ({ address, reason }) => ({
      kind: 'banned',
      ban: { address, reason, untilMs: null, by: 'operator' },
      closed: { connections: 0, accounts: [] },
    }),
    banReach: async () => ({ connections: 0, accounts: [] }),
    unban: async () => true,
    record: async () => ({ kind: 'started', sinceMs: 0, untilMs: 600_000 }),
    stopRecording: async () => true,
    recorded: async () => ({ sinceMs: null, untilMs: null, lines: [] }),
    recordings: async () => [],
    refusedLogins: async () => [],
    session: async (id) => sessionDetail({ row: sessionRow({ id }) }),
    ...some,
  };
}

export function serverFacts(some: Partial<ServerFacts> = {}): ServerFacts {
  return {
    version: '1.2.3',
    startedAtMs: 1_700_000_000_000,
    uptimeSeconds: 60,
    node: 'v26.0.0',
    platform: 'linux x64',
    processId: 1234,
    stratum: { address: '127.0.0.1', port: 3333 },
    web: { address: '127.0.0.1', port: 8080 },
    listeners: [],
    memory: { rssBytes: 1e8, heapUsedBytes: 5e7 },
    openFiles: { used: 40, limit: 1024 },
    eventLoopDelaySeconds: { p50: 0.001, p99: 0.004 },
    store: { kind: 'sqlite' },
    ...some,
  };
}

/** One that holds no event. */
export function emptyEvents(): EventLog {
  return new EventLog({ clock: systemClock });
}

/** The same with a list of what is in memory, which is all there is. */
export function eventsPort(): EventLog & EventsPort {
  const events = emptyEvents();
  const list: EventsPort['list'] = async (query) => {
    const found = events.newest({ ...query, limit: query.limit + 1 });
    const shown = found.slice(0, query.limit);
    return { events: shown, next: found.length > query.limit ? (shown.at(-1)?.id ?? null) : null };
  };
  return Object.assign(events, { list });
}

/** All is well, unless a test says otherwise. */
export function healthPort(
  checks: readonly HealthCheck[] = [{ name: 'store', ready: true, message: '' }],
): HealthPort {
  const known = { ready: checks.every(({ ready }) => ready), checks };
  return { known, ready: async () => known };
}
