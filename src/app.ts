import { dirname } from 'node:path';
import { AccountKeeping, LEAST_GAP_MS } from './account-keeping.ts';
import { Mixes } from './algorithms/ethash/mixes.ts';
import { algorithms } from './algorithms/index.ts';
import { exposedWithoutToken } from './config/check.ts';
import { parseDurationMs } from './config/duration.ts';
import { isLoopback, parseListenAddress } from './config/listen-address.ts';
import { parseListener } from './config/listener.ts';
import type { Config } from './config/schema.ts';
import { SettingError } from './config/setting-error.ts';
import { parseEndpoint } from './domain/endpoint.ts';
import type { ProxyEvent } from './domain/event.ts';
import { EventLog } from './fleet/event-log.ts';
import { Fleet } from './fleet/fleet.ts';
import { localLink } from './fleet/link.ts';
import type { ToSupervisor, ToWorker } from './fleet/messages.ts';
import { WorkerHandle } from './fleet/supervisor.ts';
import { startWorker } from './fleet/worker.ts';
import { HistoryRecorder } from './history/recorder.ts';
import { type ApiToken, parseApiToken, type StoredToken } from './http/auth.ts';
import type { StratumListener } from './http/fleet-port.ts';
import { DEFAULT_HTTP_LIMITS } from './http/options.ts';
import type { AccountsPort, HealthCheck, PoolsPort } from './http/ports.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { Chores } from './kit/chores.ts';
import type { Clock } from './kit/clock.ts';
import type { Log } from './kit/log.ts';
import { within } from './kit/within.ts';
import { auditPort, storedToken, tokensPort, transferPort } from './manage-ports.ts';
import { MetricsExporter } from './metrics/exporter.ts';
import { Networks } from './net/networks.ts';
import { keepSelfSigned, TlsIdentity, TlsIdentityError } from './net/tls-identity.ts';
import { notedAccounts, notedAlgorithms, notedPools, notedTransfer } from './noted-ports.ts';
import { PoolDiscovery } from './pool-discovery.ts';
import type { ProxySettings } from './proxy/settings.ts';
import { ShareVerifier } from './proxy/share-verifier.ts';
import { ServerProbe } from './server-facts.ts';
import { type LoadAgain, SettingsReload } from './settings-reload.ts';
import { loadCatalogue } from './store/catalogue.ts';
import { openSqliteStore } from './store/sqlite/open.ts';
import { takeOwnership } from './store/sqlite/owner-lock.ts';
import {
  accountSource,
  accountsPort,
  algorithmsPort,
  banKeeping,
  dialectsOfAccounts,
  faultsPort,
  keptBans,
  listedAddresses,
  poolsPort,
} from './store-ports.ts';
import { DIALECTS } from './wire/dialects/index.ts';

export interface AppParts {
  readonly log: Log;
  readonly clock: Clock;
  /** Lines that are less important are not written from now on. */
  setLogLevel(level: Config['log']['level']): void;
}

export interface AppOptions {
  readonly config: Config;
  readonly version: string;
  /** Limit of open files of this process; null where it is not known. */
  readonly openFilesLimit: number | null;
  /** Reads the configuration again, as at the start. */
  readonly loadAgain: () => LoadAgain;
}

/** A running proxy. */
export interface App {
  /** Where it listens, ports resolved. */
  readonly stratum: { readonly host: string; readonly port: number };
  readonly web: { readonly host: string; readonly port: number };
  readonly accounts: AccountsPort;
  readonly pools: PoolsPort;
  /** Reads the configuration again and applies what can be applied; noted in the audit log as coming `from` there. Never rejects. */
  reload(from: string): Promise<void>;
  /** Ends in order, within ten seconds: miners' open shares are answered, pools closed, data on disk. */
  stop(): Promise<void>;
}

