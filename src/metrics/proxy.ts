import type { WorkerFacts } from '../domain/report.ts';
import type { MetricFamily } from './exposition.ts';
import type { Scrape } from './scrape.ts';

/** A family of one sample without labels. */
function single(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  valueOf: (facts: WorkerFacts) => number,
): MetricFamily<Scrape> {
  return {
    name,
    type,
    help,
    labels: [],
    collect(scrape, out) {
      out.sample(valueOf(scrape.facts));
    },
  };
}

/** The proxy as a whole. */
export const proxyFamilies: readonly MetricFamily<Scrape>[] = [
  {
    name: 'stratum_proxy_build_info',
    type: 'gauge',
    help: 'Always 1; the labels say which version runs.',
    labels: ['version'],
    collect(scrape, out) {
      out.sample(1, scrape.build.version);
    },
  },
  {
    name: 'stratum_proxy_start_time_seconds',
    type: 'gauge',
    help: 'When the proxy was started, in seconds since 1970-01-01 UTC.',
    labels: [],
    collect(scrape, out) {
      out.sample(scrape.build.startedAtMs / 1000);
    },
  },
  {
    name: 'stratum_proxy_ready',
    type: 'gauge',
    help: 'Readiness by check: 1 when it passes. The same checks as GET /api/v1/ready.',
    labels: ['check'],
    collect(scrape, out) {
      for (const check of scrape.checks) out.sample(check.ready ? 1 : 0, check.name);
    },
  },
  {
    name: 'stratum_proxy_config_last_reload_successful',
    type: 'gauge',
    help: 'Whether the configuration was in order when it was last read: 1, or 0 where it was refused and the one before stays.',
    labels: [],
    collect({ lastReload }, out) {
      out.sample(lastReload.isSuccessful ? 1 : 0);
    },
  },
  {
    name: 'stratum_proxy_config_last_reload_success_timestamp_seconds',
    type: 'gauge',
    help: 'When the configuration was last read and taken, in seconds since 1970-01-01 UTC.',
    labels: [],
    collect({ lastReload }, out) {
      out.sample(lastReload.succeededAtMs / 1000);
    },
  },
  single(
    'stratum_proxy_sessions',
    'gauge',
    'Connections of miners that are open.',
    (facts) => facts.sessions,
  ),
  single(
    'stratum_proxy_authorized_sessions',
    'gauge',
    'Connections of miners that belong to an account.',
    (facts) => facts.authorizedSessions,
  ),
  single(
    'stratum_proxy_accounts_in_use',
    'gauge',
    'Accounts with at least one session, and those whose miners were turned away within the last two minutes because no pool takes their login or is up.',
    (facts) => facts.accountsInUse + facts.accountsTurnedAway,
  ),
  single(
    'stratum_proxy_accounts_with_job',
    'gauge',
    'Accounts with at least one session that has a job.',
    (facts) => facts.accountsWithJob,
  ),
  single(
    'stratum_proxy_connections_accepted_total',
    'counter',
    'Connections accepted on the stratum port.',
    (facts) => facts.connectionsAccepted,
  ),
  {
    name: 'stratum_proxy_connections_refused_total',
    type: 'counter',
    help: 'Connections refused or closed by us, by reason.',
    labels: ['reason'],
    collect(scrape, out) {
      for (const [reason, count] of Object.entries(scrape.facts.connectionsRefused)) {
        out.sample(count, reason);
      }
    },
  },
  single(
    'stratum_proxy_banned_addresses',
    'gauge',
    'Addresses that are banned now.',
    (facts) => facts.bannedAddresses,
  ),
  single(
    'stratum_proxy_quarantined_sessions',
    'gauge',
    'Miners whose shares are held back now because most of them were invalid.',
    (facts) => facts.quarantinedSessions,
  ),
  single(
    'stratum_proxy_quarantines_total',
    'counter',
    'How often a miner was put in quarantine.',
    (facts) => facts.quarantines,
  ),
  single(
    'stratum_proxy_authorize_failures_total',
    'counter',
    'Logins of miners that were refused.',
    (facts) => facts.authorizeFailures,
  ),
  {
    name: 'stratum_proxy_bytes_total',
    type: 'counter',
    help: 'Bytes on the stratum connections, by direction.',
    labels: ['direction'],
    collect({ facts }, out) {
      out.sample(facts.bytesFromMiners, 'from-miners');
      out.sample(facts.bytesToMiners, 'to-miners');
      out.sample(facts.bytesFromPools, 'from-pools');
      out.sample(facts.bytesToPools, 'to-pools');
    },
  },
  {
    name: 'stratum_proxy_job_fan_out_seconds',
    type: 'histogram',
    help: 'Time from a job received to its last miner written.',
    labels: [],
    collect(scrape, out) {
      out.histogram(scrape.facts.jobFanOut);
    },
  },
];
