import { randomBytes } from 'node:crypto';
import { difficultyOfTarget } from '../domain/difficulty.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import {
  type EthashProof,
  ethashPreimage,
  HEADER_BYTES,
  type PracticeFlavour,
  STAND_IN_PROOF,
} from './ethash-proof.ts';
import { ETHASH_TONGUES, type EthashState, type EthashTask, type EthashTongue } from './ethash-tongues.ts';
import { HashLoop } from './hash-loop.ts';
import { MinerBooks } from './miner-books.ts';
import { Redialler } from './redialler.ts';
import { errorText, LinkError, type LinkMessage, RequestLink } from './request-link.ts';

export interface EthashMinerOptions {
  /** `detect`: look for it as ethminer does, a connection each. */
  readonly flavour: PracticeFlavour | 'detect';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Beside the name or behind it, as the flavour has it; default none. */
  readonly rig?: string;
  /** Default `x`. */
  readonly password?: string;
  /** Default `practice-ethminer/1.0`. */
  readonly agent?: string;
  /** Default 20,000. */
  readonly hashesPerSecondLimit?: number;
  /** Submit all 16 digits where those behind the prefix would do; default false. */
  readonly submitsWholeNonce?: boolean;
  /** Default {@link STAND_IN_PROOF}. */
  readonly proof?: EthashProof;
  /** Come back after the connection has ended; default true. */
  readonly reconnect?: boolean;
  /** Pause before that; default 500. */
  readonly reconnectMs?: number;
  /** Default 30,000; while it looks for the flavour the first answer has a second, as at ethminer. */
  readonly replyTimeoutMs?: number;
}

const DEFAULTS = {
  rig: '',
  password: 'x',
  agent: 'practice-ethminer/1.0',
  hashesPerSecondLimit: 20_000,
  submitsWholeNonce: false,
  proof: STAND_IN_PROOF,
  reconnect: true,
  reconnectMs: 500,
  replyTimeoutMs: 30_000,
} as const satisfies Omit<Required<EthashMinerOptions>, 'flavour' | 'host' | 'port' | 'user'>;

/** [ethereum-mining/ethminer EthStratumClient.cpp] The order of its attempts, and how long each waits. */
const DETECTION_ORDER: readonly PracticeFlavour[] = [
  'eip1571',
  'ethereum-stratum',
  'ethproxy',
  'ethash-plain',
];
const FIRST_ANSWER_MS = 1000;
/** Ids as ethminer has them. */
const FIRST_ID = 1;
const GET_WORK_ID = 5;
const HASHRATE_ID = 9;
const SUBMIT_ID = 40;

interface Live {
  readonly link: RequestLink;
  readonly tongue: EthashTongue;
  readonly flavour: PracticeFlavour;
  readonly state: EthashState;
  isLoggedIn: boolean;
}

/**
 * A miner of ethash coins with the stand-in proof of `ethash-proof.ts` and the habits of ethminer: its fixed ids, its search for the flavour, its single connection. It writes
 * down whatever is not exactly in its flavour's form ({@link MinerBooks.violations}).
 */
export class EthashMiner {
  readonly stats = new MinerBooks();
  readonly #options: Required<EthashMinerOptions>;
  readonly #dialler: Redialler<RequestLink>;
  readonly #loop: HashLoop;
  #live: Live | null = null;
  #task: EthashTask | null = null;
  #preimage: Buffer = Buffer.alloc(0);
  #nonce = 0n;
  /** Attempts to find the flavour so far. */
  #detecting = 0;
  #wasGreeted = false;

