import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { isatty } from 'node:tty';
import type { App } from './app.ts';
import { exposedWithoutToken } from './config/check.ts';
import { TOKEN_VERBS } from './config/commands.ts';
import { TOKEN_VARIABLE } from './config/environment.ts';
import { renderHelp } from './config/help.ts';
import { type Loaded, loadConfig } from './config/load.ts';
import type { Config } from './config/schema.ts';
import { SettingError } from './config/setting-error.ts';
import { renderEffective } from './config/yaml.ts';
import { formatEndpoint, parseEndpoint } from './domain/endpoint.ts';
import { parsePoolPattern } from './domain/pool-pattern.ts';
import { WorkerListenError } from './fleet/worker-handle.ts';
import { createToken, hashToken, TOKEN_SCOPES } from './http/auth.ts';
import { ListenError } from './http/errors.ts';
import { systemClock } from './kit/clock.ts';
import { createLog, type ProcessLog } from './kit/pino-log.ts';
import { PACKAGE_ROOT } from './kit/place.ts';
import { TlsIdentityError } from './net/tls-identity.ts';
import { startDemo } from './practice/demo.ts';
import { StoreError } from './store/store-error.ts';

/** Exit codes, documented in docs/errors.md. */
const EXIT = { ok: 0, fault: 1, usage: 2, store: 3, listen: 4, partly: 5, interrupted: 130 } as const;

const DEMO_TABLE_MS = 5000;

async function main(): Promise<void> {
  const loaded = load();
  if (loaded.kind === 'invalid') {
    process.stderr.write(`${loaded.problems.join('\n')}\n`);
    process.stderr.write('Nothing was started. "stratum-proxy --help" lists every setting.\n');
    process.exitCode = EXIT.usage;
    return;
  }
  switch (loaded.command) {
    case 'help':
      process.stdout.write(`${renderHelp(process.stdout.columns ?? 80)}\n`);
      return;
    case 'version':
      process.stdout.write(`stratum-proxy ${version()}\n`);
      return;
    case 'check':
      process.stdout.write('The configuration is valid.\n');
      noteExposure(loaded.config);
      return;
    case 'config':
      process.stdout.write(renderEffective(loaded.config, loaded.sources));
      return;
    case 'token':
    case 'backup':
    case 'export':
    case 'move':
    case 'import':
      await runOnData(loaded);
      return;
    case 'top':
      await top(loaded);
      return;
    case 'import-seed':
      await importSeed(loaded);
      return;
    case 'health':
      await reportHealth(loaded.config.web.addr);
      return;
    case 'demo':
    case 'run':
      await run(loaded);
      return;
  }
}

/** Commands on the data file: a result is all that they write to standard output. */
async function runOnData({ command, config, rest, options }: Loaded): Promise<void> {
  const [first] = rest;
  if (command === 'token' && !TOKEN_VERBS.has(first ?? '')) {
    printToken(first ?? 'admin');
    return;
  }
  const commands = await import('./commands/data-file.ts');
  const output = {
    out: (text: string) =>
      new Promise<void>((resolve, reject) => {
        process.stdout.write(text, (error) => (error == null ? resolve() : reject(error)));
      }),
    err: (text: string) => {
      process.stderr.write(text);
    },
  };
  const { path } = config.db;
  try {
    if (command === 'backup') {
      const { backupCommand } = await import('./commands/backup.ts');
      await backupCommand(path, first, { force: options.has('force') }, output);
    } else if (command === 'move') {
      const { moveCommand } = await import('./commands/move.ts');
      const moveOptions = { user: options.get('user') ?? null, dryRun: options.has('dry-run') };
      if (!(await moveCommand(path, rest, moveOptions, output))) process.exitCode = EXIT.partly;
    } else if (command === 'token') await commands.tokenCommand(path, rest, output);
    else if (command === 'export')
      await commands.exportCommand(path, { withPasswords: options.has('with-passwords') }, output);
    else if (!(await commands.importCommand(path, first ?? '-', output))) process.exitCode = EXIT.partly;
  } catch (error) {
    if (error instanceof commands.CommandError) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = EXIT.usage;
    } else reportFailure(error);
  }
}

/** The configuration as it stands in all of its sources now. */
function load(): ReturnType<typeof loadConfig> {
  return loadConfig({
    argv: process.argv.slice(2),
    env: process.env,
    readTextFile: (path) => readFileSync(path, 'utf8'),
  });
}

