import type { Socket } from 'node:net';
import type { Clock } from '../kit/clock.ts';
import { hex32 } from '../kit/hex.ts';
import { ClientLine, type ClientMessage } from './client-line.ts';
import { judgeSubmit, type SentJob, type SubmitContext } from './judge.ts';
import { keepNewest } from './keep-newest.ts';
import type { PoolBooks } from './pool-books.ts';
import type { PoolManners } from './pool-manners.ts';
import type { PracticeAlgorithm } from './practice-algorithms.ts';
import type { PracticeJob } from './practice-job.ts';
import { REFUSALS, type RefusalReason, refusalLine, successLine } from './refusal.ts';
import { type RetargetPolicy, retarget } from './retarget.ts';

/** Longest request taken; NOMP closes above 10 KB. */
const MAX_LINE_BYTES = 10 * 1024;
/** Jobs kept per connection; older ones become stale. */
const MAX_JOBS = 32;
/** Lines kept per connection while the pool hangs. */
const MAX_KEPT_LINES = 10_000;
/** A client that does not read is dropped above this. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;

/** What outlives a connection for a client that comes back with its session id. */
export interface ResumableSession {
  readonly sessionId: string;
  extranonce1: string;
  readonly sent: Map<string, SentJob>;
}

/** What a connection needs of its pool. */
export interface ConnectionPorts {
  readonly clock: Clock;
  readonly books: PoolBooks;
  readonly work: PracticeAlgorithm;
  readonly manners: PoolManners;
  /** Opens a session, or gives an earlier one back; null where there is no free extranonce1. */
  openSession(sessionId: string | null, by: PracticeConnection): ResumableSession | null;
  checkLogin(user: string, password: string): boolean;
  targetOf(difficulty: number): Uint8Array;
  /** The job to begin with; null while the pool has none or keeps silent. */
  currentJob(): PracticeJob | null;
  isRetired(jobId: string): boolean;
}

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: unknown;
}

/** One client of the practice pool: its socket, its state, an answer to each of its requests. */
export class PracticeConnection implements SubmitContext {
  readonly number: number;
  readonly remoteAddress: string;
  agent = '';
  /** Names authorized so far. */
  readonly users = new Set<string>();
  /** Methods in the order received, the first 64. */
  readonly methods: string[] = [];
  sessionId: string | null = null;
  extranonce1 = '';
  extranonce2Bytes: number;
  takesExtranonce = false;
  /** Difficulty last told; null before the first. */
  difficulty: number | null = null;
  versionMask: number | null = null;

  readonly #ports: ConnectionPorts;
  readonly #socket: Socket;
  readonly #line: ClientLine;
  #sent = new Map<string, SentJob>();
  /** The difficulty that goes out with the next job. */
  #wanted: number;
  /** From `minimum-difficulty`. */
  #floor = 0;
  #requestedMask = 0;
  #hasJob = false;
  #sharesSinceRetarget = 0;
  #retargetedAtMs: number;
  #out = '';
  #flushing = false;
  readonly #delayed: { readonly dueAtMs: number; readonly text: string }[] = [];
  #delayTimer: NodeJS.Timeout | undefined;
  #kept: string[] = [];

