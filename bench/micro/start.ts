/**
 * What a start costs until the API answers, of the sources as `npm start` runs them and of the bundle that is published; both in turn, so that a disturbance
 * of the machine hits both. Run it with `node bench/micro/start.ts`. Needs Linux (`/proc`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildProgram } from '../../scripts/build-program.ts';
import { median } from '../statistics.ts';

const ROUNDS = 9;
const GIVE_UP_MS = 60_000;
/** Linux counts processor time in hundredths of a second. */
const MS_PER_TICK = 10;

interface Start {
  readonly tookMs: number;
  /** Processor time of all threads. */
  readonly cpuMs: number;
  readonly rssMb: number;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const bundle = join(root, 'node_modules/.cache', `start-${process.pid}`);
const place = mkdtempSync(join(tmpdir(), 'stratum-proxy-start-'));
try {
  await buildProgram(bundle);
  const files = { sources: join(root, 'src/main.ts'), bundle: join(bundle, 'main.js') };
  const starts: Record<keyof typeof files, Start[]> = { sources: [], bundle: [] };
  // The first round fills the caches of the file system and is left out.
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const name of ['sources', 'bundle'] as const) {
      const start = await measure(files[name], join(place, `${name}-${round}.db`));
      if (round > 0) starts[name].push(start);
    }
  for (const [name, all] of Object.entries(starts)) {
    const of = (pick: (start: Start) => number): string => median(all.map(pick)).toFixed(0).padStart(5);
    const figures = `${of((one) => one.tookMs)} ms until the API answers, ${of((one) => one.cpuMs)} ms of CPU, ${of((one) => one.rssMb)} MB`;
    process.stdout.write(`${name.padEnd(8)} ${figures}\n`);
  }
} finally {
  rmSync(bundle, { recursive: true, force: true });
  rmSync(place, { recursive: true, force: true });
}

async function measure(file: string, dataFile: string): Promise<Start> {
  const port = await freePort();
  const web = `127.0.0.1:${port}`;
  const flags = ['--db.path', dataFile, '--stratum.addr', '127.0.0.1:0', '--web.addr', web];
  const begunMs = performance.now();
  const child = spawn(process.execPath, ['--max-semi-space-size=8', file, ...flags], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    while (!(await isAnswered(web))) {
      if (child.exitCode !== null || performance.now() - begunMs > GIVE_UP_MS)
        throw new Error(`${file} does not answer on ${web}; start it by hand to see why`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return { tookMs: performance.now() - begunMs, ...used(child) };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}

function isAnswered(web: string): Promise<boolean> {
  return fetch(`http://${web}/api/v1/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function used({ pid }: ChildProcess): Pick<Start, 'cpuMs' | 'rssMb'> {
  // The name, in parentheses, may have spaces; user and system time are the 14th and 15th field.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK,
    rssMb: Number(rss?.[1] ?? 0) / 1024,
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port of this machine is free');
  return address.port;
}
