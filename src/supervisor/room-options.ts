import { isLoopback, parseListenAddress } from '../config/listen-address.ts';
import type { Config } from '../config/schema.ts';
import { SettingError } from '../config/setting-error.ts';
import type { HistoryRetention } from '../domain/history.ts';
import { type ApiToken, parseApiToken } from '../http/auth.ts';
import { DEFAULT_HTTP_LIMITS, type HttpOptions } from '../http/options.ts';
import type { LiveHttpOptions } from '../http/server.ts';
import type { Log } from '../kit/log.ts';
import { Networks } from '../net/networks.ts';
import type { ProxySettings } from '../proxy/settings.ts';

/** The configuration as each room takes it. */

/** Files that the process needs beside its miners and pools. */
const OWN_FILES = 128;
/** The whole end: what the miners' drain may take of it is not the web server's. */
const STOP_MS = 9600;

/** What is known beside the configuration. */
export interface Surroundings {
  readonly version: string;
  /** Limit of open files of this process; null where it is not known. */
  readonly openFilesLimit: number | null;
}

/** For how many days steps of so many seconds are kept. */
export function retentionOf({ history }: Config): HistoryRetention {
  const { keepMinutesDays, keepTenMinutesDays, keepHoursDays } = history;
  return { 60: keepMinutesDays, 600: keepTenMinutesDays, 3600: keepHoursDays };
}

export function eventsKept({ events }: Config): { readonly most: number; readonly days: number } {
  return { most: events.keep, days: events.keepDays };
}

export function metricsOptions({ metrics, stratum }: Config): {
  readonly tag: string;
  readonly maxWorkers: number;
} {
  return { tag: metrics.tag === '' ? stratum.addr : metrics.tag, maxWorkers: metrics.maxWorkers };
}

/** Load balancers whose PROXY header is believed. @throws {SettingError} */
export function trustedProxies({ stratum }: Config): Networks {
  return networksOf('stratum.trustedProxies', stratum.trustedProxies);
}

function networksOf(key: string, texts: readonly string[]): Networks {
  const parsed = Networks.parse(texts);
  if ('problem' in parsed) throw new SettingError(`${key}: ${parsed.problem}`);
  return parsed.networks;
}

export function configuredTokens({ web }: Config): readonly ApiToken[] {
  return web.tokens.map(parseApiToken).filter((token) => token !== null);
}

/** Whether other machines can reach the API. */
export function isApiExposed({ web }: Config): boolean {
  return !isLoopback(parseListenAddress(web.addr));
}

/** What the web server can be told while it runs. */
export function liveHttpOptions(config: Config): LiveHttpOptions {
  const { allowedHosts, rateLimitPerMinute } = config.web;
  return { tokens: configuredTokens(config), allowedHosts, requestsPerMinute: rateLimitPerMinute };
}

/** @throws {SettingError} */
export function httpOptions(config: Config, version: string): HttpOptions {
  const { web, shutdown } = config;
  const { requestsPerMinute, ...live } = liveHttpOptions(config);
  return {
    ...parseListenAddress(web.addr),
    isExposed: isApiExposed(config),
    version,
    ...live,
    trustedProxies: networksOf('web.trustedProxies', web.trustedProxies),
    limits: {
      bodyBytes: web.bodyBytes,
      requestsPerMinute,
      streams: web.streams,
      closeMs: Math.min(DEFAULT_HTTP_LIMITS.closeMs, STOP_MS - shutdown.drainMs),
    },
  };
}

/** The settings of the proxy room, with what depends on the machine filled in. Warns where the machine's limits are too low for them. */
export function proxySettings(
  config: Config,
  { version, openFilesLimit }: Surroundings,
  log: Log,
): ProxySettings {
  const { limits, bans, upstream, vardiff, rental, failover, verify, extranonce, session } = config;
  const openFiles = openFilesLimit === null ? 0 : Math.max(32, openFilesLimit - OWN_FILES);
  if (openFiles > 0 && limits.connections > openFiles) {
    log.warn('the limit of open files is too low for limits.connections', {
      openFilesLimit: openFilesLimit ?? undefined,
      connections: limits.connections,
      mend: `raise it to ${limits.connections * 2 + OWN_FILES}: "ulimit -n" in the shell, LimitNOFILE= in a systemd unit`,
    });
  }
  return {
    limits: { ...limits, openFiles },
    bans,
    upstream: { ...upstream, agent: upstream.agent === '' ? `stratum-proxy/${version}` : upstream.agent },
    vardiff,
    rental,
    failover,
    verify,
    extranonce,
    session,
  };
}