async function run({ config, command, sources }: Loaded): Promise<void> {
  const isTty = isatty(1);
  const log = createLog({ ...config.log, syslog: config.syslog }, { fd: 1, isTty });
  process.on('uncaughtException', (error) => {
    log.error('unexpected fault, the program ends', { stack: error.stack });
    log.flush();
    process.exit(EXIT.fault);
  });
  // Heard from the first moment. A hang-up would end the process by itself, and a service manager may ask for a reload of what has only just been started; the first process of a container
  // would not hear the others at all.
  let onHangUp: ((signal: NodeJS.Signals) => void) | null = null;
  let hungUp: NodeJS.Signals | null = null;
  process.on('SIGHUP', (signal) => {
    if (onHangUp === null) hungUp = signal;
    else onHangUp(signal);
  });
  // Whoever ends it while it starts loses nothing: no miner has been heard yet.
  let onEnd: (signal: NodeJS.Signals) => void = (signal) => {
    log.info('ended while starting', { signal });
    log.flush();
    process.exit(EXIT.ok);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onEnd(signal));
  // The demo's accounts have no place in the data file of a real proxy.
  const isInMemory = command === 'demo' && sources.get('db.path') === 'default';
  const used = isInMemory ? { ...config, db: { path: ':memory:' } } : config;
  // Loaded only now: help, checks and refused settings need none of it, and it is most of the time that they would take.
  const { startApp } = await import('./app.ts');
  let app: App;
  try {
    app = await startApp(
      { log, clock: systemClock, setLogLevel: (level) => log.setLevel(level) },
      {
        config: used,
        version: version(),
        openFilesLimit: openFilesLimit(),
        loadAgain: () => {
          const loaded = load();
          if (loaded.kind === 'invalid') return loaded;
          return { kind: 'ok', config: isInMemory ? { ...loaded.config, db: used.db } : loaded.config };
        },
      },
    );
  } catch (error) {
    reportFailure(error);
    return;
  }
  const demo = command === 'demo' ? await joinDemo(app) : null;

  let isStopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (isStopping) process.exit(EXIT.interrupted);
    isStopping = true;
    log.info('shutting down; a second signal ends at once', { signal });
    await demo?.stop();
    await app.stop();
    log.info('stopped');
    log.flush();
    process.exit(EXIT.ok);
  };
  onEnd = (signal) => void stop(signal);
  onHangUp = (signal) => {
    // The terminal was closed. Without one it is what a service manager sends to have the configuration read again, and
    // that must not end a farm's mining.
    if (isTty) void stop(signal);
    else void app.reload('signal');
  };
  // Only now: whoever is told that it has started may end it with the next word.
  announce(app, used.db.path, demo !== null, log);
  if (hungUp !== null) onHangUp(hungUp);
}

/** The table of miners of a running proxy, over its API. */
async function top({ options: flags, config }: Loaded): Promise<void> {
  const [{ readTopOptions }, { runTop }, { ApiClientError }] = await Promise.all([
    import('./top/options.ts'),
    import('./top/run-top.ts'),
    import('./top/api-client.ts'),
  ]);
  const options = readTopOptions({
    flags,
    webAddress: config.web.addr,
    envToken: process.env[TOKEN_VARIABLE],
    readTextFile: (path) => readFileSync(path, 'utf8'),
  });
  if (!('url' in options)) {
    process.stderr.write(`${options.join('\n')}\n`);
    process.exitCode = EXIT.usage;
    return;
  }
  const { stdin, stdout, env, platform } = process;
  try {
    await runTop(options, { stdin, stdout, env, platform });
  } catch (error) {
    if (!(error instanceof ApiClientError)) throw error;
    process.stderr.write(`stratum-proxy: ${error.message}\n`);
    process.exitCode = EXIT.fault;
  }
}

/** Copies accounts and pools of the original program and says what became of each. */
async function importSeed({ rest: [from], config }: Loaded): Promise<void> {
  if (from === undefined) {
    process.stderr.write(
      'import-seed: name the data file of the original program, as in "stratum-proxy import-seed old/proxy.db"\n',
    );
    process.exitCode = EXIT.usage;
    return;
  }
  try {
    const { importSeedData } = await import('./commands/import-seed.ts');
    const { text, isComplete } = await importSeedData(from, config.db.path);
    process.stdout.write(text);
    if (!isComplete) process.exitCode = EXIT.partly;
  } catch (error) {
    reportFailure(error);
  }
}

async function reportHealth(webAddress: string): Promise<void> {
  const { probeHealth } = await import('./commands/health.ts');
  const { isAlive, text } = await probeHealth(webAddress);
  (isAlive ? process.stdout : process.stderr).write(`${text}\n`);
  if (!isAlive) process.exitCode = EXIT.fault;
}

