import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ALGORITHM_OF } from '../dialects.ts';
import {
  accepts,
  freePort,
  type TargetEnvironment,
  type TargetKind,
  type TargetName,
  untilReady,
} from './target.ts';

/** For the probes that tell whether it is ready. */
const SPARE_CONNECTIONS = 100;

interface Registered {
  readonly name?: unknown;
  readonly error?: unknown;
}

interface BackupField {
  readonly pool: string;
  readonly user: string;
  readonly password: string;
}

/** How the program under test is to serve its accounts. */
interface ProxyVariant {
  readonly name: TargetName;
  readonly label: string;
  readonly mode: 'dedicated' | 'shared';
  readonly verify: 'never' | 'auto';
}

/** A pool connection per miner, the pool judges. */
export const proxy = proxyTarget({ name: 'proxy', label: 'dedicated', mode: 'dedicated', verify: 'auto' });
/** Many miners per pool connection, nothing hashed. */
export const shared = proxyTarget({
  name: 'shared',
  label: 'shared, no hashing',
  mode: 'shared',
  verify: 'never',
});
/** The same with every share hashed here. */
export const verified = proxyTarget({
  name: 'verified',
  label: 'shared, verified',
  mode: 'shared',
  verify: 'auto',
});

/** This project's program, started and fed through its REST API as an operator would. */
function proxyTarget(variant: ProxyVariant): TargetKind {
  const kind: TargetKind = {
    name: variant.name,
    label: variant.label,
    filesPerMiner: variant.mode === 'dedicated' ? 2 : 1,
    unavailable: ({ entry }) => (existsSync(entry) ? null : `${fileURLToPath(entry)} is not there`),
    start: async (environment, { poolPort, dialect, connections, cpus }) => {
      const port = await freePort();
      const webPort = await freePort();
      const child = environment.children.start({
        name: 'proxy',
        program: process.execPath,
        arguments: commandLine(environment, { port, webPort, connections }, variant),
        cpus,
      });
      const api = `http://127.0.0.1:${webPort}/api/v1`;
      await untilReady(child, 'the proxy', async () => (await isReady(api)) && (await accepts(port)));
      const pool = `127.0.0.1:${poolPort}`;
      const register = (pool: string): Promise<Registered> =>
        post(`${api}/pools`, { pool, algorithm: ALGORITHM_OF[dialect], dialect });
      await register(pool);
      let enrolled = 0;
      const backupsAt = async (port: number | null): Promise<readonly BackupField[]> => {
        if (port === null) return [];
        const backup = `127.0.0.1:${port}`;
        await register(backup);
        return [{ pool: backup, user: 'backup', password: 'x' }];
      };
      return {
        kind,
        host: '127.0.0.1',
        port,
        pid: child.pid,
        metricsUrl: `http://127.0.0.1:${webPort}/metrics`,
        enrol: async (count, backupPoolPort) => {
          const backups = await backupsAt(backupPoolPort);
          const names: string[] = [];
          for (let i = 0; i < count; i++) {
            enrolled++;
            const { name } = await post(`${api}/users`, {
              pool,
              user: `bench${enrolled}`,
              password: 'x',
              mode: variant.mode,
              ...(backups.length > 0 ? { backups } : {}),
            });
            if (typeof name !== 'string' || name === '')
              throw new Error('the proxy registered an account without a name');
            names.push(name);
          }
          return names;
        },
        stop: () => child.stop(),
      };
    },
  };
  return kind;
}

function commandLine(
  environment: TargetEnvironment,
  { port, webPort, connections }: { port: number; webPort: number; connections: number },
  variant: ProxyVariant,
): readonly string[] {
  return [
    // As `npm start` does.
    '--max-semi-space-size=8',
    fileURLToPath(environment.entry),
    '--stratum.addr',
    `127.0.0.1:${port}`,
    '--web.addr',
    `127.0.0.1:${webPort}`,
    '--db.path',
    join(environment.directory, `proxy-${port}.db`),
    '--log.level',
    'warn',
    '--verify',
    variant.verify,
    // By itself it allows for two files per miner, more than those that share a connection to the pool take.
    '--limits.connections',
    String(connections + SPARE_CONNECTIONS),
    ...environment.proxyArguments,
  ];
}

async function isReady(api: string): Promise<boolean> {
  try {
    const response = await fetch(`${api}/ready`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function post(url: string, body: unknown): Promise<Registered> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url} was answered ${response.status}: ${text}`);
  return JSON.parse(text) as Registered;
}