  constructor(collaborators: { readonly log: Log; readonly clock: Clock }, options: EthashMinerOptions) {
    this.#options = { ...DEFAULTS, ...options };
    const { log, clock } = collaborators;
    this.#loop = new HashLoop(clock, this.#options.hashesPerSecondLimit, (count) => this.#hash(count));
    this.#dialler = new Redialler(
      { log, books: this.stats },
      {
        open: (signal) => this.#open(signal),
        logIn: (link) => this.#logIn(link),
        onEnd: () => this.#onEnd(),
        pauseMs: () => this.#pauseMs(),
      },
    );
  }

  /** What is mined on now; null without a job. */
  get task(): EthashTask | null {
    return this.#task;
  }

  /** The flavour in use; null before it is found. */
  get flavour(): PracticeFlavour | null {
    return this.#live?.flavour ?? null;
  }

  /** Connects and mines until {@link stop}, or until the connection ends where it is not to come back. */
  start(): void {
    this.#dialler.start();
  }

  stop(): Promise<void> {
    return this.#dialler.stop();
  }

  /** Ends the connection as a power cut would; it comes back if it is to. */
  disconnect(): void {
    this.#dialler.disconnect();
  }

  /** Reports a hashrate, which no pool may refuse. */
  reportHashrate(): Promise<void> {
    const live = this.#live;
    if (live === null) return Promise.reject(new LinkError('not connected'));
    const message =
      live.flavour === 'eip1571'
        ? { id: HASHRATE_ID, method: 'mining.hashrate', params: ['500000', live.state.worker] }
        : {
            id: HASHRATE_ID,
            jsonrpc: '2.0',
            method: 'eth_submitHashrate',
            params: [`0x${'500000'.padStart(64, '0')}`, `0x${'1'.padStart(64, '0')}`],
          };
    return live.link.call(message, this.#options.replyTimeoutMs, (answer) => {
      const refusal = refusalIn(answer);
      if (refusal !== null) this.stats.violation(`the hashrate was refused: ${refusal}`);
    });
  }

  /** Asks for work, as EthProxy miners do that nobody pushes it to. */
  askForWork(): Promise<void> {
    const live = this.#live;
    if (live === null) return Promise.reject(new LinkError('not connected'));
    return live.link.call(
      { id: GET_WORK_ID, method: 'eth_getWork', params: [] },
      this.#options.replyTimeoutMs,
      (answer) => this.#hear(live, answer),
    );
  }

  /** Submits again what was found last, or any nonce; for tests of refusals. */
  submitNonce(nonce: string): void {
    const { task } = this;
    if (task !== null) this.#submit(task, nonce);
  }

  /** Resolves once `predicate` holds for the books; rejects after `timeoutMs` with what they say then. */
  waitFor(predicate: (stats: MinerBooks) => boolean, timeoutMs = 10_000): Promise<void> {
    return this.stats.waitFor(predicate, timeoutMs);
  }

  /** The flavour to try on the next connection. */
  get #attempted(): PracticeFlavour {
    const { flavour } = this.#options;
    if (flavour !== 'detect') return flavour;
    return DETECTION_ORDER[this.#detecting % DETECTION_ORDER.length] ?? 'ethproxy';
  }

  #open(signal: AbortSignal): Promise<RequestLink> {
    return RequestLink.open(
      (message, line) => {
        const said = message ?? { rubbish: line.slice(0, 80) };
        if (this.#live !== null) this.#hear(this.#live, said);
        else this.stats.violation(`said before the first answer: ${JSON.stringify(said).slice(0, 160)}`);
      },
      { ...this.#options, signal },
    );
  }

  #onEnd(): void {
    this.#wasGreeted = this.#live !== null;
    this.#live = null;
    this.#task = null;
    this.#loop.stop();
  }

  #pauseMs(): number | null {
    const { flavour, reconnect, reconnectMs } = this.#options;
    if (flavour === 'detect' && !this.#wasGreeted) {
      this.#detecting += 1;
      if (this.#detecting % DETECTION_ORDER.length !== 0) return 0;
    }
    return reconnect ? reconnectMs : null;
  }

  async #logIn(link: RequestLink): Promise<void> {
    const flavour = this.#attempted;
    const live = await this.#greet({
      link,
      tongue: ETHASH_TONGUES[flavour],
      flavour,
      state: { target: null, prefix: null, epoch: null, worker: '' },
      isLoggedIn: flavour === 'ethproxy',
    });
    for (const message of live.tongue.rest(this.#options)) {
      const request = { method: '', ...message };
      await link.call(request, this.#options.replyTimeoutMs, (answer) => {
        if (message.id === GET_WORK_ID) {
          this.#hear(live, answer);
          return;
        }
        const refusal = message.id === 2 && live.flavour === 'ethereum-stratum' ? null : refusalIn(answer);
        if (refusal !== null && message.id === 3) this.stats.authorizeFailures += 1;
        const problem = refusal ?? live.tongue.answered(message.id, answer, live.state);
        if (problem !== null) throw new LinkError(problem);
      });
    }
    live.isLoggedIn = true;
    this.stats.extranonce1 = live.state.prefix ?? '';
    this.stats.letIn();
  }

  /** The first message; what follows its answer in the same segment is read already. */
  #greet(live: Live): Promise<Live> {
    const first = { id: FIRST_ID, method: '', ...live.tongue.first(this.#options) };
    const { flavour, replyTimeoutMs } = this.#options;
    const timeoutMs = flavour === 'detect' ? FIRST_ANSWER_MS : replyTimeoutMs;
    return live.link.call(first, timeoutMs, (answer) => {
      const refusal = refusalIn(answer);
      if (refusal !== null && live.flavour === 'ethproxy') this.stats.authorizeFailures += 1;
      const problem = refusal ?? live.tongue.greeted(answer, live.state);
      if (problem !== null) throw new LinkError(problem);
      this.#live = live;
      return live;
    });
  }

  #hear(live: Live, message: LinkMessage): void {
    const { stats } = this;
    if (message['method'] === 'mining.set_extranonce') stats.extranonceChanges += 1;
    const read = live.tongue.read(message, live.state);
    stats.extranonce1 = live.state.prefix ?? '';
    if (typeof read === 'string') stats.violation(read);
    else if (read !== null) this.#mine(read);
    stats.changed();
  }

  #mine(task: EthashTask): void {
    const { stats } = this;
    stats.jobs += 1;
    if (task.clean) stats.cleanJobs += 1;
    stats.jobId = task.key;
    stats.difficulty = difficultyOfTarget(Buffer.from(task.target, 'hex'), 1);
    stats.toldDifficulty(stats.difficulty);
    this.#task = task;
    this.#nonce = BigInt(`0x${task.prefix}${randomBytes(8).toString('hex').slice(task.prefix.length)}`);
    this.#preimage = ethashPreimage(task.header, '0'.repeat(16));
    this.#loop.start();
  }

  #hash(count: number): void {
    const task = this.#task;
    if (task === null) return;
    const target = Buffer.from(task.target, 'hex');
    const bits = BigInt(64 - task.prefix.length * 4);
    const top = task.prefix === '' ? 0n : BigInt(`0x${task.prefix}`) << bits;
    for (let i = 0; i < count && this.#task === task; i++) {
      this.#nonce = top | BigInt.asUintN(Number(bits), this.#nonce + 1n);
      this.#preimage.writeBigUInt64BE(this.#nonce, HEADER_BYTES);
      this.stats.hashes += 1;
      if (Buffer.compare(this.#options.proof.result(this.#preimage), target) > 0) continue;
      this.stats.found += 1;
      this.#submit(task, this.#nonce.toString(16).padStart(16, '0'));
    }
    this.stats.changed();
  }

  #submit(task: EthashTask, nonce: string): void {
    const { stats } = this;
    const live = this.#live;
    if (live === null || !live.isLoggedIn) {
      stats.dropped += 1;
      return;
    }
    stats.submitted += 1;
    const preimage = ethashPreimage(task.header, nonce);
    const mix = Buffer.from(this.#options.proof.mix(preimage)).toString('hex');
    const share = { task, nonce, mix, isWhole: this.#options.submitsWholeNonce };
    const message = live.tongue.submit(share, this.#options, live.state);
    live.link
      .call({ id: SUBMIT_ID, method: '', ...message }, this.#options.replyTimeoutMs, (answer) => {
        stats.verdict(refusalIn(answer), difficultyOfTarget(Buffer.from(task.target, 'hex'), 1));
      })
      .catch(() => stats.noVerdict());
  }
}

/** Null for a success, which in 2.0.0 is no more than an id. */
function refusalIn({ error, result }: LinkMessage): string | null {
  return errorText(error) ?? (result === false ? 'refused' : null);
}
