import { dirname } from 'node:path';
import { Mixes } from './algorithms/ethash/mixes.ts';
import { algorithms } from './algorithms/index.ts';
import { parseDurationMs } from './config/duration.ts';
import { parseListenAddress } from './config/listen-address.ts';
import type { Config } from './config/schema.ts';
import { SettingError } from './config/setting-error.ts';
import type { ProxyEvent } from './domain/event.ts';
import { Fleet } from './fleet/fleet.ts';
import { localLink } from './fleet/link.ts';
import type { ToSupervisor, ToWorker } from './fleet/messages.ts';
import { startWorker } from './fleet/worker.ts';
import { WorkerHandle } from './fleet/worker-handle.ts';
import { HistoryRecorder } from './history/recorder.ts';
import type { AccountsPort } from './http/ports/accounts.ts';
import type { PoolsPort } from './http/ports/pools.ts';
import { createHttpServer, type HttpServer } from './http/server.ts';
import { Chores } from './kit/chores.ts';
import type { Clock } from './kit/clock.ts';
import type { Log } from './kit/log.ts';
import { within } from './kit/within.ts';
import { MetricsExporter } from './metrics/exporter.ts';
import { ShareVerifier } from './proxy/share-verifier.ts';
import { loadCatalogue } from './store/catalogue.ts';
import { openSqliteStore } from './store/sqlite/open.ts';
import { takeOwnership } from './store/sqlite/owner-lock.ts';
import { AccountKeeping, LEAST_GAP_MS } from './supervisor/account-keeping.ts';
import { accountSource } from './supervisor/account-source.ts';
import { accountsPort } from './supervisor/accounts-port.ts';
import { algorithmsPort } from './supervisor/algorithms-port.ts';
import { auditPort } from './supervisor/audit-port.ts';
import { banKeeping, keptBans } from './supervisor/ban-keeping.ts';
import { choreList } from './supervisor/chore-list.ts';
import { openFurtherPorts } from './supervisor/further-ports.ts';
import { KeptEvents } from './supervisor/kept-events.ts';
import { MinerCertificate } from './supervisor/miner-certificate.ts';
import {
  notedAccounts,
  notedAlgorithms,
  notedMoves,
  notedPools,
  notedTransfer,
  noteMoved,
} from './supervisor/noted-ports.ts';
import { COMMAND_LINE, OutsideMoves } from './supervisor/outside-moves.ts';
import { PoolDiscovery } from './supervisor/pool-discovery.ts';
import { poolMoves } from './supervisor/pool-moves.ts';
import { poolsPort } from './supervisor/pools-port.ts';
import { Readiness } from './supervisor/readiness.ts';
import * as options from './supervisor/room-options.ts';
import { ServerProbe } from './supervisor/server-probe.ts';
import { type LoadAgain, reloadFromHere, SettingsReload } from './supervisor/settings-reload.ts';
import { faultsPort } from './supervisor/store-faults.ts';
import { StoreWatch } from './supervisor/store-watch.ts';
import { StoredTokens } from './supervisor/stored-tokens.ts';
import { tokensPort } from './supervisor/tokens-port.ts';
import { transferPort } from './supervisor/transfer-port.ts';
import { WorkerLists } from './supervisor/worker-lists.ts';
import { DIALECTS } from './wire/dialects/index.ts';

export interface AppParts {
  readonly log: Log;
  readonly clock: Clock;
  /** Lines that are less important are not written from now on. */
  setLogLevel(level: Config['log']['level']): void;
}

