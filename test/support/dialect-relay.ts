import { createConnection, createServer, type Server, type Socket } from 'node:net';
import {
  difficultyOfHashes,
  joinStanding,
  type ShareTarget,
  type StandingParts,
  type Work,
  withStanding,
} from '../../src/domain/job.ts';
import type { Dialect, JobView } from '../../src/wire/dialect.ts';
import { LineFramer } from '../../src/wire/framing/line-framer.ts';
import type { MinerRequest, PoolEvent, PoolSubscription, SubmitRequest } from '../../src/wire/messages.ts';

const MAX_LINE_BYTES = 65_536;

/** The account that the relay mines under. */
export interface RelayAccount {
  readonly user: string;
  readonly password: string;
}

/**
 * The least that stands between one miner and one pool of relayed families: nothing but the two dialects' functions, a login call by call, the newest jobs, and the prefix handed
 * through. For tests of dialects against the practice pools and miners. A miner that announced no change of its prefix and needs one is closed, and told the right one when it
 * comes again, as the proxy does.
 */
export class DialectRelay {
  /** Faults of the pool, and messages of the miner that were no good. */
  readonly problems: string[] = [];
  readonly #miner: Dialect;
  readonly #pool: Dialect;
  readonly #account: RelayAccount;
  readonly #poolPort: number;
  readonly #sessions = new Set<RelaySession>();
  #server: Server | null = null;
  /** The prefix that the pool gave last: what the next miner is told at once. */
  hint = '';

  constructor(given: {
    readonly miner: Dialect;
    readonly pool: Dialect;
    readonly poolPort: number;
    readonly account: RelayAccount;
  }) {
    this.#miner = given.miner;
    this.#pool = given.pool;
    this.#account = given.account;
    this.#poolPort = given.poolPort;
  }

