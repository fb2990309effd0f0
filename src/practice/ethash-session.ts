import type { Socket } from 'node:net';
import { difficultyOfTarget } from '../domain/difficulty.ts';
import { ClientLine, type ClientMessage } from './client-line.ts';
import { ETHASH_FLAVOURS, type EthashRequest, jobKeyOf } from './ethash-flavours.ts';
import { type EthashProof, ethashPreimage, type PracticeFlavour } from './ethash-proof.ts';
import type { SubmitVerdict } from './judge.ts';
import { keepNewest } from './keep-newest.ts';
import type { PoolBooks } from './pool-books.ts';
import { REFUSALS, type RefusalReason } from './refusal.ts';

/** One job of the pool; hex in lower case. */
export interface EthashJob {
  readonly id: string;
  readonly header: string;
  readonly seed: string;
  readonly epoch: number;
  readonly height: number;
  /** Nonces received for it; a second one of the same is a duplicate. */
  readonly seen: Set<string>;
}

/** A job as one client got it. */
export interface SentWork {
  readonly job: EthashJob;
  readonly clean: boolean;
  readonly difficulty: number;
  /** 64 digits, big-endian. */
  readonly target: string;
  /** Beginning of the client's nonces; empty where it has all of them. */
  readonly prefix: string;
}

/** What the flavours vary with. */
export interface EthashManners {
  readonly flavour: PracticeFlavour;
  /** EthProxy: false makes clients ask by `eth_getWork`. */
  readonly pushesJobs: boolean;
  /** Targets without leading zeros. [coinmine.pl] */
  readonly writesShortTargets: boolean;
  readonly extranonceSubscribe: 'answer' | 'error' | 'ignore';
  /** [sammy007/open-ethereum-pool] After any refusal the connection ends. */
  readonly closesOnRefusal: boolean;
}

/** What a client needs of its pool. */
export interface EthashPorts {
  readonly proof: EthashProof;
  readonly books: PoolBooks;
  readonly options: EthashManners;
  checkLogin(user: string, password: string): boolean;
  /** The newest job; null before the first. */
  currentJob(): EthashJob | null;
  difficulty(): number;
  targetOf(difficulty: number): string;
  isRetired(jobKey: string): boolean;
}

/** [sammy007/open-ethereum-pool proxy/stratum.go] Longest line taken. */
const MAX_LINE_BYTES = 1024;
/** Jobs kept per client, as many as MoneroOcean's pool keeps. */
const MAX_JOBS = 8;

/** One client of the ethash practice pool, in whichever flavour the pool speaks. */
export class EthashSession {
  readonly number: number;
  readonly sessionId: string;
  readonly options: EthashManners;
  readonly users = new Set<string>();
  /** Methods in the order received, the first 64. */
  readonly methods: string[] = [];
  agent = '';
  isGreeted = false;
  isSubscribed = false;
  /** It announced that it follows another prefix. */
  takesPrefix = false;
  prefix: string;
  /** What the client was last told. */
  told: { difficulty: number | null; epoch: number | null; prefix: string } = {
    difficulty: null,
    epoch: null,
    prefix: '',
  };
  readonly #ports: EthashPorts;
  readonly #line: ClientLine;
  readonly #sent = new Map<string, SentWork>();
  readonly #tokens = new Map<string, string>();
  #hasJob = false;