export interface AppOptions extends options.Surroundings {
  readonly config: Config;
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

/** For how long a scrape waits for a store that is locked. */
const PERSIST_WITHIN_MS = 250;
/** The counters' last way to the disk, which is short unless another process holds the store locked. */
const LAST_WRITE_MS = 700;

/**
 * Builds the rooms and joins them: the store and HTTP here, miners and pools in the worker behind the message boundary.
 * Rejects with the error of the part that could not start; what had started is closed again.
 */
export async function startApp(
  { log, clock, setLogLevel }: AppParts,
  { config, version, openFilesLimit, loadAgain }: AppOptions,
): Promise<App> {
  const surroundings = { version, openFilesLimit };
  const build = { version, startedAtMs: clock.wallMs() };
  const dialects = DIALECTS.map(({ name }) => name);
  const dataFile = config.db.path === ':memory:' ? null : config.db.path;
  const undo: (() => Promise<void> | void)[] = [];
  try {
    let watching: StoreWatch | null = null;
    const store = await openSqliteStore(
      { log, clock, onFault: (fault) => watching?.heard(fault) },
      { path: config.db.path, catalogue: loadCatalogue() },
    );
    undo.push(() => store.close());
    const ownership = dataFile === null ? null : await takeOwnership(dataFile);
    undo.push(() => ownership?.release());
    await store.closeIdleGap(LEAST_GAP_MS);

    const storedTokens = new StoredTokens({ store, clock });
    await storedTokens.read();
    const exposure = storedTokens.problemWith(config);
    if (exposure !== null) throw new SettingError(exposure);

    const certificate = new MinerCertificate({ log, clock }, config);
    undo.push(() => certificate.close());
    const trustedProxies = options.trustedProxies(config);
    const mix = new Mixes({ log }, { caches: config.ethashCaches });
    undo.push(() => mix.close());

    let eventsKept = options.eventsKept(config);
    const events = await KeptEvents.start({ store, clock, log }, () => eventsKept);
    undo.push(() => events.stop(LAST_WRITE_MS));
    const note = (event: ProxyEvent): void => events.note(event);
    const storeWatch = new StoreWatch({ store, clock, log, note });
    watching = storeWatch;
    const [link, workerEnd] = localLink<ToWorker, ToSupervisor>();
    const worker = new WorkerHandle({
      link,
      accounts: accountSource(store),
      log,
      onEvent: events.add,
    });
    startWorker(
      {
        link: workerEnd,
        clock,
        log,
        dialects: DIALECTS,
        secureContext: () => certificate.context,
        trustedProxies,
        verifier: new ShareVerifier(algorithms, { slowPerSecond: config.verifyPerSecond }),
        mix,
      },
      options.proxySettings(config, surroundings, log),
    );
    undo.push(() => worker.drain(0));
    const lists = new WorkerLists({ store, worker, log });
    await lists.onAlgorithmsChanged();

    worker.restoreBans(await keptBans(store));
    const address = parseListenAddress(config.stratum.addr);
    const stratum = await worker.listen(address.host, address.port);
    const listeners = await openFurtherPorts({ worker, log, dialects }, config.stratum.listeners);

    const readiness = new Readiness({ store: storeWatch, worker, clock });
    let keepDays = options.retentionOf(config);
    const history = await HistoryRecorder.start(
      { store, collect: () => worker.collect(), clock, log },
      {
        writeMs: config.history.writeSeconds * 1000,
        get keepDays() {
          return keepDays;
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
        ...build,
        stratum: { address: stratum.host, port: stratum.port },
        listeners,
        openFilesLimit,
        storeKind: 'sqlite',
      },
    );
    undo.push(() => server.stop());
    const metrics = new MetricsExporter(
      {
        // What Prometheus has seen must not be less after the process was killed: it would take that for a reset, and count everything again.
        reports: async () => {
          const report = await worker.report();
          await history.persistTotals(report.totals, PERSIST_WITHIN_MS);
          return [history.withWritten(report)];
        },
        checks: () => readiness.checks(),
        lastReload: () => settings.lastReload,
      },
      {
        ...options.metricsOptions(config),
        build,
        dataFolder: dataFile === null ? null : dirname(dataFile),
      },
    );
    undo.push(() => metrics.stop());

    const accounts = lists.follow(
      notedAccounts(
        accountsPort(store, (name) => worker.accountChanged(name)),
        note,
      ),
    );
    const poolTests = new PoolDiscovery({ store, probe: (probe) => worker.probe(probe), dialects });
    const pools = notedPools(
      poolsPort(store, () => lists.onPoolsChanged(), poolTests),
      note,
    );
    const audit = auditPort(store);
    const settings: SettingsReload = new SettingsReload(
      {
        log,
        clock,
        load: loadAgain,
        prepare: (next) => [storedTokens.prepare(next, settings.config), certificate.prepare(next)],
        apply(next) {
          keepDays = options.retentionOf(next);
          eventsKept = options.eventsKept(next);
          setLogLevel(next.log.level);
          metrics.configure(options.metricsOptions(next));
          http.apply(options.liveHttpOptions(next));
          worker.apply(options.proxySettings(next, surroundings, log));
        },
        onReloaded: (keys) => note({ kind: 'settings-reloaded', ...keys }),
        onRefused: (problems) => note({ kind: 'settings-refused', problems }),
      },
      config,
    );
    const http: HttpServer = createHttpServer(
      {
        accounts,
        pools,
        poolTests,
        algorithms: notedAlgorithms(
          algorithmsPort(store, () => lists.onAlgorithmsChanged(), { dialects }),
          note,
        ),
        health: readiness,
        metrics,
        reports: { read: async () => [history.withPast(await worker.report())] },
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
            configured: () => options.configuredTokens(settings.config),
            isExposed: options.isApiExposed(config),
            nowMs: () => clock.wallMs(),
            onChange: (tokens) => storedTokens.set(tokens),
          }),
          moves: notedMoves(
            poolMoves(store, {
              onMoved: (names) => {
                for (const name of names) worker.accountChanged(name);
              },
              onDone: () => lists.onAccountsImported(),
            }),
            note,
          ),
          transfer: notedTransfer(
            transferPort(store, () => lists.onAccountsImported()),
            note,
          ),
        },
        log,
      },
      options.httpOptions(config, version),
    );
    storedTokens.tell((tokens) => http.setStoredTokens(tokens));
    const web = await http.listen();
    server.web = { address: web.host, port: web.port };
    undo.push(() => http.close());