  constructor(
    ports: ConnectionPorts,
    given: {
      readonly socket: Socket;
      readonly number: number;
      readonly difficulty: number;
      readonly extranonce2Bytes: number;
    },
  ) {
    this.#ports = ports;
    this.#socket = given.socket;
    this.number = given.number;
    this.remoteAddress = `${given.socket.remoteAddress ?? ''}:${given.socket.remotePort ?? 0}`;
    this.#wanted = given.difficulty;
    this.extranonce2Bytes = given.extranonce2Bytes;
    this.#retargetedAtMs = ports.clock.monotonicMs();
    this.#line = new ClientLine(given.socket, {
      books: ports.books,
      maxLineBytes: MAX_LINE_BYTES,
      isHanging: () => ports.manners.hanging,
      onMessage: (message) => this.#onMessage(message),
      onHeld: (line) => this.#hold(line),
    });
    given.socket.on('close', () => this.#onClose());
  }

  get subscribed(): boolean {
    return this.sessionId !== null;
  }

  isAuthorized(user: string): boolean {
    return this.users.has(user);
  }

  sentJob(jobId: string): SentJob | undefined {
    return this.#sent.get(jobId);
  }

  isRetired(jobId: string): boolean {
    return this.#ports.isRetired(jobId);
  }

  /** Sends a job if the client is far enough for one, a changed difficulty with it. */
  sendJob(job: PracticeJob, clean: boolean): void {
    const { manners, clock, targetOf } = this.#ports;
    if (!this.subscribed || (manners.jobTiming === 'after-authorize' && this.users.size === 0)) return;
    const first = !this.#hasJob;
    if (manners.vardiff !== null) this.#retarget(manners.vardiff, clock.monotonicMs());
    const changed = this.difficulty !== this.#wanted;
    if (changed && manners.difficultyTiming !== 'after-job') this.#tellDifficulty();
    this.send(job.line(clean || first));
    if (changed && manners.difficultyTiming === 'after-job') this.#tellDifficulty();
    this.#hasJob = true;
    if (clean) this.#sent.clear();
    this.#sent.delete(job.id);
    this.#sent.set(job.id, {
      job,
      difficulty: this.#wanted,
      target: targetOf(this.#wanted),
      extranonce1: this.extranonce1,
      extranonce2Bytes: this.extranonce2Bytes,
    });
    keepNewest(this.#sent, MAX_JOBS);
  }

  /** Everything sent so far is void, without a word to the client. */
  forgetJobs(): void {
    this.#sent.clear();
  }

  /** In force from the next job on; `now` tells the client at once. */
  setDifficulty(difficulty: number, now: boolean): void {
    this.#wanted = Math.max(difficulty, this.#floor);
    this.#sharesSinceRetarget = 0;
    this.#retargetedAtMs = this.#ports.clock.monotonicMs();
    if (now) this.#tellDifficulty();
  }

  /** Takes effect with the next job, which the caller sends. */
  setExtranonce(extranonce1: string, extranonce2Bytes: number): void {
    this.extranonce1 = extranonce1;
    this.extranonce2Bytes = extranonce2Bytes;
    this.notify('mining.set_extranonce', [extranonce1, extranonce2Bytes]);
  }

  /** The pool's mask has changed; told to clients that negotiated one. */
  setVersionMask(mask: number): void {
    if (this.versionMask === null) return;
    this.versionMask = (mask & this.#requestedMask) >>> 0;
    this.notify('mining.set_version_mask', [hex32(this.versionMask)]);
  }

  notify(method: string, params: readonly unknown[]): void {
    this.send(`${JSON.stringify({ id: null, method, params })}\n`);
  }

  /** Queues text for this turn's one write, or for later where the pool is slow; dropped while it hangs. */
  send(text: string): void {
    const { manners, clock } = this.#ports;
    if (manners.hanging || this.#socket.destroyed) return;
    if (manners.replyDelayMs <= 0 && this.#delayed.length === 0) {
      this.#queue(text);
      return;
    }
    this.#delayed.push({ dueAtMs: clock.monotonicMs() + manners.replyDelayMs, text });
    if (this.#delayed.length === 1) this.#sendDue();
  }

  /** Bytes as they are, behind what this turn has to send. */
  sendBytes(bytes: Uint8Array): void {
    this.#flush();
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** The pool works again: what was kept while it hung is looked at now. */
  wake(): void {
    const lines = this.#kept;
    this.#kept = [];
    for (const line of lines) this.#line.hear(line);
  }

  /** Ends the connection at once; `reset` by RST instead of FIN. */
  drop(reset: boolean): void {
    this.#line.drop(reset);
  }

  /** Sends what is due from the head of the line, so that nothing overtakes what was said before it. */
  #sendDue(): void {
    const nowMs = this.#ports.clock.monotonicMs();
    for (let [first] = this.#delayed; first !== undefined; [first] = this.#delayed) {
      if (first.dueAtMs > nowMs) {
        this.#delayTimer = setTimeout(() => this.#sendDue(), first.dueAtMs - nowMs);
        return;
      }
      this.#delayed.shift();
      this.#queue(first.text);
    }
  }

  #queue(text: string): void {
    this.#out += text;
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    const text = this.#out;
    this.#out = '';
    if (text === '' || this.#socket.destroyed) return;
    this.#socket.write(text);
    if (this.#socket.writableLength > MAX_UNSENT_BYTES) this.#line.fault();
  }

  #onClose(): void {
    clearTimeout(this.#delayTimer);
    this.#delayed.length = 0;
    this.#kept = [];
  }

  #hold(line: string): void {
    if (this.#ports.manners.keepsWhileHanging && this.#kept.length < MAX_KEPT_LINES) this.#kept.push(line);
  }

  #onMessage({ id, method, params }: ClientMessage): void {
    if (typeof method === 'string') this.#onRequest({ id, method, params });
    // Else it answers something that the pool asked.
    else if (method !== undefined || id === undefined) this.#line.fault();
  }

  #onRequest(request: Request): void {
    if (this.methods.length < 64) this.methods.push(request.method);
    switch (request.method) {
      case 'mining.submit':
        this.#onSubmit(request);
        break;
      case 'mining.configure':
        this.#onConfigure(request);
        break;
      case 'mining.subscribe':
        this.#onSubscribe(request);
        break;
      case 'mining.authorize':
        this.#onAuthorize(request);
        break;
      case 'mining.extranonce.subscribe':
      case 'mining.subscribe.extranonce':
        this.#onExtranonceSubscribe(request);
        break;
      case 'mining.suggest_difficulty':
        this.#onSuggestDifficulty(request);
        break;
      case 'mining.get_transactions':
        this.#succeed(request, '[]');
        break;
      case 'mining.ping':
        this.#succeed(request, '"pong"');
        break;
      default:
        this.#onUnknown(request);
    }
  }

  #onSubmit(request: Request): void {
    const { books, work, manners } = this.#ports;
    if (manners.submits === 'ignore') return;
    const verdict = judgeSubmit(request.params, this, work, manners.verify);
    // The answer is queued before the books move, so that whoever waits on them can already count on it.
    if (verdict.accepted) this.#sharesSinceRetarget += 1;
    if (manners.submits === 'answer') {
      if (verdict.accepted) this.#succeed(request, 'true');
      else this.#refuse(request, verdict.reason, verdict.text);
    }
    books.record(this.number, request.params, verdict);
  }

  #onConfigure(request: Request): void {
    const { books, manners } = this.#ports;
    books.configures += 1;
    books.lastConfigure = request.params;
    if (manners.configure === 'never-if-subscribed' && this.subscribed) {
      this.#refuseWith(request, 21, 'ConfigurationOutOfOrder');
      return;
    }
    if (manners.configure === 'ignore') return;
    if (manners.configure === 'error') this.#refuseWith(request, 20, 'Not supported.');
    else if (manners.configure === 'close') this.#line.fault();
    else this.#configure(request);
  }

  #configure(request: Request): void {
    const [codes, values] = Array.isArray(request.params) ? (request.params as unknown[]) : [];
    const options = (typeof values === 'object' && values !== null ? values : {}) as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    for (const code of Array.isArray(codes) ? (codes as unknown[]) : []) {
      if (code === 'version-rolling')
        Object.assign(result, this.#grantRolling(options['version-rolling.mask']));
      else if (code === 'minimum-difficulty') {
        const value = Number(options['minimum-difficulty.value']);
        this.#floor = Number.isFinite(value) && value > 0 ? value : 0;
        this.#wanted = Math.max(this.#wanted, this.#floor);
        result[code] = true;
      } else if (code === 'subscribe-extranonce') {
        this.takesExtranonce = true;
        result[code] = true;
      } else if (code === 'info') result[code] = true;
      else if (typeof code === 'string') result[code] = false;
    }
    this.#succeed(request, JSON.stringify(result));
  }

  #grantRolling(requested: unknown): Record<string, unknown> {
    const wanted = typeof requested === 'string' ? Number.parseInt(requested, 16) : 0xffffffff;
    this.#requestedMask = Number.isNaN(wanted) ? 0 : wanted;
    const mask = ((this.#ports.manners.versionMask ?? 0) & this.#requestedMask) >>> 0;
    if (mask === 0) return { 'version-rolling': false };
    this.versionMask = mask;
    return { 'version-rolling': true, 'version-rolling.mask': hex32(mask) };
  }

  #onSubscribe(request: Request): void {
    const { books, manners } = this.#ports;
    const [agent, sessionId] = Array.isArray(request.params) ? (request.params as unknown[]) : [];
    books.subscribes += 1;
    books.lastAgent = typeof agent === 'string' ? agent : '';
    books.lastSessionId = typeof sessionId === 'string' ? sessionId : null;
    this.agent = books.lastAgent;
    if (this.subscribed) {
      this.#refuseWith(request, 20, 'Already subscribed');
      return;
    }
    const session = this.#ports.openSession(books.lastSessionId, this);
    if (session === null) {
      this.#refuseWith(request, 20, 'No extranonce left');
      return;
    }
    this.sessionId = session.sessionId;
    this.extranonce1 = session.extranonce1;
    this.#sent = session.sent;
    if (session.sessionId === books.lastSessionId) books.resumes += 1;
    const subscriptions = [
      ['mining.set_difficulty', session.sessionId],
      ['mining.notify', session.sessionId],
    ];
    const result = [subscriptions, session.extranonce1, this.extranonce2Bytes];
    this.#succeed(request, JSON.stringify(result));
    if (manners.jobTiming === 'after-subscribe' || this.users.size > 0) this.#beginWork();
  }

  #onAuthorize(request: Request): void {
    const { books, manners, checkLogin } = this.#ports;
    const [user, password] = Array.isArray(request.params) ? (request.params as unknown[]) : [];
    const secret = typeof password === 'string' ? password : '';
    if (typeof user !== 'string' || manners.refusesLogins || !checkLogin(user, secret)) {
      books.authorizeFailures += 1;
      this.#refuse(request, 'unauthorized', null);
      return;
    }
    books.authorizes += 1;
    const first = this.users.size === 0;
    this.users.add(user);
    this.#succeed(request, 'true');
    if (manners.difficultyTiming === 'after-authorize-again') {
      const option = /(?:^|,)\s*d=([0-9.e+-]+)/i.exec(secret);
      const difficulty = Number(option?.[1]);
      if (Number.isFinite(difficulty) && difficulty > 0) this.setDifficulty(difficulty, false);
      // [NOMP: authorize is followed by set_difficulty alone; it counts from the next job]
      this.#tellDifficulty();
    }
    if (first && manners.jobTiming === 'after-authorize') this.#beginWork();
  }

  #onExtranonceSubscribe(request: Request): void {
    const { extranonceSubscribe } = this.#ports.manners;
    if (extranonceSubscribe === 'ignore') return;
    if (extranonceSubscribe === 'error') this.#refuseWith(request, 20, 'Not supported.');
    else if (extranonceSubscribe === 'close') this.#line.fault();
    else {
      this.takesExtranonce = true;
      this.#succeed(request, 'true');
    }
  }

  #onSuggestDifficulty(request: Request): void {
    const { suggestDifficulty, vardiff } = this.#ports.manners;
    if (suggestDifficulty === 'ignore') return;
    if (suggestDifficulty === 'close') {
      this.#line.fault();
      return;
    }
    const [value] = Array.isArray(request.params) ? (request.params as unknown[]) : [];
    const difficulty = Number(value);
    if (suggestDifficulty === 'error' || !Number.isFinite(difficulty) || difficulty <= 0) {
      // [AntPool]
      this.#refuseWith(request, 40, 'unfit, ignore');
      return;
    }
    this.#succeed(request, 'true');
    const { min, max } = vardiff ?? { min: 0, max: Infinity };
    this.setDifficulty(Math.min(max, Math.max(min, difficulty)), true);
  }

  #onUnknown(request: Request): void {
    const { books, manners } = this.#ports;
    books.unknownMethod(request.method);
    if (manners.unknownMethods === 'error') this.#refuseWith(request, 20, 'Unknown method');
  }

  #beginWork(): void {
    const job = this.#ports.currentJob();
    if (job !== null) this.sendJob(job, false);
  }

  #tellDifficulty(): void {
    this.difficulty = this.#wanted;
    this.notify('mining.set_difficulty', [this.#wanted]);
  }

  #retarget(policy: RetargetPolicy, nowMs: number): void {
    const elapsedMs = nowMs - this.#retargetedAtMs;
    const next = retarget(this.#wanted, this.#sharesSinceRetarget, elapsedMs, policy);
    if (next !== this.#wanted) this.setDifficulty(next, false);
  }

  #succeed(request: Request, result: string): void {
    if (request.id === null || request.id === undefined) return;
    this.send(successLine(this.#ports.manners.errorShape, JSON.stringify(request.id), result));
  }

  #refuse(request: Request, reason: RefusalReason, text: string | null): void {
    this.#refuseWith(request, REFUSALS[reason].code, text ?? REFUSALS[reason].text);
  }

  #refuseWith(request: Request, code: number, text: string): void {
    if (request.id === null || request.id === undefined) return;
    this.send(refusalLine(this.#ports.manners.errorShape, JSON.stringify(request.id), code, text));
  }
}
