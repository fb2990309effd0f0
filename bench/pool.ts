/**
 * A Stratum V1 pool that answers every well-formed submit with `true`, in arrival order, and verifies nothing: the load's
 * other end, as cheap as Node allows so that it is not what is measured. Its own process, commanded over IPC by the bench.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from '../src/practice/reset-socket.ts';
import { serve } from './control.ts';

export interface PoolOptions {
  /** Bytes of extranonce2 handed out: 8 as ckpool and DATUM do, 4 as NOMP and miningcore do. */
  readonly extranonce2Size: number;
  /** Sent to everyone after authorize. 2.3e-10 is met by every hash, so that a proxy that verifies refuses nothing. */
  readonly difficulty: number;
}

/** What one listening port of the pool has seen since it was opened. */
export interface PoolCounts {
  readonly connections: number;
  readonly authorized: number;
  readonly accepted: number;
  /** Submits answered with an error: unknown job, wrong extranonce2 length, wrong field. */
  readonly refused: number;
  readonly firstRefusal: string | null;
}

/** When one job went out; times are this machine's monotonic clock in microseconds, comparable between processes. */
export interface JobSent {
  /** Twelve hex digits of the job's previous hash that stand nowhere else in a job, by which a miner recognises it behind any proxy. */
  readonly marker: string;
  readonly firstWriteUs: number;
  readonly lastWriteUs: number;
  readonly connections: number;
}

interface Miner {
  readonly socket: Socket;
  readonly extranonce1: string;
  rest: string;
  isAuthorized: boolean;
}

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

const ACCEPTED_JOBS = 8;
const MAX_LINE = 16_384;
const NOTHING_READ_LIMIT = 4 * 1024 * 1024;
const HEX_FIELD = /^[0-9a-fA-F]{8}$/;
const HEX = /^[0-9a-fA-F]*$/;
/** Field sizes of a present-day block: a coinbase of some 300 bytes and a thirteen-step merkle branch, 2 KB as a line. */
const COINB1 = `0200000001${'00'.repeat(32)}ffffffff5f03c943250004${'5a'.repeat(40)}`;
const COINB2 = `ffffffff04${'3c'.repeat(220)}00000000`;
const BRANCH = Array.from({ length: 13 }, (_, step) => `"${step.toString(16).padStart(2, '0').repeat(32)}"`);

let lastExtranonce1 = 0;
let lastJob = 0;