    const keeping = new AccountKeeping({
      store,
      audit,
      clock,
      log,
      accountsSeen: () => worker.accountsSeen(),
      remove: (name) => accounts.delete(name, 'proxy'),
      expireAfterMs: () => parseDurationMs(settings.config.users.expireAfter) ?? 0,
    });
    const outsideMoves = new OutsideMoves({
      store,
      onMoved: async (named) => {
        noteMoved(named, COMMAND_LINE, note);
        await lists.onAccountsImported();
        worker.forgetAccounts();
      },
    });
    await outsideMoves.look();
    const chores = new Chores(
      { clock, log },
      choreList(
        { keeping, storedTokens, outsideMoves, readiness, events, store, clock },
        () => settings.config,
      ),
    );
    undo.push(() => chores.stop());
    note({ kind: 'proxy-started', version, lastEnd: events.lastEnd });
    void events.write();

    return {
      stratum,
      web,
      accounts,
      pools,
      reload: (from) => reloadFromHere({ settings, audit, log }, from),
      async stop() {
        readiness.onStopping();
        storeWatch.close();
        const chored = chores.stop();
        // Asked before the worker's last miner is gone.
        const noted = keeping.noteSeen(LAST_WRITE_MS).catch(() => undefined);
        await worker.drain(config.shutdown.drainMs);
        certificate.close();
        note({ kind: 'proxy-stopped', version });
        await Promise.all([
          history.stop(LAST_WRITE_MS),
          events.stop(LAST_WRITE_MS),
          http.close(),
          within(LAST_WRITE_MS, Promise.all([chored, noted])),
        ]);
        metrics.stop();
        server.stop();
        fleet.stop();
        await store.close();
        ownership?.release();
      },
    };
  } catch (error) {
    for (const step of undo.toReversed()) await step();
    throw error;
  }
}
