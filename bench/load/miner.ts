import { connect, type Socket } from 'node:net';
import { settled } from './settled.ts';

export interface OpenOptions {
  readonly group: string;
  readonly host: string;
  readonly port: number;
  readonly count: number;
  /** User names to log in with, taken in turn; each miner adds a worker name of its own. */
  readonly users: readonly string[];
  /** Handshakes under way at a time; `count` or more opens all sockets in one go. */
  readonly atOnce: number;
  /** Loopback addresses (127.0.0.1, 127.0.0.2 …) the connections come from, taken in turn. */
  readonly sources: number;
  readonly timeoutMs: number;
  /** Session ids to come back with: the first miner with the first, and so on; miners beyond the list are new. */
  readonly resume?: readonly string[];
}

type Phase = 'connecting' | 'subscribing' | 'authorizing' | 'waiting' | 'ready' | 'gone';

/** One submit on its way: the id it carries and when it was due (ms of this process's clock). */
interface InFlight {
  readonly id: number;
  readonly dueMs: number;
}

/** Whom a miner tells how it fares. Times are of this process's clock. */
export interface MinerGroup {
  onReady(miner: Miner): void;
  onEnd(miner: Miner, reason: string): void;
  onAccepted(miner: Miner, dueMs: number): void;
  onRefused(miner: Miner, dueMs: number, reason: string): void;
  onJob(miner: Miner, line: string): void;
  onFailure(reason: string): void;
}

const MAX_LINE = 65_536;
const ANSWER_TAIL = ',"result":true,"error":null}';
/** The method, not the subscription of that name in the reply to subscribe. */
const NOTIFY = /"method": ?"mining\.notify"/;
/** One buffer for all sockets: what is read is taken out of it before the next read. */
const readBuffer = Buffer.allocUnsafe(65_536);

/** One connection: logs in, keeps the newest job, sends shares when told. */
export class Miner {
  readonly user: string;
  phase: Phase = 'connecting';
  readonly startedMs: number = performance.now();
  readonly #group: MinerGroup;
  readonly #socket: Socket;
  /** As the subscribe reply gave it; empty before, or where it gave none. */
  sessionId = '';
  #rest = '';
  #extranonce2 = '';
  #notify: string | null = null;
  /** All of a submit between its id and its nonce; null until the job it belongs to has been read. */
  #submitMiddle: string | null = null;
  #lastId = 2;
  #nonce = 0;
  #inFlight: InFlight[] = [];