class PoolPort {
  readonly server: Server;
  readonly #options: PoolOptions;
  readonly #miners = new Set<Miner>();
  #jobs: string[] = [];
  #notify: Buffer = Buffer.alloc(0);
  #marker = '';
  #authorized = 0;
  #accepted = 0;
  #refused = 0;
  #firstRefusal: string | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.server = createServer({ noDelay: true }, (socket) => this.#onConnection(socket));
    this.#nextJob();
  }

  counts(): PoolCounts {
    return {
      connections: this.#miners.size,
      authorized: this.#authorized,
      accepted: this.#accepted,
      refused: this.#refused,
      firstRefusal: this.#firstRefusal,
    };
  }

  sendJob(): JobSent {
    this.#nextJob();
    const firstWriteUs = nowUs();
    for (const miner of this.#miners) if (miner.isAuthorized) miner.socket.write(this.#notify);
    return {
      marker: this.#marker,
      firstWriteUs,
      lastWriteUs: nowUs(),
      connections: this.#miners.size,
    };
  }

  get marker(): string {
    return this.#marker;
  }

  /** Goes away as a pool that dies does: the port is closed, every socket reset. Returns when it began, in microseconds. */
  close(): number {
    const startedUs = nowUs();
    this.server.close();
    for (const { socket } of this.#miners) resetSocket(socket);
    this.#miners.clear();
    return startedUs;
  }

  #nextJob(): void {
    lastJob++;
    const job = lastJob.toString(16);
    // Bare digits of a small number would be found in the runs of zeros of other jobs.
    this.#marker = `a5a5${lastJob.toString(16).padStart(8, '0')}`;
    this.#jobs = [job, ...this.#jobs].slice(0, ACCEPTED_JOBS);
    const ntime = (0x64000000 + lastJob).toString(16);
    const prevhash = `${'a5'.repeat(22)}${this.#marker}00000000`;
    this.#notify = Buffer.from(
      `{"id":null,"method":"mining.notify","params":["${job}","${prevhash}","${COINB1}","${COINB2}",[${BRANCH.join()}],"20000000","192495f8","${ntime}",true]}\n`,
      'latin1',
    );
  }

  #onConnection(socket: Socket): void {
    lastExtranonce1++;
    const extranonce1 = (lastExtranonce1 >>> 0).toString(16).padStart(8, '0');
    const miner: Miner = { socket, extranonce1, rest: '', isAuthorized: false };
    this.#miners.add(miner);
    socket.on('data', (chunk: Buffer) => this.#onData(miner, chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#miners.delete(miner));
  }

  #onData(miner: Miner, chunk: Buffer): void {
    const text = miner.rest + chunk.toString('latin1', 0, chunk.length);
    let replies = '';
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      if (end > from) replies += this.#onLine(miner, text.slice(from, end));
      from = end + 1;
    }
    miner.rest = text.slice(from);
    if (miner.rest.length > MAX_LINE || miner.socket.writableLength > NOTHING_READ_LIMIT) {
      miner.socket.destroy();
      return;
    }
    if (replies !== '') miner.socket.write(replies, 'latin1');
  }

  #onLine(miner: Miner, line: string): string {
    let request: Request;
    try {
      request = JSON.parse(line) as Request;
    } catch {
      return this.#refuse(null, 20, 'not JSON');
    }
    if (request.method === 'mining.submit') return this.#onSubmit(miner, request);
    const id = JSON.stringify(request.id ?? null);
    switch (request.method) {
      case 'mining.configure':
        return `{"id":${id},"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}\n`;
      case 'mining.subscribe':
        return `{"id":${id},"result":[[["mining.set_difficulty","${miner.extranonce1}"],["mining.notify","${miner.extranonce1}"]],"${miner.extranonce1}",${this.#options.extranonce2Size}],"error":null}\n`;
      case 'mining.authorize':
        miner.isAuthorized = true;
        this.#authorized++;
        return `{"id":${id},"result":true,"error":null}\n{"id":null,"method":"mining.set_difficulty","params":[${this.#options.difficulty}]}\n${this.#notify.toString('latin1', 0, this.#notify.length)}`;
      case 'mining.extranonce.subscribe':
      case 'mining.suggest_difficulty':
        return `{"id":${id},"result":true,"error":null}\n`;
      default:
        return typeof request.method === 'string'
          ? `{"id":${id},"result":null,"error":[20,"Unknown method",null]}\n`
          : '';
    }
  }

  #onSubmit(miner: Miner, request: Request): string {
    const { id, params } = request;
    const [worker, job, extranonce2, ntime, nonce, version] = params;
    if (!miner.isAuthorized) return this.#refuse(id, 24, 'Unauthorized worker');
    if (typeof worker !== 'string' || params.length < 5 || params.length > 6)
      return this.#refuse(id, 20, 'params');
    if (typeof job !== 'string' || !this.#jobs.includes(job)) return this.#refuse(id, 21, 'Job not found');
    if (
      typeof extranonce2 !== 'string' ||
      extranonce2.length !== 2 * this.#options.extranonce2Size ||
      !HEX.test(extranonce2)
    )
      return this.#refuse(id, 20, 'extranonce2');
    if (!isHexField(ntime) || !isHexField(nonce)) return this.#refuse(id, 20, 'ntime or nonce');
    if (version !== undefined && !isHexField(version)) return this.#refuse(id, 20, 'version bits');
    this.#accepted++;
    return `{"id":${typeof id === 'number' ? id : JSON.stringify(id)},"result":true,"error":null}\n`;
  }

  #refuse(id: unknown, code: number, reason: string): string {
    this.#refused++;
    this.#firstRefusal ??= reason;
    return `{"id":${JSON.stringify(id ?? null)},"result":null,"error":[${code},"${reason}",null]}\n`;
  }
}

function isHexField(value: unknown): boolean {
  return typeof value === 'string' && HEX_FIELD.test(value);
}

function nowUs(): number {
  return Number(process.hrtime.bigint()) / 1000;
}

const ports = new Map<number, PoolPort>();

function portOf(port: number): PoolPort {
  const found = ports.get(port);
  if (found === undefined) throw new Error(`the pool does not listen on ${port}`);
  return found;
}

const commands = {
  /** Opens a port of its own, so that shares and jobs of one target are told from another's. */
  listen: async (options: PoolOptions): Promise<number> => {
    const opened = new PoolPort(options);
    const port = await new Promise<number>((resolve, reject) => {
      opened.server.once('error', reject);
      opened.server.listen({ host: '127.0.0.1', port: 0, backlog: 65_535 }, () => {
        const address = opened.server.address();
        if (address === null || typeof address === 'string') reject(new Error('no TCP address'));
        else resolve(address.port);
      });
    });
    ports.set(port, opened);
    return port;
  },
  counts: ({ port }: { port: number }): PoolCounts => portOf(port).counts(),
  job: ({ port }: { port: number }): JobSent => portOf(port).sendJob(),
  /** The marker of the job that a miner logging in now would get. */
  marker: ({ port }: { port: number }): string => portOf(port).marker,
  /** Answers with the time at which the first socket was reset, by the clock of `JobSent`. */
  close: ({ port }: { port: number }): number => {
    const startedUs = portOf(port).close();
    ports.delete(port);
    return startedUs;
  },
};

export type PoolCommands = typeof commands;

serve(commands);
