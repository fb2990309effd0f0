import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtProgram } from '../../scripts/built-program.ts';
import { type Endpoint, parseEndpoint } from '../../src/domain/endpoint.ts';
import { Figures } from './figures.ts';
import { until } from './until.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The program's main file, as it is published. */
export const MAIN = await builtProgram();
const TURNABLE_CLOCK = fileURLToPath(new URL('turnable-clock.ts', import.meta.url));
/** Ports that are free, on the loopback address. */
export const FREE_PORTS = ['--stratum.addr', '127.0.0.1:0', '--web.addr', '127.0.0.1:0'] as const;

/** As in the package's `start`. */
const NODE_FLAGS = ['--max-semi-space-size=8'];
const START_MS = 60_000;

/** As the package says. */
export const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string;
};

/** A line of the log, as parsed. */
export type LogLine = { readonly msg: string } & { readonly [field: string]: unknown };

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An answer of the API with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown;
}

export interface LaunchOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Words before the program's file, for Node. */
  readonly nodeFlags?: readonly string[];
  /** What Node runs; default: the program as it is published. */
  readonly file?: string;
  /** Another program than this Node; its words are the arguments alone. */
  readonly executable?: string;
  /** With a pipe for what it reads. */
  readonly hasInput?: boolean;
  /** With a channel for messages. */
  readonly hasChannel?: boolean;
  /** The limit of open files it runs under; default: that of the tests. */
  readonly openFiles?: number;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process of ours with everything it writes. Whatever happens, it does not outlive the test process. */
export class Launched implements AsyncDisposable {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly ended: Promise<Exit>;
  hasEnded = false;

