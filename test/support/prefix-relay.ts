import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Endpoint } from '../../src/domain/endpoint.ts';
import type { ShareTarget, Work } from '../../src/domain/job.ts';
import type { Dialect, JobView, ShareClaim } from '../../src/wire/dialect.ts';
import { LineFramer } from '../../src/wire/framing/line-framer.ts';
import type { MinerRequest, PoolEvent, PoolSubscription, SubmitRequest } from '../../src/wire/messages.ts';
import { LOGIN_FACTS } from './relayed-fixtures.ts';

/** A share that went through, with what it claimed to be. */
export interface RelayedVerdict {
  readonly claim: ShareClaim | null;
  readonly isAccepted: boolean;
}

interface IssuedJob {
  readonly jobId: string;
  readonly work: Work;
  readonly target: ShareTarget | null;
  readonly prefix: string;
  readonly extranonce2Bytes: number;
}

const JOBS_KEPT = 64;

/**
 * The least that stands between a miner and a pool of one dialect: a login, a prefix with a byte of ours behind it, jobs, shares. For tests of a dialect against
 * programs that share no code with it; what a proxy is beyond that is not here.
 */
export class PrefixRelay {
  readonly verdicts: RelayedVerdict[] = [];
  /** Lines that a decoder could make nothing of. */
  readonly faults: string[] = [];
  readonly #dialect: Dialect;
  readonly #pool: Endpoint;
  readonly #user: string;
  readonly #lane: string;
  readonly #server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  /** `lane`: hex, what is put behind the pool's prefix. */
  constructor(
    dialect: Dialect,
    given: { readonly pool: Endpoint; readonly user: string; readonly lane: string },
  ) {
    this.#dialect = dialect;
    this.#pool = given.pool;
    this.#user = given.user;
    this.#lane = given.lane;
  }

  async start(): Promise<Endpoint> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return { host: '127.0.0.1', port: address.port };
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #serve(miner: Socket): void {
    const pool = connect(this.#pool);
    for (const [socket, other] of [
      [miner, pool],
      [pool, miner],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    const pair = new Pair(this.#dialect, {
      user: this.#user,
      lane: this.#lane,
      toMiner: (text) => miner.write(text),
      toPool: (text) => pool.write(text),
      onVerdict: (verdict) => this.verdicts.push(verdict),
      onFault: (problem) => this.faults.push(problem),
    });
    pool.once('connect', () => pair.login());
    const { dialect } = pair;
    feed(miner, (line) => pair.onRequest(dialect.miner.decode(line)));
    feed(pool, (line) => pair.onEvent(dialect.pool.decode(line)));
  }
}

function feed(socket: Socket, onLine: (line: string) => void): void {
  const framer = new LineFramer();
  socket.on('data', (chunk: Buffer) => {
    const fault = framer.push(chunk, 65_536, {
      onLine: (line) => {
        onLine(line);
        return !socket.destroyed;
      },
    });
    if (fault !== null) socket.destroy();
  });
}

interface PairPorts {
  readonly user: string;
  readonly lane: string;
  toMiner(text: string): void;
  toPool(text: string): void;
  onVerdict(verdict: RelayedVerdict): void;
  onFault(problem: string): void;
}

/** One miner and its connection to the pool. */
class Pair {
  readonly dialect: Dialect;
  readonly #ports: PairPorts;
  readonly #replies = new Map<number, (event: Extract<PoolEvent, { kind: 'reply' }>) => void>();
  readonly #jobs: IssuedJob[] = [];
  /** Requests of the miner that wait for the pool. */
  readonly #waiting: MinerRequest[] = [];
  #nextId = 1;
  #subscription: PoolSubscription | null = null;
  #isLoggedIn = false;
  #isAuthorized = false;
  #told = '';
  #toldDifficulty = '';
  #agent = '';
  #difficulty = 1;
  #target: ShareTarget | null = null;
  #scale = 1;
  #work: Work | null = null;
  #sequence = 0;

  constructor(dialect: Dialect, ports: PairPorts) {
    this.dialect = dialect;
    this.#ports = ports;
  }

  login(at = 0): void {
    const call = this.dialect.pool.login[at];
    if (call === undefined) {
      this.#isLoggedIn = true;
      this.#goOn();
      return;
    }
    const id = this.#nextId++;
    const line = call.write(id, { ...LOGIN_FACTS, user: this.#ports.user });
    if (line === null) {
      this.login(at + 1);
      return;
    }
    this.#replies.set(id, ({ result, refusal }) => {
      const outcome = call.read(result, refusal);
      if (outcome.kind !== 'taken') {
        this.#ports.onFault(`${call.name}: ${JSON.stringify(outcome)}`);
        return;
      }
      if (outcome.subscription !== undefined) this.#subscription = outcome.subscription;
      this.login(at + 1);
    });
    this.#ports.toPool(line);
  }

  onEvent(event: PoolEvent): void {
    switch (event.kind) {
      case 'reply':
        this.#replies.get(event.id)?.(event);
        this.#replies.delete(event.id);
        return;
      case 'job':
        this.#work = event.work;
        this.#sendJob();
        return;
      case 'difficulty':
        this.#difficulty = event.difficulty;
        this.#target = null;
        return;
      case 'target':
        this.#target = event.target;
        return;
      case 'scale':
        this.#scale = event.factor;
        return;
      case 'extranonce':
        this.#subscription = { ...event, sessionId: this.#subscription?.sessionId ?? null };
        return;
      case 'several':
        for (const one of event.events) this.onEvent(one);
        return;
      case 'fault':
        this.#ports.onFault(event.problem);
        return;
      case 'get-version':
      case 'message':
      case 'standing':
      case 'notice':
      case 'ping':
      case 'reconnect':
      case 'version-mask':
        return;
    }
  }