/** Says where everything is and what to do next: on a terminal in plain words, else as one line of the log. */
function announce(app: App, dataFile: string, isDemo: boolean, log: ProcessLog): void {
  const api = `http://${formatEndpoint(reachable(app.web))}`;
  const stratum = formatEndpoint(app.stratum);
  const register = `curl -XPOST ${api}/api/v1/users -d '{"pool":"HOST:PORT","user":"USER","password":"PASSWORD"}'`;
  const miner = `-o stratum+tcp://${formatEndpoint(reachable(app.stratum))} -u NAME -p x`;
  if (!isatty(1)) {
    log.info('started', { version: version(), stratum, web: api, data: dataFile, register, miner });
    return;
  }
  const lines = [
    `stratum-proxy ${version()}`,
    `  miners connect to   ${stratum}`,
    `  dashboard           ${api}/`,
    `  REST API, metrics   ${api}/api/v1, ${api}/metrics`,
    `  data file           ${dataFile === ':memory:' ? 'none, kept in memory' : resolve(dataFile)}`,
    ...(isDemo
      ? [
          '',
          'The practice pools and miners are at work; watch the shares come in on the dashboard, or',
          `  curl ${api}/metrics | grep ^proxy_worker`,
        ]
      : [
          '',
          'Next: register a pool account, then point a miner at the name that comes back',
          `  ${register}`,
          `  ${miner}`,
        ]),
  ];
  process.stdout.write(`${lines.join('\n')}\n\n`);
}

/** Practice pools and CPU miners beside the proxy, registered as an operator would, with a table every few seconds. */
async function joinDemo(app: App): Promise<{ stop(): Promise<void> }> {
  const demo = await startDemo(
    {
      async addPool(endpoint, algorithm) {
        const pattern = parsePoolPattern(endpoint);
        if (pattern === null) throw new Error(`no pool address: ${endpoint}`);
        const result = await app.pools.add({ pattern, algorithm, tls: false, label: 'practice pool' });
        if (result.kind !== 'created' && result.kind !== 'existing')
          throw new Error(`pool ${endpoint}: ${result.kind}`);
      },
      async registerAccount(pool, user, password) {
        const endpoint = parseEndpoint(pool);
        if (endpoint === null) throw new Error(`no pool address: ${pool}`);
        const result = await app.accounts.register({ endpoint, user, password });
        if (result.kind !== 'created' && result.kind !== 'existing')
          throw new Error(`account at ${pool}: ${result.kind}`);
        return result.name;
      },
    },
    { stratum: reachable(app.stratum) },
  );
  const table = setInterval(() => process.stdout.write(`\n${demo.renderStatus()}\n`), DEMO_TABLE_MS);
  return {
    async stop() {
      clearInterval(table);
      await demo.stop();
    },
  };
}

/** One line on standard error for what an operator can mend; the whole fault for what only we can. */
function reportFailure(error: unknown): void {
  if (error instanceof StoreError) {
    process.exitCode = EXIT.store;
  } else if (error instanceof WorkerListenError || error instanceof ListenError) {
    process.exitCode = EXIT.listen;
  } else if (error instanceof SettingError || error instanceof TlsIdentityError) {
    process.exitCode = EXIT.usage;
  } else {
    process.exitCode = EXIT.fault;
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return;
  }
  process.stderr.write(`stratum-proxy: ${error.message}\n`);
}

/** Whether a start would be refused for it depends on the data file. */
function noteExposure(config: Config): void {
  const exposure = exposedWithoutToken(config);
  if (exposure !== null) process.stdout.write(`Unless the data file has a token: ${exposure}\n`);
}

function printToken(scope: string): void {
  const known = TOKEN_SCOPES.find((candidate) => candidate === scope);
  if (known === undefined) {
    process.stderr.write(`token: unknown scope ${JSON.stringify(scope)}; use ${TOKEN_SCOPES.join(', ')}\n`);
    process.exitCode = EXIT.usage;
    return;
  }
  const token = createToken();
  process.stdout.write(
    `Token, shown only now:\n  ${token}\nEntry of web.tokens:\n  ${known}:${hashToken(token)}\n`,
  );
}

/** An address of this machine under which a listener on all interfaces can be reached. */
function reachable({ host, port }: { readonly host: string; readonly port: number }): {
  host: string;
  port: number;
} {
  return { host: host === '::' || host === '0.0.0.0' ? '127.0.0.1' : host, port };
}

function version(): string {
  const { version: text } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return text;
}

/** The soft limit of open files on Linux; null elsewhere. */
function openFilesLimit(): number | null {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return match === null ? null : Number(match[1]);
  } catch {
    return null;
  }
}

void main();