  constructor(args: readonly string[], options: LaunchOptions = {}) {
    const { executable = process.execPath, nodeFlags = NODE_FLAGS, file = MAIN } = options;
    const words = options.executable === undefined ? [...nodeFlags, file, ...args] : args;
    const { openFiles = null } = options;
    const limited = ['-c', `ulimit -n ${openFiles ?? ''} && exec "$0" "$@"`, executable, ...words];
    this.child = spawn(openFiles === null ? executable : 'sh', openFiles === null ? words : limited, {
      cwd: options.cwd ?? ROOT,
      env: { ...cleanEnvironment(), ...options.env },
      stdio: [
        options.hasInput === true ? 'pipe' : 'ignore',
        'pipe',
        'pipe',
        ...(options.hasChannel === true ? ['ipc' as const] : []),
      ],
    });
    running.add(this.child);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      // Not `exit`: what it wrote last has been read by then.
      this.child.once('close', (code, signal) => {
        this.hasEnded = true;
        running.delete(this.child);
        resolve({ code, signal });
      });
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Asks it to end and waits; rejects, with the process killed, where it takes longer than `deadlineMs`. */
  async stop(deadlineMs = 10_000): Promise<Exit> {
    this.signal('SIGTERM');
    return await this.exit(deadlineMs);
  }

  /** Its end by itself; rejects, with the process killed, where that takes longer than `deadlineMs`. */
  async exit(deadlineMs = START_MS): Promise<Exit> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.signal('SIGKILL');
        reject(new Error(`still running after ${deadlineMs} ms; ${this.tail()}`));
      }, deadlineMs);
    });
    try {
      return await Promise.race([this.ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<Exit> {
    this.signal('SIGKILL');
    return await this.ended;
  }

  /** Rejects where it ends without having written this to its standard output. */
  async waitForOutput(text: string, timeoutMs = START_MS): Promise<void> {
    await until(
      () => {
        if (this.stdout.includes(text)) return true;
        if (this.hasEnded) throw new Error(`ended without ${JSON.stringify(text)}; ${this.tail()}`);
        return undefined;
      },
      () => `${JSON.stringify(text)} in its output; ${this.tail()}`,
      timeoutMs,
    );
  }

  /** The end of what it wrote, for messages. */
  tail(): string {
    return `stdout: ${this.stdout.slice(-1500)}\nstderr: ${this.stderr.slice(-1500)}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.hasEnded) await this.kill();
  }
}

/** Runs the program to its end: for commands, and for starts that fail. */
export async function runToEnd(
  args: readonly string[],
  options: LaunchOptions = {},
): Promise<Exit & { readonly stdout: string; readonly stderr: string }> {
  await using launched = new Launched(args, options);
  const exit = await launched.exit();
  return { ...exit, stdout: launched.stdout, stderr: launched.stderr };
}

export interface ProgramOptions extends LaunchOptions {
  /** Behind those for free ports and the data file; of a repeated flag the last counts. */
  readonly flags?: readonly string[];
  readonly command?: 'run' | 'demo';
  /** Kept at the end; default: one in a directory of its own that goes with the program. */
  readonly dataFile?: string;
  /** Makes {@link Program.turnClock} work. */
  readonly hasTurnableClock?: boolean;
  /** Sent with every request that says nothing else. */
  readonly token?: string;
}

/** The whole program as a process of its own on free ports, with its API and its log at hand. */
export class Program extends Launched {
  readonly #token: string | null;
  readonly #directory: string | null;
  readonly dataFile: string;
  /** Where miners connect. */
  stratum: Endpoint = { host: '', port: 0 };
  /** `http://host:port`. */
  web = '';

  private constructor(
    args: readonly string[],
    options: LaunchOptions,
    own: { readonly dataFile: string; readonly directory: string | null; readonly token: string | null },
  ) {
    super(args, options);
    this.dataFile = own.dataFile;
    this.#directory = own.directory;
    this.#token = own.token;
  }

  /** Resolves when it says that it has started; rejects with what it wrote where it ends before that. */
  static async start(options: ProgramOptions = {}): Promise<Program> {
    const directory = options.dataFile === undefined ? await mkdtemp(join(tmpdir(), 'stratum-proxy-')) : null;
    const dataFile = options.dataFile ?? join(directory ?? '', 'proxy.db');
    const { command = 'run', flags = [], hasTurnableClock = false, token = null } = options;
    const program = new Program(
      [
        ...(command === 'run' ? [] : [command]),
        ...FREE_PORTS,
        ...(command === 'run' ? ['--db.path', dataFile] : []),
        ...flags,
      ],
      {
        ...options,
        ...(hasTurnableClock
          ? { nodeFlags: [...NODE_FLAGS, '--import', TURNABLE_CLOCK], hasChannel: true }
          : {}),
      },
      { dataFile, directory, token },
    );
    try {
      const line = await program.waitForLine(({ msg }) => msg === 'started', START_MS);
      program.web = String(line['web']);
      program.stratum = parseEndpoint(String(line['stratum'])) ?? { host: '', port: 0 };
      return program;
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The log so far, also where it is written for people. */
  lines(): LogLine[] {
    return this.stdout.split('\n').flatMap(readLogLine);
  }

  async waitForLine(matches: (line: LogLine) => boolean, timeoutMs = 5000): Promise<LogLine> {
    return await until(
      () => {
        const line = this.lines().find(matches);
        if (line === undefined && this.hasEnded) throw new Error(`ended too soon; ${this.tail()}`);
        return line;
      },
      () => `such a line in the log; ${this.tail()}`,
      timeoutMs,
    );
  }

  async request(
    method: string,
    path: string,
    given: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Answer> {
    const { body } = given;
    const response = await fetch(this.web + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
        ...given.headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parseJson(text) };
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.request('GET', path, { headers });
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.request('POST', path, { body, headers });
  }

  /** Every figure that `/metrics` shows now, the format strictly checked. */
  async metrics(): Promise<Figures> {
    const { status, text } = await this.get('/metrics');
    if (status !== 200) throw new Error(`/metrics answered ${status}: ${text}`);
    return new Figures(text);
  }

  async metricsWhere(holds: (figures: Figures) => boolean, what: string, timeoutMs = 5000): Promise<Figures> {
    let last: Figures | null = null;
    return await until(
      async () => {
        last = await this.metrics();
        return holds(last) ? last : undefined;
      },
      () => `${what}; the figures are\n${last?.ours() ?? 'none'}`,
      timeoutMs,
    );
  }

  /** Adds a pool as an operator does. */
  async addPool(pool: string, algorithm: string): Promise<void> {
    const { status, text } = await this.post('/api/v1/pools', { pool, algorithm });
    if (status !== 201 && status !== 200) throw new Error(`pool ${pool}: ${status} ${text}`);
  }

  /** Registers an account and gives its name. */
  async register(pool: string, user: string, password = 'x'): Promise<string> {
    // The pool judges every share, so that its books and ours can be held against each other.
    const { status, text, json } = await this.post('/api/v1/users', {
      pool,
      user,
      password,
      mode: 'dedicated',
    });
    const name = (json as { name?: unknown } | undefined)?.name;
    if ((status !== 201 && status !== 200) || typeof name !== 'string' || name === '') {
      throw new Error(`account ${user} at ${pool}: ${status} ${text}`);
    }
    return name;
  }

  /** Moves the program's monotonic clock forward: its deadlines come at once. Needs `hasTurnableClock`. */
  async turnClock(byMs: number): Promise<void> {
    const turned = new Promise<void>((resolve) => {
      this.child.once('message', () => resolve());
    });
    this.child.send({ turnClockMs: byMs });
    await turned;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    if (this.#directory !== null) await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Ours without what would change the program's behaviour by chance, and with a place to keep compiled code for the next start. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('STRATUM_PROXY_') && name !== 'NODE_OPTIONS' && name !== 'NODE_TEST_CONTEXT',
  );
  return { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compiled'), ...Object.fromEntries(kept) };
}

function readLogLine(text: string): LogLine[] {
  if (text.startsWith('{')) {
    const line = parseJson(text) as LogLine | undefined;
    return line === undefined ? [] : [line];
  }
  // As written for people: `[time] LEVEL: event {fields}`.
  const match = /^(?:\[[^\]]*\] )?[A-Z]+: (.*?)(?: (\{.*\}))?$/.exec(text);
  if (match === null) return [];
  const fields = parseJson(match[2] ?? '{}') as Record<string, unknown> | undefined;
  return [{ ...fields, msg: match[1] ?? '' }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