  constructor(
    ports: EthashPorts,
    given: { readonly socket: Socket; readonly number: number; readonly prefix: string },
  ) {
    this.#ports = ports;
    this.number = given.number;
    this.prefix = given.prefix;
    this.options = ports.options;
    this.sessionId = `s-${given.number}`;
    this.#line = new ClientLine(given.socket, {
      books: ports.books,
      maxLineBytes: MAX_LINE_BYTES,
      isHanging: () => false,
      onMessage: (message) => this.#onMessage(message),
    });
  }

  get isAuthorized(): boolean {
    return this.users.size > 0;
  }

  greet(agent: string): void {
    this.isGreeted = true;
    this.agent = agent;
    this.#ports.books.lastAgent = agent;
  }

  subscribe(agent: unknown): void {
    const { books } = this.#ports;
    this.isSubscribed = true;
    this.agent = typeof agent === 'string' ? agent : '';
    books.subscribes += 1;
    books.lastAgent = this.agent;
  }

  /** True where the user is let in; else it has been refused. */
  login(request: EthashRequest, user: string, password: unknown): boolean {
    const { books, checkLogin } = this.#ports;
    if (!checkLogin(user, typeof password === 'string' ? password : '')) {
      books.authorizeFailures += 1;
      this.refuse(request, 'unauthorized', 'Invalid login');
      return false;
    }
    books.authorizes += 1;
    this.users.add(user);
    return true;
  }

  /** The first job, once the client is far enough. */
  begin(): void {
    const job = this.#ports.currentJob();
    if (job !== null && !this.#hasJob) this.sendJob(job, true);
  }

  sendJob(job: EthashJob, clean: boolean): void {
    if (!this.isAuthorized) return;
    const work = this.#workOf(job, clean);
    const flavour = ETHASH_FLAVOURS[this.options.flavour];
    const text = flavour.job(work, this, !this.#hasJob);
    this.#keep(work);
    this.send(text);
  }

  /** The newest job as this client would get it now. */
  currentWork(): SentWork | null {
    const job = this.#ports.currentJob();
    if (job === null) return null;
    const work = this.#workOf(job, false);
    this.#keep(work);
    return work;
  }

  /** Another prefix from the next job on. */
  setPrefix(prefix: string): void {
    this.prefix = prefix;
    if (this.options.flavour === 'ethereum-stratum') {
      this.send(`${JSON.stringify({ id: null, method: 'mining.set_extranonce', params: [prefix] })}\n`);
      this.told.prefix = prefix;
    }
  }

  prefixOf(jobKey: unknown): string {
    return this.#sent.get(String(jobKey))?.prefix ?? this.prefix;
  }

  tokenOf(user: string): string {
    const known = [...this.#tokens].find(([, name]) => name === user)?.[0];
    const token = known ?? `w-${this.#tokens.size + 1}`;
    this.#tokens.set(token, user);
    return token;
  }

  userOfToken(token: unknown): string | undefined {
    return this.#tokens.get(String(token));
  }

  /** EthProxy: the login, under another rig where the submit names one. */
  userOfRig(rig: unknown): string | undefined {
    const [user] = this.users;
    if (typeof rig !== 'string' || user === undefined) return user;
    const named = `${user.split('.', 1)[0]}.${rig}`;
    this.users.add(named);
    return named;
  }

  answer(request: EthashRequest, result: string): void {
    this.send(ETHASH_FLAVOURS[this.options.flavour].success(request.id, result));
  }

  refuse(request: EthashRequest, reason: RefusalReason, text: string = REFUSALS[reason].text): void {
    const line = ETHASH_FLAVOURS[this.options.flavour].refusal(request.id, reason, text);
    if (this.options.closesOnRefusal) this.#line.bye(line);
    else this.send(line);
  }

  /** `share` is null where it was malformed. */
  submit(
    request: EthashRequest,
    given: {
      readonly user: unknown;
      readonly jobKey: unknown;
      readonly share: { readonly nonce: string; readonly header?: string; readonly mix?: string } | null;
    },
  ): void {
    const verdict = this.#judge(given);
    // The answer is queued before the books move, so that whoever waits on them can already count on it.
    if (verdict.accepted) this.answer(request, 'true');
    else this.refuse(request, verdict.reason, verdict.text ?? undefined);
    this.#ports.books.record(this.number, request.params, verdict);
  }

  send(text: string): void {
    this.#line.send(text);
  }

  drop(reset: boolean): void {
    this.#line.drop(reset);
  }

  forgetJobs(): void {
    this.#sent.clear();
  }

  #workOf(job: EthashJob, clean: boolean): SentWork {
    const difficulty = this.#ports.difficulty();
    const target = this.#ports.targetOf(difficulty);
    return { job, clean, difficulty, target, prefix: this.prefix };
  }

  #keep(work: SentWork): void {
    const key = jobKeyOf(this.options.flavour, work.job);
    this.#sent.delete(key);
    this.#sent.set(key, work);
    this.told = { difficulty: work.difficulty, epoch: work.job.epoch, prefix: work.prefix };
    this.#hasJob = true;
    keepNewest(this.#sent, MAX_JOBS);
  }

  #judge({
    user,
    jobKey,
    share,
  }: {
    readonly user: unknown;
    readonly jobKey: unknown;
    readonly share: { readonly nonce: string; readonly header?: string; readonly mix?: string } | null;
  }): SubmitVerdict {
    const name = typeof user === 'string' ? user : '';
    const refuse = (reason: RefusalReason, text: string = REFUSALS[reason].text): SubmitVerdict => ({
      accepted: false,
      user: name,
      reason,
      text,
      hashDifficulty: null,
    });
    if (!this.users.has(name)) return refuse('unauthorized');
    if (share === null) return refuse('malformed');
    const work = typeof jobKey === 'string' ? this.#sent.get(jobKey) : undefined;
    if (work === undefined) return refuse(this.#ports.isRetired(String(jobKey)) ? 'stale' : 'unknown-job');
    const { job, target, difficulty, prefix } = work;
    if (!share.nonce.startsWith(prefix)) return refuse('malformed', `The nonce must begin with ${prefix}`);
    if (share.header !== undefined && share.header !== job.header)
      return refuse('malformed', 'Not the header of the job');
    if (job.seen.has(share.nonce)) return refuse('duplicate');
    job.seen.add(share.nonce);
    const { proof } = this.#ports;
    const preimage = ethashPreimage(job.header, share.nonce);
    const result = Buffer.from(proof.result(preimage));
    const hashDifficulty = difficultyOfTarget(result, 1);
    if (share.mix !== undefined && share.mix !== Buffer.from(proof.mix(preimage)).toString('hex'))
      return { ...refuse('malformed', 'Invalid mix hash'), hashDifficulty };
    if (result.toString('hex') > target) return { ...refuse('low-difficulty'), hashDifficulty };
    return { accepted: true, user: name, difficulty, hashDifficulty };
  }

  #onMessage(read: ClientMessage): void {
    const { method } = read;
    // An answer to something that was asked of the client.
    if (typeof method !== 'string') return;
    if (this.methods.length < 64) this.methods.push(method);
    const request = { id: JSON.stringify(read['id'] ?? null), method, params: read['params'], message: read };
    const flavour = ETHASH_FLAVOURS[this.options.flavour];
    const fault = flavour.formFault(read);
    if (fault !== null) {
      this.#ports.books.faults += 1;
      this.refuse(request, 'malformed', fault);
    } else if (!flavour.onRequest(this, request)) {
      this.#ports.books.unknownMethod(method);
      this.refuse(request, 'malformed', 'Method not found');
    }
  }
}
