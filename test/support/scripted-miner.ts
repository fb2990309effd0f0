import { createConnection, type Socket } from 'node:net';
import { LinePeer, type Message } from './line-peer.ts';

export interface MinerOptions {
  readonly agent?: string;
  /** User name as typed into the miner: `name.worker`. */
  readonly user?: string;
  readonly sessionId?: string;
  /** The address to connect from; another 127.x.y.z is another miner's. */
  readonly from?: string;
}

/** What a miner got at subscribe. */
export interface Geometry {
  readonly sessionId: string;
  readonly extranonce1: string;
  readonly size: number;
}

/** A miner that does only what a test tells it to, with the words of the protocol at hand. */
export class ScriptedMiner extends LinePeer {
  readonly agent: string;
  readonly user: string;
  readonly #sessionId: string | null;
  #lastId = 100;
  geometry: Geometry = { sessionId: '', extranonce1: '', size: 0 };

  constructor(socket: Socket, options: MinerOptions) {
    super(socket);
    this.agent = options.agent ?? 'cgminer/4.12.1';
    this.user = options.user ?? '';
    this.#sessionId = options.sessionId ?? null;
  }

  async subscribe(timeoutMs = 5000): Promise<Geometry> {
    const params = this.#sessionId === null ? [this.agent] : [this.agent, this.#sessionId];
    const reply = await this.call({ id: 1, method: 'mining.subscribe', params }, timeoutMs);
    return this.takeSubscribed(reply);
  }

  /** Reads a subscribe reply. */
  takeSubscribed(reply: Message): Geometry {
    const [names, extranonce1, size] = reply['result'] as [readonly (readonly string[])[], string, number];
    const sessionId = names.find(([name]) => name === 'mining.notify')?.[1] ?? '';
    this.geometry = { sessionId, extranonce1, size };
    return this.geometry;
  }

  /** Without waiting for the reply, which is the pool's to give. */
  sendAuthorize(user = this.user): void {
    this.send({ id: 2, method: 'mining.authorize', params: [user, 'x'] });
  }

  authorize(user = this.user): Promise<Message> {
    return this.call({ id: 2, method: 'mining.authorize', params: [user, 'x'] });
  }

  configure(mask = 'ffffffff'): Promise<Message> {
    return this.call({
      id: 3,
      method: 'mining.configure',
      params: [['version-rolling'], { 'version-rolling.mask': mask }],
    });
  }

  /** Sends a share for a notify; returns its id. */
  submit(
    job: Message | string,
    share: { id?: unknown; extranonce2?: string; ntime?: string; nonce?: string; bits?: string } = {},
  ): unknown {
    this.#lastId += 1;
    const id = share.id ?? this.#lastId;
    this.send({
      id,
      method: 'mining.submit',
      params: [
        this.user,
        typeof job === 'string' ? job : jobId(job),
        share.extranonce2 ?? 'ab'.repeat(this.geometry.size),
        share.ntime ?? (typeof job === 'string' ? '64b3f3ec' : (paramsOf(job)[7] as string)),
        share.nonce ?? 'deadbeef',
        ...(share.bits === undefined ? [] : [share.bits]),
      ],
    });
    return id;
  }
}

/** Connects a scripted miner to a Stratum port of this machine. */
export async function connectMiner(port: number, options: MinerOptions = {}): Promise<ScriptedMiner> {
  const socket = createConnection({
    host: '127.0.0.1',
    port,
    ...(options.from === undefined ? {} : { localAddress: options.from }),
  });
  const miner = new ScriptedMiner(socket, options);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => resolve());
    socket.once('error', reject);
  });
  return miner;
}

export function paramsOf(message: Message): readonly unknown[] {
  return message['params'] as readonly unknown[];
}

/** The job id of a notify. */
export function jobId(job: Message): string {
  return paramsOf(job)[0] as string;
}

/** `reply <id>` or the method's name: what a transcript is compared by. */
export function kindOf(message: Message): string {
  const method = message['method'];
  return typeof method === 'string' ? method : `reply ${JSON.stringify(message['id'])}`;
}
