import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { LinePeer, type Message } from './line-peer.ts';

export interface PoolJobOptions {
  readonly id?: string;
  readonly prevHash?: string;
  readonly coinb1?: string;
  readonly coinb2?: string;
  readonly branch?: readonly string[];
  readonly version?: string;
  readonly ntime?: string;
  readonly clean?: boolean;
}

/** A well-formed notify; what a test does not care about is filled in. */
export function notify(options: PoolJobOptions = {}): Message {
  return {
    id: null,
    method: 'mining.notify',
    params: [
      options.id ?? 'job1',
      options.prevHash ?? '11'.repeat(32),
      options.coinb1 ?? '01000000aabb',
      options.coinb2 ?? 'ccdd00000000',
      options.branch ?? ['22'.repeat(32)],
      options.version ?? '20000000',
      '1d00ffff',
      options.ntime ?? '64b3f3ec',
      options.clean ?? true,
    ],
  };
}

export const setDifficulty = (difficulty: number | string): Message => ({
  id: null,
  method: 'mining.set_difficulty',
  params: [difficulty],
});

/**
 * A pool that does nothing by itself: every connection is a hand-driven peer. For wire behaviour that no well-behaved server shows;
 * shares are judged by the practice pool instead.
 */
export class ScriptedPool implements AsyncDisposable {
  readonly #server: Server;
  readonly #arrived: LinePeer[] = [];
  readonly #waiting: ((peer: LinePeer) => void)[] = [];
  readonly peers: LinePeer[] = [];
  #serve: ((peer: LinePeer) => Promise<void>) | null = null;
  #served = 0;
  port = 0;

  constructor() {
    this.#server = createServer((socket) => {
      const peer = new LinePeer(socket);
      this.peers.push(peer);
      if (this.#serve !== null) {
        // A connection that ends in the middle of its login is the test's own doing.
        void this.#serve(peer).catch(() => {});
        return;
      }
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#arrived.push(peer);
      else waiting(peer);
    });
  }

  async start(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no address');
    this.port = address.port;
    return this;
  }

  /** Connections that nobody has taken. */
  get untaken(): number {
    return this.#arrived.length;
  }

  /** The next connection that has not been taken. */
  connection(timeoutMs = 5000): Promise<LinePeer> {
    const arrived = this.#arrived.shift();
    if (arrived !== undefined) return Promise.resolve(arrived);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nobody connected within ${timeoutMs} ms`)), timeoutMs);
      this.#waiting.push((peer) => {
        clearTimeout(timer);
        resolve(peer);
      });
    });
  }

  /** Takes a connection through configure, subscribe and authorize as most pools do; the first job is the test's. */
  async login(options: PoolLogin = {}): Promise<LinePeer> {
    const peer = await this.connection();
    await logIn(peer, options, []);
    return peer;
  }

  /**
   * From now on every connection is logged in at once and sent `greeting` before its authorize reply, as ckpool does; then `drive` has it.
   * `options` may differ by connection, numbered from 0.
   */
  serve(
    options: PoolLogin | ((index: number) => PoolLogin),
    greeting: readonly Message[],
    drive: (peer: LinePeer, index: number) => Promise<void> = () => Promise.resolve(),
  ): void {
    this.#serve = async (peer) => {
      const index = this.#served;
      this.#served += 1;
      await logIn(peer, typeof options === 'function' ? options(index) : options, greeting);
      await drive(peer, index);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.peers) peer.end();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export interface PoolLogin {
  readonly extranonce1?: string;
  readonly extranonce2Bytes?: number;
  /** The mask granted at configure; null: rolling is refused. */
  readonly mask?: string | null;
  readonly poolSessionId?: string;
}

async function logIn(
  peer: LinePeer,
  options: PoolLogin,
  beforeAuthorized: readonly Message[],
): Promise<void> {
  for (;;) {
    const request = await peer.next();
    const id = request['id'];
    if (request['method'] === 'mining.configure') {
      const mask = options.mask === undefined ? '1fffe000' : options.mask;
      peer.send({
        id,
        error: null,
        result:
          mask === null
            ? { 'version-rolling': false }
            : { 'version-rolling': true, 'version-rolling.mask': mask },
      });
    } else if (request['method'] === 'mining.subscribe') {
      const session = options.poolSessionId ?? 'ae6812eb4cd7735a';
      peer.send({
        id,
        error: null,
        result: [
          [['mining.notify', session]],
          options.extranonce1 ?? '08000002',
          options.extranonce2Bytes ?? 4,
        ],
      });
    } else if (request['method'] === 'mining.authorize') {
      peer.send(...beforeAuthorized, { id, result: true, error: null });
      return;
    }
  }
}

/**
 * A port of this machine where nobody listens, and nobody will by chance: it lies outside the range the system hands out for port 0.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Answers a request of the proxy's. */
export function accept(peer: LinePeer, request: Message): void {
  peer.send({ id: request['id'], result: true, error: null });
}

/** Refuses a request of the proxy's in the words most pools use. */
export function refuse(peer: LinePeer, request: Message, code: number, text: string): void {
  peer.send({ id: request['id'], result: null, error: [code, text, null] });
}
