import { isIPv6 } from 'node:net';
import { address } from '../address-key.ts';
import { parseDurationMs, UNITS_MS } from '../duration.ts';
import { boolean, choice, integer, list, section, text } from '../key.ts';
import { isHostName } from '../listen-address.ts';
import { networks } from '../networks-key.ts';

const MIB = 1_048_576;

export const web = section('The REST API and the metrics.', {
  addr: address({
    default: '127.0.0.1:12743',
    help:
      'Where the REST API and /metrics answer. An address that other machines can reach needs a token: in web.tokens or in the data file; ' +
      'port 0 takes a free port.',
  }),
  tokens: list({
    isLive: true,
    default: [],
    allowed:
      '<scope>:<SHA-256 of the token in 64 hex digits>, where the scope is read, register or admin ' +
      '("stratum-proxy token <scope>" makes one)',
    placeholder: 'scope:hash,…',
    help:
      'Who may use the API, by the hash of each bearer token and what it may do: read, register (adds users) ' +
      'or admin (everything). "stratum-proxy token <scope>" prints a new token and the line for this list.',
    check: (entry) => (/^(?:read|register|admin):[0-9a-f]{64}$/i.test(entry) ? entry.toLowerCase() : null),
    redact: (entry) => `${entry.slice(0, entry.indexOf(':'))}:<redacted>`,
  }),
  allowedHosts: list({
    isLive: true,
    default: [],
    allowed: 'a host name or an IP address without a port',
    placeholder: 'host,…',
    help:
      'Further names under which the API may be called (the Host header), for instance behind a reverse proxy. ' +
      'The address it listens on is always accepted; the check keeps foreign web pages away from it (DNS rebinding).',
    check: (entry) => canonicalHost(entry.toLowerCase()),
  }),
  trustedProxies: networks({
    help:
      'Reverse proxies in front of the API whose X-Forwarded-For is believed: the rate limits, the log and the audit log then go by the client that it names. From anybody else the header is ' +
      'ignored. One on this machine is 127.0.0.1, or ::1.',
  }),
  bodyBytes: integer({
    default: 65_536,
    min: 1024,
    max: 16 * MIB,
    help: 'Largest body of an API request; a larger one is answered with 413.',
  }),
  rateLimitPerMinute: integer({
    isLive: true,
    default: 600,
    min: 1,
    max: 1_000_000,
    zero: 'no limit',
    help: 'API requests that one address may make per minute; beyond that it is answered with 429.',
  }),
  streams: integer({
    default: 64,
    min: 1,
    max: 10_000,
    help: 'Listeners of GET /api/v1/stream at once (each open dashboard is one); a further one is answered with 503.',
  }),
});

export const db = section('The data file.', {
  path: text({
    default: 'proxy.db',
    original: true,
    allowed: 'the path of a file',
    placeholder: 'file',
    help: 'The SQLite file with accounts, pools and algorithms, made when it is not there. Two more files (-wal, -shm) lie beside it.',
    check: (written) => (written.length <= 4096 && written.trim() !== '' ? written : null),
  }),
});

const keptDays = (written: string, days: number) =>
  integer({ default: days, min: 1, max: 36_500, zero: 'none', help: written });

export const history = section(
  'What is kept of the past: counters over restarts, and the history of hashrates and shares.',
  {
    writeSeconds: integer({
      default: 10,
      min: 1,
      max: 60,
      help:
        'How often the counters that have changed are written to the data file. A process that is killed loses what was counted since; one that is told to end ' +
        'loses nothing.',
    }),
    keepMinutesDays: keptDays('For how many days the history is kept minute by minute.', 2),
    keepTenMinutesDays: keptDays('For how many days it is kept in steps of ten minutes.', 14),
    keepHoursDays: keptDays('For how many days it is kept in steps of an hour.', 365),
  },
);

export const metrics = section('What /metrics exports.', {
  tag: text({
    default: '',
    original: true,
    allowed: 'at most 128 printable characters',
    placeholder: 'text',
    empty: 'the stratum address',
    help: 'Value of the label "proxy" in the metrics, to tell several proxies apart.',
    check: (written) => (written.length <= 128 ? written : null),
  }),
  maxWorkers: integer({
    default: 20_000,
    min: 1,
    max: 10_000_000,
    zero: 'no limit',
    help:
      'With more miners than this the series of single miners (proxy_worker_…) are left out, so that Prometheus is not flooded; ' +
      'a gauge says so and all other series stay.',
  }),
});

export const log = section('What the program writes about itself, to its standard output.', {
  level: choice({
    isLive: true,
    options: ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    help: 'The least important lines that are still written. Single shares show at debug only.',
  }),
  format: choice({
    options: ['auto', 'pretty', 'json'],
    default: 'auto',
    help: 'Lines for people (pretty) or one JSON object per line; auto is pretty on a terminal and JSON elsewhere.',
  }),
});

export const syslog = boolean({
  default: false,
  original: true,
  help: 'Write log lines without time and colour, for a syslog or journal that adds its own.',
});

export const audit = section('The log of who changed what, in the data file.', {
  keepDays: integer({
    default: 365,
    min: 1,
    max: 36_500,
    zero: 'for ever',
    help: 'How long an entry is kept.',
  }),
});

export const events = section('What has happened, in the data file.', {
  keep: integer({
    default: 10_000,
    min: 1000,
    max: 1_000_000,
    zero: 'none',
    help: 'So many of the newest events are kept over restarts; a thousand are in memory besides.',
  }),
  keepDays: integer({
    default: 90,
    min: 1,
    max: 36_500,
    zero: 'for ever',
    help: 'How long an event is kept.',
  }),
});

export const users = section('Registered pool credentials.', {
  expireAfter: text({
    default: '0',
    allowed: `0 (never) or a whole number with a unit of ${Object.keys(UNITS_MS).join(', ')}, such as 90d`,
    placeholder: 'duration',
    help:
      'A user that no miner has connected for in this time is removed; one that was registered or changed meanwhile is not. Users with miners never are, ' +
      'and none is before the proxy has run for an hour (or for this time, where it is shorter). Time in which the proxy did not run, and by which the clock was set forward, does not count: ' +
      'a start moves all users along by the time since the newest was seen, registered or changed, where that is over an hour. Each removal is logged and in the audit log.',
    check: (written) => {
      const duration = written.trim().toLowerCase();
      return parseDurationMs(duration) === null ? null : duration;
    },
  }),
});

export const shutdown = section('The orderly end on SIGTERM or SIGINT.', {
  drainMs: integer({
    default: 8000,
    min: 1,
    max: 9000,
    zero: 'do not wait',
    help: 'How long shares in flight may wait for their pool when the program ends. The whole end stays below 10 seconds.',
  }),
});

function canonicalHost(host: string): string | null {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return isHostName(bare) || isIPv6(bare) ? bare : null;
}
