import { connect, type Socket } from 'node:net';
import type { DialectName } from '../dialects.ts';
import { SPEECHES } from './index.ts';
import { settled } from './settled.ts';
import type { Heard, Speech } from './speech.ts';

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
  /** What the miners speak; absent: bitcoin-v1. */
  readonly dialect?: DialectName;
}

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
/** One buffer for all sockets: what is read is taken out of it before the next read. */
const readBuffer = Buffer.allocUnsafe(65_536);

/** One connection: logs in, keeps the newest job, sends shares when told. */
export class Miner {
  readonly user: string;
  /** `connecting`, then the steps of its dialect's login, `waiting` for a job, `ready`, `gone`. */
  phase = 'connecting';
  readonly startedMs: number = performance.now();
  readonly #group: MinerGroup;
  readonly #speech: Speech;
  readonly #socket: Socket;
  #rest = '';
  #lastId = 2;
  #inFlight: InFlight[] = [];

  constructor(group: MinerGroup, options: OpenOptions, index: number) {
    this.#group = group;
    this.user = `${options.users[index % options.users.length] ?? 'bench'}.w${index}`;
    const resume = options.resume?.[index] ?? '';
    this.#speech = SPEECHES[options.dialect ?? 'bitcoin-v1']({ user: this.user, resume });
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
    this.#socket.on('connect', () => this.#goOn(this.#speech.hello()));
    this.#socket.on('error', (cause: NodeJS.ErrnoException) => this.#end(cause.code ?? cause.message));
    this.#socket.on('close', () => this.#end('closed by the peer'));
  }

  /** As the pool gave it; empty before, or where it gave none. */
  get sessionId(): string {
    return this.#speech.sessionId;
  }

  /** Sends the next share; false where there is nothing to send it to. */
  submit(dueMs: number, isWorthy: boolean): boolean {
    if (this.phase !== 'ready') return false;
    const id = ++this.#lastId;
    this.#inFlight.push({ id, dueMs });
    this.#write(this.#speech.submit(id, isWorthy));
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
    if (expected !== undefined && line === this.#speech.yes(expected.id)) {
      this.#inFlight.shift();
      this.#group.onAccepted(this, expected.dueMs);
      return;
    }
    const heard = this.#speech.read(line);
    switch (heard.kind) {
      case 'job':
        this.#group.onJob(this, line);
        if (this.phase === 'waiting') this.#becomeReady();
        return;
      case 'next':
        this.#goOn(heard);
        return;
      case 'logged-in':
        this.phase = 'waiting';
        if (heard.hasJob) this.#becomeReady();
        return;
      case 'answer':
        this.#onOtherAnswer(heard);
        return;
      case 'broken':
        this.#end(heard.reason);
        return;
      case 'nothing':
        return;
    }
  }

  #goOn({ phase, say }: { readonly phase: string; readonly say: string }): void {
    this.phase = phase;
    this.#write(say);
  }

  #becomeReady(): void {
    this.phase = 'ready';
    this.#group.onReady(this);
  }

  /** An answer that is spelled differently, comes out of order, or refuses the share. */
  #onOtherAnswer({ id, isAccepted, words }: Extract<Heard, { readonly kind: 'answer' }>): void {
    const index = this.#inFlight.findIndex((share) => share.id === id);
    const share = this.#inFlight[index];
    if (share === undefined) {
      this.#group.onFailure(`an answer to no share (id ${JSON.stringify(id)})`);
      return;
    }
    this.#inFlight.splice(index, 1);
    if (index > 0) this.#group.onFailure('an answer out of order');
    if (isAccepted) this.#group.onAccepted(this, share.dueMs);
    else this.#group.onRefused(this, share.dueMs, `share refused ${words}`);
  }
}