  constructor(group: MinerGroup, options: OpenOptions, index: number) {
    this.#group = group;
    this.user = `${options.users[index % options.users.length] ?? 'bench'}.w${index}`;
    this.#socket = connect({
      host: options.host,
      port: options.port,
      noDelay: true,
      ...(options.sources > 1 ? { localAddress: `127.0.0.${1 + (index % options.sources)}` } : {}),
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          this.#onRead(readBuffer.toString('latin1', 0, length));
          return true;
        },
      },
    });
    this.#socket.on('connect', () => {
      this.phase = 'subscribing';
      const resume = options.resume?.[index] ?? '';
      const params = resume === '' ? '["bench/1.0"]' : `["bench/1.0","${resume}"]`;
      this.#write(`{"id":1,"method":"mining.subscribe","params":${params}}\n`);
    });
    this.#socket.on('error', (cause: NodeJS.ErrnoException) => this.#end(cause.code ?? cause.message));
    this.#socket.on('close', () => this.#end('closed by the peer'));
  }

  /** Sends the next share; false where there is nothing to send it to. */
  submit(dueMs: number): boolean {
    if (this.phase !== 'ready') return false;
    this.#submitMiddle ??= this.#prepareSubmit();
    const id = ++this.#lastId;
    const nonce = (++this.#nonce).toString(16).padStart(8, '0');
    this.#inFlight.push({ id, dueMs });
    this.#write(`{"id":${id}${this.#submitMiddle}${nonce}"]}\n`);
    return true;
  }

  /** Shares not answered until now; they are forgotten. */
  giveUp(): number {
    const missing = this.#inFlight.length;
    this.#inFlight = [];
    return missing;
  }

  close(): void {
    this.phase = 'gone';
    this.#socket.resetAndDestroy();
  }

  /** Hangs up with FIN; false when the other side has not done the same in time. */
  hangUp(timeoutMs: number): Promise<boolean> {
    if (this.phase === 'gone') return Promise.resolve(true);
    this.phase = 'gone';
    return settled(timeoutMs, (check) => {
      this.#socket.once('close', () => check(true));
      this.#socket.end();
    });
  }

  #write(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  #end(reason: string): void {
    if (this.phase === 'gone') return;
    const was = this.phase;
    this.phase = 'gone';
    this.#socket.destroy();
    this.#group.onEnd(this, was === 'ready' ? `${reason} while mining` : `${reason} while ${was}`);
  }

  #onRead(chunk: string): void {
    const text = this.#rest === '' ? chunk : this.#rest + chunk;
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#onLine(text.slice(from, end));
      from = end + 1;
    }
    this.#rest = from === text.length ? '' : text.slice(from);
    if (this.#rest.length > MAX_LINE) this.#end('endless line');
  }

  #onLine(line: string): void {
    const expected = this.#inFlight[0];
    // The usual answer, spelled as expected and in order, is not parsed.
    if (expected !== undefined && line === `{"id":${expected.id}${ANSWER_TAIL}`) {
      this.#inFlight.shift();
      this.#group.onAccepted(this, expected.dueMs);
      return;
    }
    if (NOTIFY.test(line)) {
      this.#notify = line;
      this.#submitMiddle = null;
      this.#group.onJob(this, line);
      if (this.phase === 'waiting') this.#becomeReady();
    } else this.#onOtherLine(line);
  }

  #onOtherLine(line: string): void {
    let message: { id?: unknown; method?: unknown; result?: unknown; error?: unknown };
    try {
      message = JSON.parse(line) as typeof message;
    } catch {
      this.#end('a line that is not JSON');
      return;
    }
    if (typeof message.method === 'string') return;
    if (this.phase === 'subscribing') this.#onSubscribed(message.result);
    else if (this.phase === 'authorizing') this.#onAuthorized(message);
    else this.#onOtherAnswer(message);
  }

  #onSubscribed(result: unknown): void {
    const size: unknown = Array.isArray(result) ? result[2] : null;
    if (typeof size !== 'number' || size < 1 || size > 16) {
      this.#end('malformed subscribe reply');
      return;
    }
    this.sessionId = sessionIdIn(result);
    this.#extranonce2 = '5b'.repeat(size);
    this.phase = 'authorizing';
    this.#write(`{"id":2,"method":"mining.authorize","params":["${this.user}","x"]}\n`);
  }

  #onAuthorized(message: { result?: unknown; error?: unknown }): void {
    if (message.result !== true) {
      this.#end(`authorize refused (${JSON.stringify(message.error ?? message.result)})`);
      return;
    }
    this.phase = 'waiting';
    if (this.#notify !== null) this.#becomeReady();
  }

  #becomeReady(): void {
    this.phase = 'ready';
    this.#group.onReady(this);
  }

  /** An answer that is spelled differently, comes out of order, or refuses the share. */
  #onOtherAnswer(message: { id?: unknown; result?: unknown; error?: unknown }): void {
    const index = this.#inFlight.findIndex((share) => share.id === message.id);
    const share = this.#inFlight[index];
    if (share === undefined) {
      this.#group.onFailure(`an answer to no share (id ${JSON.stringify(message.id)})`);
      return;
    }
    this.#inFlight.splice(index, 1);
    if (index > 0) this.#group.onFailure('an answer out of order');
    const isAccepted = message.result === true && (message.error ?? null) === null;
    if (isAccepted) this.#group.onAccepted(this, share.dueMs);
    else
      this.#group.onRefused(
        this,
        share.dueMs,
        `share refused ${JSON.stringify(message.error ?? message.result)}`,
      );
  }

  #prepareSubmit(): string {
    const { params } = JSON.parse(this.#notify ?? '') as { params: readonly unknown[] };
    return `,"method":"mining.submit","params":["${this.user}","${String(params[0])}","${this.#extranonce2}","${String(params[7])}","`;
  }
}

/** The id in `[[["mining.set_difficulty", id], ["mining.notify", id]], extranonce1, size]`. */
function sessionIdIn(result: unknown): string {
  const subscriptions: unknown = Array.isArray(result) ? result[0] : null;
  const first: unknown = Array.isArray(subscriptions) ? subscriptions[0] : null;
  const id: unknown = Array.isArray(first) ? first[1] : null;
  return typeof id === 'string' ? id : '';
}