/** Files that the process needs beside its miners and pools. */
const OWN_FILES = 128;
/** A scrape and a health probe in the same moment share one look at the store. */
const CHECKS_KEPT_MS = 2000;
const CHECK_MS = 1000;
/** For how long a scrape waits for a store that is locked. */
const PERSIST_WITHIN_MS = 250;
/** The counters' last way to the disk, which is short unless another process holds the store locked. */
const LAST_WRITE_MS = 700;
/** The whole end: what the miners' drain may take of it is not the web server's. */
const STOP_MS = 9600;

/**
 * Builds the rooms and joins them: the store and HTTP here, miners and pools in the worker behind the message boundary.
 * Rejects with the error of the part that could not start; what had started is closed again.
 */
export async function startApp(
  { log, clock, setLogLevel }: AppParts,
  { config, version, openFilesLimit, loadAgain }: AppOptions,
): Promise<App> {
  const startedAtMs = clock.wallMs();
  const undo: (() => Promise<void> | void)[] = [];
  let ownership: { release(): void } | null = null;
  try {
    const store = await openSqliteStore({ log, clock }, { path: config.db.path, catalogue: loadCatalogue() });
    undo.push(() => store.close());
    if (config.db.path !== ':memory:') {
      ownership = await takeOwnership(config.db.path);
      undo.push(ownership.release);
    }
    await store.closeIdleGap(LEAST_GAP_MS);

    let storedTokens = (await store.listTokens()).map(storedToken);
    const exposure = exposedWithoutToken(config);
    if (exposure !== null && storedTokens.length === 0) throw new SettingError(exposure);

    let identity = openIdentity(config, log, clock);
    undo.push(() => identity?.close());
    const trusted = Networks.parse(config.stratum.trustedProxies);
    if ('problem' in trusted) throw new SettingError(`stratum.trustedProxies: ${trusted.problem}`);

    const mix = new Mixes({ log }, { caches: config.ethashCaches });
    undo.push(() => mix.close());
    const [supervisorEnd, workerEnd] = localLink<ToWorker, ToSupervisor>();
    const events = new EventLog({ clock });
    undo.push(() => events.stop());
    const worker = new WorkerHandle({
      link: supervisorEnd,
      accounts: accountSource(store),
      log,
      onEvent: (occurrence) => events.add(occurrence),
    });
    startWorker(
      {
        link: workerEnd,
        clock,
        log,
        dialects: DIALECTS,
        secureContext: () => identity?.context ?? null,
        trustedProxies: trusted.networks,
        verifier: new ShareVerifier(algorithms, { slowPerSecond: config.verifyPerSecond }),
        mix,
      },
      proxySettings(config, version, openFilesLimit, log),
    );
    undo.push(() => worker.drain(0));

    let dialects = new Set<string>();
    const onPoolListChanged = async (): Promise<void> => {
      worker.setPoolList(await listedAddresses(store));
      dialects = new Set(await dialectsOfAccounts(store));
      worker.setDialectsInUse([...dialects]);
      worker.forgetAccounts();
    };
    const onAlgorithmsChanged = async (): Promise<void> => {
      worker.setAlgorithms(await store.listAlgorithms());
      await onPoolListChanged();
    };
    await onAlgorithmsChanged();

    worker.restoreBans(await keptBans(store));
    const address = parseListenAddress(config.stratum.addr);
    const stratum = await worker.listen(address.host, address.port);

    const listeners: StratumListener[] = [];
    for (const text of config.stratum.listeners) {
      const listener = parseListener(text);
      if (listener === null) continue;
      const { dialect } = listener.policy;
      if (dialect !== null && !DIALECTS.some(({ name }) => name === dialect)) {
        const known = DIALECTS.map(({ name }) => name).join(', ');
        throw new SettingError(`stratum.listeners: no dialect is called ${dialect}; there are ${known}`);
      }
      const bound = await worker.listen(listener.address.host, listener.address.port, listener.policy);
      const { difficulty, ...policy } = listener.policy;
      const { account, tls } = policy;
      listeners.push({ address: bound.host, port: bound.port, dialect, account, tls });
      log.info('further stratum port', { ...bound, ...policy, ...difficulty });
    }

    let isStopping = false;
    let known: { readonly atMs: number; readonly checks: readonly HealthCheck[] } | null = null;
    const checks = async (): Promise<readonly HealthCheck[]> => {
      const nowMs = clock.monotonicMs();
      if (known !== null && nowMs - known.atMs < CHECKS_KEPT_MS) return known.checks;
      const { facts } = await worker.report();
      const hasWork = facts.accountsInUse === 0 || facts.accountsWithJob > 0;
      const list = [
        await checkOf('store', () => store.check()),
        { name: 'stratum', ready: !isStopping, message: isStopping ? 'shutting down' : '' },
        {
          name: 'work',
          ready: hasWork,
          message: hasWork ? '' : 'miners are connected, but no pool gives any of them a job',
        },
      ];
      known = { atMs: nowMs, checks: list };
      return list;
    };

    let retention = retentionOf(config);
    const history = await HistoryRecorder.start(
      { store, collect: () => worker.collect(), clock, log },
      {
        writeMs: config.history.writeSeconds * 1000,
        get keepDays() {
          return retention;
        },
      },
    );
    undo.push(() => history.stop(LAST_WRITE_MS));

    const fleet = new Fleet({
      workers: [worker],
      clock,
      bans: banKeeping(store),
      withPast: (report) => history.withPast(report),
    });
    undo.push(() => fleet.stop());
    const server = new ServerProbe(
      { clock },
      {
        version,
        startedAtMs,
        stratum: { address: stratum.host, port: stratum.port },
        listeners,
        openFilesLimit,
        storeKind: 'sqlite',
      },
    );
    undo.push(() => server.stop());

    const reports = async () => [history.withPast(await worker.report())];
    const metrics = new MetricsExporter(
      {
        // What Prometheus has seen must not be less after the process was killed: it would take that for a reset, and count everything again.
        reports: async () => {
          const report = await worker.report();
          await history.persistTotals(report.totals, PERSIST_WITHIN_MS);
          return [history.withWritten(report)];
        },
        checks,
      },
      {
        ...metricsOptions(config),
        build: { version, startedAtMs },
        dataFolder: config.db.path === ':memory:' ? null : dirname(config.db.path),
      },
    );
    undo.push(() => metrics.stop());

    const note = (event: ProxyEvent): void => events.note(event);
    const registered = notedAccounts(
      accountsPort(store, (name) => worker.accountChanged(name)),
      note,
    );
    /** What the account's pools speak is in use from now on: a first line that may mean several things is read by it. */
    const noteDialects = async (name: string): Promise<void> => {
      try {
        const view = await registered.show(name);
        for (const { pool } of view === null ? [] : [view, ...view.backups]) {
          const endpoint = parseEndpoint(pool);
          const known = endpoint === null ? null : await store.resolvePool(endpoint);
          if (known !== null) dialects.add(known.dialect);
        }
        worker.setDialectsInUse([...dialects]);
      } catch (error) {
        // The account is registered: whoever asked is not to be told otherwise. Its first miner says what it speaks.
        log.warn('what the pools of an account speak is not known yet', {
          account: name,
          reason: String(error),
        });
      }
    };
    const accounts: AccountsPort = {
      ...registered,
      async register(registration) {
        const result = await registered.register(registration);
        if (result.kind === 'created') await noteDialects(result.name);
        return result;
      },
      async update(name, change) {
        const result = await registered.update(name, change);
        if (result.kind === 'updated') await noteDialects(name);
        return result;
      },
    };
    const poolTests = new PoolDiscovery({
      store,
      probe: (probe) => worker.probe(probe),
      dialects: DIALECTS.map(({ name }) => name),
    });
    const pools = notedPools(poolsPort(store, onPoolListChanged, poolTests), note);
    const audit = auditPort(store);
    const settings = new SettingsReload(
      {
        log,
        load: loadAgain,
        onReloaded: (keys) => note({ kind: 'settings-reloaded', ...keys }),
        async prepare(next) {
          const problems: string[] = [];
          const exposed = exposedWithoutToken(next);
          if (exposed !== null && storedTokens.length === 0) problems.push(exposed);
          let renewed: TlsIdentity | null = null;
          try {
            renewed = openIdentity(next, log, clock);
          } catch (error) {
            if (!(error instanceof TlsIdentityError)) throw error;
            problems.push(error.message);
          }
          if (problems.length > 0) {
            renewed?.close();
            return { problems };
          }
          return {
            apply() {
              identity?.close();
              identity = renewed;
              retention = retentionOf(next);
              setLogLevel(next.log.level);
              metrics.configure(metricsOptions(next));
              http.apply({
                tokens: configuredTokens(next),
                allowedHosts: next.web.allowedHosts,
                requestsPerMinute: next.web.rateLimitPerMinute,
              });
              worker.apply(proxySettings(next, version, openFilesLimit, log));
            },
          };
        },
      },
      config,
    );
    const onTokens = (tokens: readonly StoredToken[]): void => {
      storedTokens = [...tokens];
      http.setStoredTokens(tokens);
    };
    const http: HttpServer = createHttpServer(
      {
        accounts,
        pools,
        poolTests,
        algorithms: notedAlgorithms(
          algorithmsPort(store, onAlgorithmsChanged, { dialects: DIALECTS.map(({ name }) => name) }),
          note,
        ),
        health: {
          ready: async () => {
            const list = await checks();
            return { ready: list.every((check) => check.ready), checks: list };
          },
        },
        metrics,
        reports: { read: reports },
        fleet,
        events,
        server,
        history,
        faults: faultsPort,
        manage: {
          audit,
          settings,
          tokens: tokensPort({
            store,
            configured: () => configuredTokens(settings.config),
            isExposed: !isLoopback(parseListenAddress(config.web.addr)),
            nowMs: () => clock.wallMs(),
            onChange: onTokens,
          }),
          transfer: notedTransfer(
            transferPort(store, async () => {
              dialects = new Set(await dialectsOfAccounts(store));
              worker.setDialectsInUse([...dialects]);
            }),
            note,
          ),
        },
        log,
      },
      {
        ...parseListenAddress(config.web.addr),
        isExposed: !isLoopback(parseListenAddress(config.web.addr)),
        version,
        tokens: configuredTokens(config),
        allowedHosts: config.web.allowedHosts,
        limits: {
          bodyBytes: config.web.bodyBytes,
          requestsPerMinute: config.web.rateLimitPerMinute,
          streams: config.web.streams,
          closeMs: Math.min(DEFAULT_HTTP_LIMITS.closeMs, STOP_MS - config.shutdown.drainMs),
        },
      },
    );
    onTokens(storedTokens);
    const web = await http.listen();
    server.web = { address: web.host, port: web.port };
    undo.push(() => http.close());

    const keeping = new AccountKeeping({
      store,
      audit,
      clock,
      log,
      accountsSeen: () => worker.accountsSeen(),
      remove: (name) => registered.delete(name),
      expireAfterMs: () => parseDurationMs(settings.config.users.expireAfter) ?? 0,
    });
    const chores = new Chores({ clock, log }, [
      { name: 'accounts in use', everyMs: 60_000, run: () => keeping.run() },
      // The command line changes them in the data file, behind the back of a running proxy.
      {
        name: 'stored tokens',
        everyMs: 5000,
        run: async () => onTokens((await store.listTokens()).map(storedToken)),
      },
      {
        name: 'old audit entries',
        everyMs: 3_600_000,
        run: async () => {
          const { keepDays } = settings.config.audit;
          if (keepDays > 0) await store.dropAuditBefore(clock.wallMs() - keepDays * 86_400_000);
        },
      },
    ]);
    undo.push(() => chores.stop());

    return {
      stratum,
      web,
      accounts,
      pools,
      async reload(from) {
        try {
          const result = await settings.reload();
          if (result.kind === 'invalid') return;
          const { changed, needsRestart } = result;
          await audit.record({
            who: 'local',
            from,
            action: 'settings-reloaded',
            target: '',
            change: { changed, needsRestart },
          });
        } catch (error) {
          log.error('the configuration could not be read again', {
            reason: error instanceof Error ? error.message : String(error),
          });
        }
      },
      async stop() {
        isStopping = true;
        known = null;
        const chored = chores.stop();
        // Asked before the worker's last miner is gone.
        const noted = keeping.noteSeen(LAST_WRITE_MS).catch(() => undefined);
        await worker.drain(config.shutdown.drainMs);
        identity?.close();
        await Promise.all([
          history.stop(LAST_WRITE_MS),
          http.close(),
          within(LAST_WRITE_MS, Promise.all([chored, noted])),
        ]);
        metrics.stop();
        server.stop();
        fleet.stop();
        events.stop();
        await store.close();
        ownership?.release();
      },
    };
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}

/** For how many days steps of so many seconds are kept. */
function retentionOf({ history }: Config) {
  const { keepMinutesDays, keepTenMinutesDays, keepHoursDays } = history;
  return { 60: keepMinutesDays, 600: keepTenMinutesDays, 3600: keepHoursDays };
}

function configuredTokens({ web }: Config): readonly ApiToken[] {
  return web.tokens.map(parseApiToken).filter((token) => token !== null);
}

function metricsOptions({ metrics, stratum }: Config): { readonly tag: string; readonly maxWorkers: number } {
  return { tag: metrics.tag === '' ? stratum.addr : metrics.tag, maxWorkers: metrics.maxWorkers };
}

/** How often the files of the certificate are looked at. */
const CERTIFICATE_EVERY_MS = 10_000;
/** A certificate that ends within this is warned of. */
const CERTIFICATE_ENDS_MS = 14 * 86_400_000;

/** What miners are answered with by TLS: the operator's certificate, or one of our own beside the data file. Throws `TlsIdentityError`. */
function openIdentity(config: Config, log: Log, clock: Clock): TlsIdentity | null {
  const { mode, cert, key } = config.tls;
  // A demonstration leaves nothing on the disk, and so has no certificate.
  if (mode === 'off' || (cert === '' && config.db.path === ':memory:')) return null;
  const file = `${config.db.path}.tls.pem`;
  if (cert === '') {
    const isNew = keepSelfSigned(file, { names: ['stratum-proxy'], now: new Date(clock.wallMs()) });
    if (isNew) log.info('self-signed certificate made for miners that connect by TLS', { file });
  }
  const certificateFile = cert === '' ? file : cert;
  const identity = new TlsIdentity({ certificateFile, keyFile: key === '' ? certificateFile : key });
  const endsInMs = identity.validTo.getTime() - clock.wallMs();
  if (endsInMs < CERTIFICATE_ENDS_MS)
    log.warn('the certificate for miners ends soon; renew it', {
      file: certificateFile,
      validTo: identity.validTo.toISOString(),
    });
  identity.watch(
    {
      onReloaded: () => log.info('certificate for miners read again', { fingerprint: identity.fingerprint }),
      onFault: (error) =>
        log.error('certificate for miners cannot be read again; the one of before stays', {
          reason: error.message,
        }),
    },
    CERTIFICATE_EVERY_MS,
  );
  return identity;
}

/** A check that has not passed within {@link CHECK_MS} fails: whoever asks is waiting for the answer. */
async function checkOf(name: string, check: () => Promise<void>): Promise<HealthCheck> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const why = `no answer within ${CHECK_MS} ms: another process may hold it locked, or the disk is too slow`;
  const timer = setTimeout(() => reject(new Error(why)), CHECK_MS);
  try {
    await Promise.race([check(), late]);
    return { name, ready: true, message: '' };
  } catch (error) {
    return { name, ready: false, message: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** The settings of the proxy room: the configuration with what depends on the machine filled in. */
function proxySettings(
  config: Config,
  version: string,
  openFilesLimit: number | null,
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
