/**
 * A pool that accepts every well-formed submit, in arrival order, and hashes nothing: the load's other end, as cheap as
 * Node allows so that it is not what is measured. Its own process, commanded over IPC by the bench.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from '../src/practice/reset-socket.ts';
import { serve } from './control.ts';
import { type PoolOptions, VOICES } from './pool/index.ts';
import { type Guest, Ledger, type Voice } from './pool/voice.ts';

export type { PoolOptions } from './pool/index.ts';

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
  readonly guest: Guest;
  rest: string;
}

const MAX_LINE = 16_384;
const NOTHING_READ_LIMIT = 4 * 1024 * 1024;

let lastGuest = 0;
let lastJob = 0;

class PoolPort {
  readonly server: Server;
  readonly #ledger = new Ledger();
  readonly #voice: Voice;
  readonly #miners = new Set<Miner>();
  #marker = '';

  constructor(options: PoolOptions) {
    this.#voice = VOICES[options.dialect ?? 'bitcoin-v1'](this.#ledger, options);
    this.server = createServer({ noDelay: true }, (socket) => this.#onConnection(socket));
    this.#nextJob();
  }

  counts(): PoolCounts {
    const { authorized, accepted, refused, firstRefusal } = this.#ledger;
    return { connections: this.#miners.size, authorized, accepted, refused, firstRefusal };
  }

  sendJob(): JobSent {
    this.#nextJob();
    const firstWriteUs = nowUs();
    for (const { socket, guest } of this.#miners)
      if (guest.isAuthorized) socket.write(this.#voice.job(guest), 'latin1');
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
    // Bare digits of a small number would be found in the runs of zeros of other jobs.
    this.#marker = `a5a5${lastJob.toString(16).padStart(8, '0')}`;
    this.#voice.nextJob(lastJob, this.#marker);
  }

  #onConnection(socket: Socket): void {
    lastGuest++;
    const miner: Miner = { socket, guest: { number: lastGuest, isAuthorized: false }, rest: '' };
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
      if (end > from) replies += this.#voice.answer(miner.guest, text.slice(from, end));
      from = end + 1;
    }
    miner.rest = text.slice(from);
    if (miner.rest.length > MAX_LINE || miner.socket.writableLength > NOTHING_READ_LIMIT) {
      miner.socket.destroy();
      return;
    }
    if (replies !== '') miner.socket.write(replies, 'latin1');
  }
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
