import type { Heard, Speech, SpeechOptions } from './speech.ts';

interface Job {
  readonly blob: string;
  readonly job_id: string;
  readonly target: string;
  readonly algo?: string;
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: Partial<Job>;
  readonly result?: {
    readonly id?: unknown;
    readonly job?: Partial<Job>;
    readonly status?: unknown;
    readonly extensions?: readonly unknown[];
  } | null;
  readonly error?: unknown;
}

/** Where the nonce's last byte stands in a blob, in digits. */
const LAST_BYTE_AT = 2 * 42;
/** The last 4 bytes of a hash that meets no target but the easiest. */
const WORTHLESS = 'ffffffff';

/**
 * A miner by login, job and submit, as xmrig says it. It leaves the last byte of the nonce as the blob has it, counts in the three before it, and hashes nothing:
 * its results are made up, and half as large as the target it was given lets them be.
 */
export class CryptonoteSpeech implements Speech {
  readonly #user: string;
  sessionId = '';
  #isLoggedIn = false;
  #sendsAlgorithm = false;
  #job: Job | null = null;
  /** All of a submit between its id and its nonce; null until the job it belongs to has been prepared. */
  #middle: string | null = null;
  #fixedByte = '';
  /** The last 8 bytes of a result that meets the target. */
  #tail = '';
  #end = '';
  #nonce = 0;

  constructor({ user }: SpeechOptions) {
    this.#user = user;
  }

  hello(): { readonly phase: string; readonly say: string } {
    const params = `{"login":"${this.#user}","pass":"x","agent":"bench/1.0","algo":["rx/0"]}`;
    return { phase: 'logging in', say: `{"id":1,"jsonrpc":"2.0","method":"login","params":${params}}\n` };
  }

  yes(id: number): string {
    return `{"id":${id},"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}`;
  }

  read(line: string): Heard {
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      return { kind: 'broken', reason: 'a line that is not JSON' };
    }
    const { id, method, params, result, error } = message;
    if (method === 'job') return this.#take(params) ? { kind: 'job' } : BAD_JOB;
    if (typeof method === 'string') return { kind: 'nothing' };
    if (this.#isLoggedIn) {
      const isAccepted = result?.status === 'OK' && (error ?? null) === null;
      return { kind: 'answer', id, isAccepted, words: JSON.stringify(error ?? result) };
    }
    if (typeof result?.id !== 'string')
      return { kind: 'broken', reason: `login refused (${JSON.stringify(error ?? result)})` };
    this.sessionId = result.id;
    this.#sendsAlgorithm = result.extensions?.includes('algo') === true;
    this.#isLoggedIn = true;
    return this.#take(result.job) ? { kind: 'logged-in', hasJob: true } : BAD_JOB;
  }

  submit(id: number, isWorthy: boolean): string {
    this.#middle ??= this.#prepare();
    const nonce = (++this.#nonce % 2 ** 24).toString(16).padStart(6, '0') + this.#fixedByte;
    const tail = isWorthy ? this.#tail : WORTHLESS + WORTHLESS;
    const rest = nonce + nonce + nonce + nonce + nonce + nonce;
    return `{"id":${id}${this.#middle}${nonce}","result":"${rest}${tail}"${this.#end}`;
  }

  #take(given: Partial<Job> | undefined): boolean {
    const { blob, job_id: id, target, algo } = given ?? {};
    if (typeof blob !== 'string' || typeof id !== 'string' || typeof target !== 'string') return false;
    this.#job = { blob, job_id: id, target, ...(typeof algo === 'string' ? { algo } : {}) };
    this.#middle = null;
    return true;
  }

  #prepare(): string {
    if (this.#job === null) throw new Error('there is no job to find a share of');
    const { blob, job_id: job, target, algo } = this.#job;
    this.#fixedByte = blob.slice(LAST_BYTE_AT, LAST_BYTE_AT + 2);
    const bytes = Buffer.from(target, 'hex');
    const half = Buffer.alloc(4);
    half.writeUInt32LE(bytes.readUInt32LE(bytes.length - 4) >>> 1);
    this.#tail = `00000000${half.toString('hex')}`;
    this.#end = this.#sendsAlgorithm && algo !== undefined ? `,"algo":"${algo}"}}\n` : '}}\n';
    return `,"jsonrpc":"2.0","method":"submit","params":{"id":"${this.sessionId}","job_id":"${job}","nonce":"`;
  }
}

const BAD_JOB: Heard = { kind: 'broken', reason: 'a malformed job' };
