/**
 * The miners: many TCP connections from one process, light enough to load a proxy on the same machine. Commanded over IPC
 * by the bench. Nothing is forgiven: a refused share, an answer out of order or missing, a closed socket is counted and reported.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { serve } from './control.ts';
import { percentile } from './statistics.ts';

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

export interface Opened {
  /** Miners that are authorised and hold a job. */
  readonly ready: number;
  /** What went wrong, and how many times; empty when every miner is ready. */
  readonly failures: Readonly<Record<string, number>>;
  /** From the first connect call to the last miner ready (or to the time limit). */
  readonly elapsedMs: number;
  /** Each miner's own time from its connect call until it held a job. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface RunOptions {
  readonly group: string;
  readonly durationMs: number;
  /** Shares per second over all miners, evenly spaced, sent whether or not answers come; null: each miner waits for its answer and sends the next. */
  readonly rate: number | null;
  /** How long to wait at the end for answers that are missing. */
  readonly drainMs: number;
  /** Refusals are counted and are no failures. */
  readonly mayRefuse?: boolean;
}

export interface Ran {
  readonly sent: number;
  readonly accepted: number;
  readonly refused: number;
  /** Sent and neither accepted nor refused: no answer came, or the connection had gone. */
  readonly unanswered: number;
  /** Miners whose connection ended meanwhile. */
  readonly gone: number;
  /** Refusals, answers that match no share, disconnects, shares never answered: by kind. Empty when all is well. */
  readonly failures: Readonly<Record<string, number>>;
  /** From the first share sent to the last answer. */
  readonly elapsedMs: number;
  /** Answer minus the time the share was due (open loop) or sent (closed loop). */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  /** Of all answers, refusals included. */
  readonly slowestMs: number;
  /** How late shares left this process: large values mean the generator is the bottleneck and the run says little. */
  readonly lateP99Us: number;
  /** CPU of this process over the run, per share. */
  readonly cpuUsPerShare: number;
}

export interface JobSeen {
  readonly received: number;
  readonly missing: number;
  /** Monotonic clock of the machine in microseconds. */
  readonly firstUs: number;
  readonly lastUs: number;
}

type Phase = 'connecting' | 'subscribing' | 'authorizing' | 'waiting' | 'ready' | 'gone';

/** One submit on its way: the id it carries and when it was due (ms of this process's clock). */
interface InFlight {
  readonly id: number;
  readonly dueMs: number;
}

/** What miners leave behind that have hung up. */
export interface Left {
  /** Failures since the last command of the group. */
  readonly failures: Readonly<Record<string, number>>;
  /** One per miner, in their order, as the subscribe reply gave it; empty where it gave none. */
  readonly sessionIds: readonly string[];
}

/** Shares leave at the beat nearest to the moment they are due. */
const BEAT_MS = 0.25;
const MAX_LINE = 65_536;
const ANSWER_TAIL = ',"result":true,"error":null}';
/** The method, not the subscription of that name in the reply to subscribe. */
const NOTIFY = /"method": ?"mining\.notify"/;
/** One buffer for all sockets: what is read is taken out of it before the next read. */
const readBuffer = Buffer.allocUnsafe(65_536);

class Miner {
  readonly user: string;
  phase: Phase = 'connecting';
  readonly startedMs: number = performance.now();
  readonly #group: Group;
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