  /** Listens on a free port of the loopback. */
  async start(): Promise<number> {
    const server = createServer((socket) => {
      const upstream = createConnection({ host: '127.0.0.1', port: this.#poolPort });
      const session = new RelaySession(this, this.#miner, this.#pool, this.#account, socket, upstream);
      this.#sessions.add(session);
      socket.on('close', () => this.#sessions.delete(session));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.end();
    const server = this.#server;
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

class RelaySession {
  readonly #relay: DialectRelay;
  readonly #minerSide: Dialect['miner'];
  readonly #poolSide: Dialect['pool'];
  readonly #account: RelayAccount;
  readonly #miner: Socket;
  readonly #upstream: Socket;
  readonly #jobs = new Map<string, { readonly work: Work; readonly prefix: string }>();
  readonly #waiting = new Map<number, string>();
  #subscription: PoolSubscription = { sessionId: null, extranonce1: '', extranonce2Bytes: 0 };
  #standing: StandingParts | null = null;
  #target: ShareTarget | null = null;
  #difficulty = 1;
  #toldDifficulty = 0;
  #toldPrefix: string | null = null;
  #takesPrefix = false;
  #newest: Work | null = null;
  #step = -1;
  #id = 0;
  #serial = 0;
  #login: { readonly id: string } | null = null;
  #isIn = false;

  constructor(
    relay: DialectRelay,
    miner: Dialect,
    pool: Dialect,
    account: RelayAccount,
    minerSocket: Socket,
    upstream: Socket,
  ) {
    this.#relay = relay;
    this.#minerSide = miner.miner;
    this.#poolSide = pool.pool;
    this.#account = account;
    this.#miner = minerSocket;
    this.#upstream = upstream;
    readLines(minerSocket, (line) => this.#onRequest(this.#minerSide.decode(line)));
    readLines(upstream, (line) => this.#onEvent(this.#poolSide.decode(line)));
    for (const socket of [minerSocket, upstream]) {
      socket.on('error', () => this.end());
      socket.on('close', () => this.end());
    }
    upstream.once('connect', () => this.#nextCall());
  }

  end(): void {
    this.#miner.destroy();
    this.#upstream.destroy();
  }

  #nextCall(): void {
    this.#step += 1;
    const call = this.#poolSide.login[this.#step];
    if (call === undefined) {
      this.#isIn = true;
      this.#begin();
      return;
    }
    this.#id += 1;
    const line = call.write(this.#id, {
      ...this.#account,
      agent: 'relay/1',
      host: '127.0.0.1',
      port: 1234,
      algorithm: 'ethash',
      sessionId: null,
      versionMask: 0,
      isPlain: false,
    });
    if (line === null) this.#nextCall();
    else this.#upstream.write(line);
  }

  #onEvent(event: PoolEvent): void {
    switch (event.kind) {
      case 'several':
        for (const one of event.events) this.#onEvent(one);
        break;
      case 'reply':
        this.#onReply(event);
        break;
      case 'standing':
        this.#standing = joinStanding(this.#standing, event.standing);
        break;
      case 'target':
        this.#target = event.target;
        break;
      case 'difficulty':
        this.#difficulty = event.difficulty;
        break;
      case 'extranonce':
        this.#subscription = {
          ...this.#subscription,
          extranonce1: event.extranonce1,
          extranonce2Bytes: event.extranonce2Bytes,
        };
        break;
      case 'job':
        this.#newest = withStanding(event.work, this.#standing);
        this.#sendJob();
        break;
      case 'fault':
        this.#relay.problems.push(event.problem);
        this.end();
        break;
      case 'get-version':
      case 'message':
      case 'notice':
      case 'ping':
      case 'reconnect':
      case 'scale':
      case 'version-mask':
      default:
        break;
    }
  }

  #onReply(reply: Extract<PoolEvent, { kind: 'reply' }>): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting !== undefined) {
      this.#waiting.delete(reply.id);
      const { refusal } = reply;
      this.#miner.write(
        refusal === null
          ? this.#minerSide.yes(waiting)
          : this.#minerSide.refuse(waiting, { reason: this.#poolSide.classify(refusal), ...refusal }),
      );
      return;
    }
    const call = this.#poolSide.login[this.#step];
    if (call === undefined || reply.id !== this.#id) return;
    const outcome = call.read(reply.result, reply.refusal);
    if (outcome.kind !== 'taken') {
      this.#relay.problems.push(`${call.name}: ${JSON.stringify(outcome)}`);
      this.end();
      return;
    }
    if (outcome.subscription !== undefined) this.#subscription = outcome.subscription;
    if (outcome.worker !== undefined) this.#subscription = { ...this.#subscription, worker: outcome.worker };
    this.#nextCall();
  }

  #onRequest(request: MinerRequest): void {
    const miner = this.#minerSide;
    const say = (line: string): void => {
      this.#miner.write(line);
    };
    switch (request.kind) {
      case 'hello':
        say(miner.hello(request.id));
        break;
      case 'subscribe': {
        const { hint } = this.#relay;
        const { nonces } = miner;
        const prefix = nonces.kind === 'prefix' && nonces.told === 'at-subscribe' ? hint : '';
        if (nonces.kind === 'prefix' && nonces.told === 'at-subscribe') this.#toldPrefix = prefix;
        say(
          miner.subscribed(request.id, {
            sessionId: 'ab12',
            extranonce1: prefix,
            extranonce2Bytes: 8 - prefix.length / 2,
            agent: request.agent,
          }),
        );
        break;
      }
      case 'extranonce-subscribe':
        this.#takesPrefix = true;
        say(miner.yes(request.id));
        break;
      case 'authorize':
      case 'login':
        this.#login = { id: request.id };
        this.#begin();
        break;
      case 'get-job':
        if (this.#newest !== null) say(miner.currentJob(request.id, this.#viewOf(this.#newest)));
        break;
      case 'courtesy':
        say(miner.yes(request.id));
        break;
      case 'submit':
        this.#onSubmit(request);
        break;
      case 'capabilities':
      case 'configure':
      case 'fault':
      case 'get-transactions':
      case 'malformed':
      case 'multi-version':
      case 'ping':
      case 'reply':
      case 'suggest-difficulty':
      case 'suggest-target':
      case 'unknown':
      default:
        this.#relay.problems.push(JSON.stringify(request));
        if ('id' in request) {
          say(miner.refuse(request.id, { reason: 'other', message: 'Not understood', code: null }));
        }
    }
  }

  /** Once the pool knows us and the miner has logged in. */
  #begin(): void {
    if (!this.#isIn || this.#login === null) return;
    this.#miner.write(this.#minerSide.authorized(this.#login.id, { sessionId: 'ab12', job: null }));
    this.#login = { id: '' };
    this.#sendJob();
  }

  #sendJob(): void {
    const { nonces } = this.#minerSide;
    if (!this.#isIn || this.#login?.id !== '' || this.#newest === null) return;
    const { extranonce1, extranonce2Bytes } = this.#subscription;
    let text = '';
    if (nonces.kind === 'prefix' && this.#toldPrefix !== extranonce1) {
      this.#relay.hint = extranonce1;
      if (!nonces.isAlwaysTaken && !this.#takesPrefix) {
        this.end();
        return;
      }
      text += this.#minerSide.extranonce(extranonce1, extranonce2Bytes);
      this.#toldPrefix = extranonce1;
    }
    const view = this.#viewOf(this.#newest);
    if (view.difficulty !== this.#toldDifficulty) text += this.#minerSide.difficulty(view);
    this.#toldDifficulty = view.difficulty;
    this.#miner.write(text + this.#minerSide.job(view));
  }

  #viewOf(work: Work): JobView {
    const own = work.family === 'bitcoin' ? null : work.target;
    const target = own ?? this.#target;
    if (this.#minerSide.ownJobIds) this.#serial += 1;
    const jobId = this.#minerSide.ownJobIds ? this.#serial.toString(16) : this.#minerSide.jobId(work);
    this.#jobs.set(jobId, { work, prefix: this.#subscription.extranonce1 });
    return {
      jobId,
      work,
      coinb1Insert: '',
      lane: '',
      ntime: 0,
      clean: work.clean,
      difficulty: target === null ? this.#difficulty : difficultyOfHashes(target.hashes, 1),
      target,
      scale: 1,
      divider: 1,
      sessionId: 'ab12',
    };
  }

  #onSubmit(request: SubmitRequest): void {
    const { id, jobId } = request;
    const job = this.#jobs.get(jobId);
    const refuse = (reason: 'malformed' | 'unknown-job', message: string): void => {
      this.#miner.write(this.#minerSide.refuse(id, { reason, message, code: null }));
    };
    if (job === undefined) {
      refuse('unknown-job', 'Job not found');
      return;
    }
    const assembled = this.#minerSide.assemble(request, {
      user: this.#account.user,
      work: job.work,
      poolJobId: job.work.poolJobId,
      version: 0,
      ntime: 0,
      extranonce1: job.prefix,
      extranonce2Bytes: 8 - job.prefix.length / 2,
      lane: '',
      versionMask: 0,
      isRolling: false,
      judges: false,
    });
    if (assembled.kind === 'malformed') {
      refuse('malformed', assembled.problem);
      return;
    }
    this.#id += 1;
    this.#waiting.set(this.#id, id);
    this.#upstream.write(this.#poolSide.submit(this.#id, assembled.share, this.#subscription));
  }
}

function readLines(socket: Socket, onLine: (line: string) => void): void {
  const framer = new LineFramer();
  const sink = {
    onLine: (line: string): boolean => {
      onLine(line);
      return !socket.destroyed;
    },
  };
  socket.on('data', (chunk: Buffer) => {
    if (framer.push(chunk, MAX_LINE_BYTES, sink) !== null) socket.destroy();
  });
}