  onRequest(request: MinerRequest): void {
    const { miner } = this.dialect;
    const { toMiner } = this.#ports;
    switch (request.kind) {
      case 'subscribe':
        this.#agent = request.agent;
        this.#waiting.push(request);
        break;
      case 'authorize':
        this.#waiting.push(request);
        break;
      case 'submit':
        this.#submit(request);
        return;
      case 'extranonce-subscribe':
      case 'courtesy':
        toMiner(miner.yes(request.id));
        return;
      case 'fault':
      case 'malformed':
        this.#ports.onFault(request.problem);
        return;
      case 'capabilities':
      case 'configure':
      case 'get-job':
      case 'get-transactions':
      case 'hello':
      case 'login':
      case 'multi-version':
      case 'ping':
      case 'reply':
      case 'suggest-difficulty':
      case 'suggest-target':
      case 'unknown':
        this.#ports.onFault(`a miner that says ${request.kind}`);
        return;
    }
    this.#goOn();
  }

  get #prefix(): string {
    return (this.#subscription?.extranonce1 ?? '') + this.#ports.lane;
  }

  get #extranonce2Bytes(): number {
    return (this.#subscription?.extranonce2Bytes ?? 0) - this.#ports.lane.length / 2;
  }

  #goOn(): void {
    if (!this.#isLoggedIn) return;
    const { miner } = this.dialect;
    for (const request of this.#waiting.splice(0)) {
      if (request.kind === 'subscribe') {
        const isLater = miner.nonces.kind === 'prefix' && miner.nonces.told === 'later';
        const extranonce1 = isLater ? '' : this.#prefix;
        const extranonce2Bytes = isLater ? 0 : this.#extranonce2Bytes;
        this.#told = extranonce1;
        const session = { sessionId: 'a1', extranonce1, extranonce2Bytes, agent: this.#agent };
        this.#ports.toMiner(miner.subscribed(request.id, session));
      } else if (request.kind === 'authorize') {
        this.#ports.toMiner(miner.authorized(request.id, { sessionId: 'a1', job: null }));
        this.#isAuthorized = true;
      }
    }
    this.#sendJob();
  }

  #sendJob(): void {
    const work = this.#work;
    if (!this.#isAuthorized || work === null) return;
    const { miner } = this.dialect;
    if (this.#told !== this.#prefix) {
      this.#told = this.#prefix;
      this.#ports.toMiner(miner.extranonce(this.#prefix, this.#extranonce2Bytes));
    }
    this.#sequence += 1;
    const target = (work.family === 'bitcoin' ? null : work.target) ?? this.#target;
    const jobId = miner.ownJobIds ? `j${this.#sequence}` : miner.jobId(work);
    const form = miner.formOf?.(this.#agent);
    const view: JobView = {
      jobId,
      work,
      coinb1Insert: '',
      lane: '',
      ntime: 0,
      clean: work.family === 'bitcoin' || work.clean,
      difficulty: this.#difficulty,
      target,
      scale: this.#scale,
      divider: 1,
      sessionId: 'a1',
      ...(form === undefined ? {} : { form }),
    };
    const difficulty = `${this.#difficulty} ${target?.text}`;
    this.#ports.toMiner(
      (difficulty === this.#toldDifficulty ? '' : miner.difficulty(view)) + miner.job(view),
    );
    this.#toldDifficulty = difficulty;
    this.#jobs.push({
      jobId,
      work,
      target,
      prefix: this.#prefix,
      extranonce2Bytes: this.#extranonce2Bytes,
    });
    if (this.#jobs.length > JOBS_KEPT) this.#jobs.shift();
  }

  #submit(request: SubmitRequest): void {
    const { miner, pool, claim } = this.dialect;
    const { toMiner } = this.#ports;
    const job = this.#jobs.find(({ jobId }) => jobId === request.jobId);
    if (job === undefined || this.#subscription === null) {
      toMiner(miner.refuse(request.id, { reason: 'unknown-job', message: 'Job not found', code: null }));
      return;
    }
    const assembled = miner.assemble(request, {
      user: this.#ports.user,
      work: job.work,
      poolJobId: job.work.poolJobId,
      version: 0,
      ntime: 0,
      extranonce1: job.prefix,
      extranonce2Bytes: job.extranonce2Bytes,
      lane: '',
      versionMask: 0,
      isRolling: false,
      judges: false,
    });
    if (assembled.kind === 'malformed') {
      this.#ports.onFault(assembled.problem);
      toMiner(miner.refuse(request.id, { reason: 'malformed', message: assembled.problem, code: null }));
      return;
    }
    const claimed = claim?.(assembled.share, job.work, job.target) ?? null;
    const id = this.#nextId++;
    this.#replies.set(id, ({ result, refusal }) => {
      const isAccepted = refusal === null && pool.isYes(result);
      this.#ports.onVerdict({ claim: claimed, isAccepted });
      if (isAccepted) toMiner(miner.yes(request.id));
      else {
        const { code, message } = refusal ?? { code: null, message: 'Rejected' };
        toMiner(miner.refuse(request.id, { reason: pool.classify({ code, message }), message, code }));
      }
    });
    this.#ports.toPool(pool.submit(id, assembled.share, this.#subscription));
  }
}