  constructor(group: Group, options: OpenOptions, index: number) {
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

class Group {
  readonly #options: OpenOptions;
  readonly #miners: Miner[] = [];
  readonly #openedMs = performance.now();
  readonly #readyMs: number[] = [];
  #failures: Record<string, number> = {};
  #ended = 0;
  #onProgress: () => void = () => undefined;
  #run: Run | null = null;
  #jobWatch: JobWatch | null = null;

  constructor(options: OpenOptions) {
    this.#options = options;
  }

  async open(): Promise<Opened> {
    const { count, atOnce, timeoutMs } = this.#options;
    const finished = (): number => this.#readyMs.length + this.#ended;
    const done = await settled(timeoutMs, (check) => {
      const proceed = (): void => {
        while (this.#miners.length < count && this.#miners.length - finished() < atOnce)
          this.#miners.push(new Miner(this, this.#options, this.#miners.length));
        check(finished() >= count);
      };
      this.#onProgress = proceed;
      proceed();
    });
    this.#onProgress = () => undefined;
    if (!done) for (const miner of this.#miners) if (miner.phase !== 'ready') this.#countStuck(miner);
    return {
      ready: this.#readyMs.length,
      failures: this.takeFailures(),
      elapsedMs: performance.now() - this.#openedMs,
      p50Ms: percentile(this.#readyMs, 50),
      p99Ms: percentile(this.#readyMs, 99),
    };
  }

  async run(options: RunOptions): Promise<Ran> {
    this.#run = new Run(this.#miners, options);
    try {
      return await this.#run.finish(
        (reason, times) => this.onFailure(reason, times),
        () => this.takeFailures(),
      );
    } finally {
      this.#run = null;
    }
  }

  watchJob(marker: string | null): void {
    const ready = this.#miners.filter((miner) => miner.phase === 'ready').length;
    this.#jobWatch = new JobWatch(ready, marker);
  }

  async jobSeen(marker: string, timeoutMs: number): Promise<JobSeen> {
    if (this.#jobWatch === null) throw new Error('no job is watched for');
    const seen = await this.#jobWatch.finish(marker, timeoutMs);
    this.#jobWatch = null;
    return seen;
  }

  close(): void {
    for (const miner of this.#miners) miner.close();
  }

  /** Every other miner hangs up with FIN, the rest with RST. */
  async leave(timeoutMs: number): Promise<Left> {
    const sessionIds = this.#miners.map((miner) => miner.sessionId);
    const polite = this.#miners.filter((_, index) => index % 2 === 0);
    const hangingUp = polite.map((miner) => miner.hangUp(timeoutMs));
    for (const [index, miner] of this.#miners.entries()) if (index % 2 === 1) miner.close();
    const stuck = (await Promise.all(hangingUp)).filter((isClosed) => !isClosed).length;
    this.onFailure(`a FIN not answered by one within ${timeoutMs} ms`, stuck);
    this.close();
    return { failures: this.takeFailures(), sessionIds };
  }

  onReady(miner: Miner): void {
    this.#readyMs.push(performance.now() - miner.startedMs);
    this.#onProgress();
  }

  onEnd(miner: Miner, reason: string): void {
    this.#ended++;
    this.onFailure(reason);
    this.#run?.onGone(miner);
    this.#onProgress();
  }

  onAccepted(miner: Miner, dueMs: number): void {
    if (this.#run === null) this.onFailure('an answer after the run');
    else this.#run.onAccepted(miner, dueMs);
  }

  onRefused(miner: Miner, dueMs: number, reason: string): void {
    if (this.#run?.mayRefuse !== true) this.onFailure(reason);
    this.#run?.onRefused(miner, dueMs);
  }

  onJob(miner: Miner, line: string): void {
    this.#jobWatch?.onJob(miner, line);
  }

  onFailure(reason: string, times = 1): void {
    if (times > 0) this.#failures[reason] = (this.#failures[reason] ?? 0) + times;
  }

  takeFailures(): Readonly<Record<string, number>> {
    const failures = this.#failures;
    this.#failures = {};
    return failures;
  }

  #countStuck(miner: Miner): void {
    if (miner.phase !== 'gone') this.onFailure(`still ${miner.phase} after ${this.#options.timeoutMs} ms`);
  }
}

/** The id in `[[["mining.set_difficulty", id], ["mining.notify", id]], extranonce1, size]`. */
function sessionIdIn(result: unknown): string {
  const subscriptions: unknown = Array.isArray(result) ? result[0] : null;
  const first: unknown = Array.isArray(subscriptions) ? subscriptions[0] : null;
  const id: unknown = Array.isArray(first) ? first[1] : null;
  return typeof id === 'string' ? id : '';
}

/** One stretch of load on a group of miners. */
class Run {
  readonly #miners: readonly Miner[];
  readonly #options: RunOptions;
  readonly #latenciesMs: number[] = [];
  readonly #latesMs: number[] = [];
  #startMs = 0;
  #lastAnswerMs = 0;
  #due = 0;
  #sent = 0;
  #refused = 0;
  #lost = 0;
  #gone = 0;
  #slowestRefusalMs = 0;
  #unsendable = 0;
  #isSending = true;
  #check: () => void = () => undefined;

  constructor(miners: readonly Miner[], options: RunOptions) {
    this.#miners = miners;
    this.#options = options;
  }

  get mayRefuse(): boolean {
    return this.#options.mayRefuse ?? false;
  }

  async finish(
    onFailure: (reason: string, times: number) => void,
    takeFailures: () => Readonly<Record<string, number>>,
  ): Promise<Ran> {
    const { rate, durationMs, drainMs } = this.#options;
    const pacer = rate === null ? null : startPacer(BEAT_MS);
    if (pacer !== null) await firstBeat(pacer);
    const cpu = process.cpuUsage();
    this.#startMs = performance.now();
    if (pacer !== null && rate !== null) {
      await this.#sendPaced(pacer, rate, durationMs);
    } else {
      for (const miner of this.#miners) this.#send(miner, performance.now());
      await new Promise((resolve) => setTimeout(resolve, durationMs));
    }
    this.#isSending = false;
    pacer?.kill('SIGKILL');
    await settled(drainMs, (check) => {
      this.#check = () => check(this.#latenciesMs.length + this.#refused + this.#lost >= this.#sent);
      this.#check();
    });
    const missing = this.#miners.reduce((sum, miner) => sum + miner.giveUp(), 0);
    onFailure('share never answered', missing);
    onFailure('share lost with its connection', this.#lost);
    onFailure('share not sent: its miner is gone', this.#unsendable);
    const used = process.cpuUsage(cpu);
    const accepted = this.#latenciesMs.length;
    return {
      sent: this.#sent,
      accepted,
      refused: this.#refused,
      unanswered: missing + this.#lost,
      gone: this.#gone,
      failures: takeFailures(),
      elapsedMs: this.#lastAnswerMs - this.#startMs,
      p50Us: 1000 * percentile(this.#latenciesMs, 50),
      p99Us: 1000 * percentile(this.#latenciesMs, 99),
      maxUs: 1000 * percentile(this.#latenciesMs, 100),
      slowestMs: Math.max(this.#slowestRefusalMs, percentile(this.#latenciesMs, 100) || 0),
      lateP99Us: 1000 * percentile(this.#latesMs, 99),
      cpuUsPerShare: (used.user + used.system) / Math.max(1, accepted),
    };
  }

  onAccepted(miner: Miner, dueMs: number): void {
    const now = performance.now();
    this.#lastAnswerMs = now;
    this.#latenciesMs.push(now - dueMs);
    this.#afterAnswer(miner, now);
  }

  onRefused(miner: Miner, dueMs: number): void {
    this.#refused++;
    this.#lastAnswerMs = performance.now();
    this.#slowestRefusalMs = Math.max(this.#slowestRefusalMs, this.#lastAnswerMs - dueMs);
    this.#afterAnswer(miner, this.#lastAnswerMs);
  }

  onGone(miner: Miner): void {
    this.#gone++;
    this.#lost += miner.giveUp();
    if (!this.#isSending) this.#check();
  }

  #afterAnswer(miner: Miner, now: number): void {
    if (!this.#isSending) this.#check();
    else if (this.#options.rate === null) this.#send(miner, now);
  }

  #send(miner: Miner, dueMs: number): void {
    if (miner.submit(dueMs)) this.#sent++;
    else this.#unsendable++;
  }

  async #sendPaced(pacer: ChildProcess, rate: number, durationMs: number): Promise<void> {
    const total = Math.floor((rate * durationMs) / 1000);
    const intervalMs = 1000 / rate;
    await settled(durationMs + this.#options.drainMs, (check) => {
      pacer.stdout?.on('data', () => {
        const now = performance.now();
        for (; this.#due < total; this.#due++) {
          const dueMs = this.#startMs + this.#due * intervalMs;
          if (dueMs > now + BEAT_MS / 2) break;
          const miner = this.#miners[this.#due % this.#miners.length];
          if (miner === undefined) break;
          this.#latesMs.push(Math.max(0, now - dueMs));
          this.#send(miner, Math.min(dueMs, now));
        }
        check(this.#due >= total);
      });
    });
  }
}

/** Waits until every miner that was ready has received one particular job. */
class JobWatch {
  readonly #expected: number;
  #marker: string | null;
  /** What came while the marker was not known. */
  readonly #lines: { readonly miner: Miner; readonly line: string; readonly atUs: number }[] = [];
  readonly #firstUs = new Map<Miner, number>();
  #check: () => void = () => undefined;

  constructor(expected: number, marker: string | null) {
    this.#expected = expected;
    this.#marker = marker;
  }

  onJob(miner: Miner, line: string): void {
    const atUs = Number(process.hrtime.bigint()) / 1000;
    if (this.#marker === null) this.#lines.push({ miner, line, atUs });
    else this.#match(this.#marker, miner, line, atUs);
  }

  /** Where the pool chooses the marker as it sends the job, it is known only now. */
  async finish(marker: string, timeoutMs: number): Promise<JobSeen> {
    this.#marker = marker;
    for (const { miner, line, atUs } of this.#lines.splice(0)) this.#match(marker, miner, line, atUs);
    await settled(timeoutMs, (check) => {
      this.#check = () => check(this.#firstUs.size >= this.#expected);
      this.#check();
    });
    const times = [...this.#firstUs.values()];
    return {
      received: times.length,
      missing: this.#expected - times.length,
      firstUs: percentile(times, 0),
      lastUs: percentile(times, 100),
    };
  }

  #match(marker: string, miner: Miner, line: string, atUs: number): void {
    if (this.#firstUs.has(miner) || !line.includes(marker)) return;
    this.#firstUs.set(miner, atUs);
    this.#check();
  }
}

/** Resolves true once `check(true)` has been called, false after the time limit. */
function settled(timeoutMs: number, start: (check: (isDone: boolean) => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    start((isDone) => {
      if (!isDone) return;
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function startPacer(periodMs: number): ChildProcess {
  const file = fileURLToPath(new URL('./pacer.ts', import.meta.url));
  return spawn(process.execPath, [file, String(periodMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
}

function firstBeat(pacer: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    pacer.once('error', reject);
    pacer.once('exit', () => reject(new Error('the pacer ended before its first beat')));
    pacer.stdout?.once('data', () => resolve());
  });
}

const groups = new Map<string, Group>();

function groupOf(name: string): Group {
  const group = groups.get(name);
  if (group === undefined) throw new Error(`no group of miners is called ${name}`);
  return group;
}

const commands = {
  open: (options: OpenOptions): Promise<Opened> => {
    if (groups.has(options.group)) throw new Error(`the group ${options.group} is open already`);
    const group = new Group(options);
    groups.set(options.group, group);
    return group.open();
  },
  run: (options: RunOptions): Promise<Ran> => groupOf(options.group).run(options),
  /** A marker that is known beforehand spares the miners' lines from being kept until it is. */
  watchJob: ({ group, marker }: { group: string; marker?: string }): void =>
    groupOf(group).watchJob(marker ?? null),
  jobSeen: ({
    group,
    marker,
    timeoutMs,
  }: {
    group: string;
    marker: string;
    timeoutMs: number;
  }): Promise<JobSeen> => groupOf(group).jobSeen(marker, timeoutMs),
  leave: ({ group, timeoutMs }: { group: string; timeoutMs: number }): Promise<Left> => {
    const leaving = groupOf(group);
    groups.delete(group);
    return leaving.leave(timeoutMs);
  },
  /** Failures since the last command of this group: a socket that was closed while nobody looked. */
  close: ({ group }: { group: string }): Readonly<Record<string, number>> => {
    const closing = groupOf(group);
    groups.delete(group);
    const failures = closing.takeFailures();
    closing.close();
    return failures;
  },
};

export type LoadCommands = typeof commands;

serve(commands);
