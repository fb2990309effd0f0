import type { Heard, Speech, SpeechOptions } from './speech.ts';

/** The method, not the subscription of that name in the reply to subscribe. */
const NOTIFY = /"method": ?"mining\.notify"/;

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** A miner by `mining.subscribe`, `mining.authorize` and `mining.submit`. Its shares carry no hash: all of them are worthy. */
export class BitcoinSpeech implements Speech {
  readonly #options: SpeechOptions;
  sessionId = '';
  #step: 'subscribing' | 'authorizing' | 'done' = 'subscribing';
  #extranonce2 = '';
  #notify: string | null = null;
  /** All of a submit between its id and its nonce; null until the job it belongs to has been read. */
  #submitMiddle: string | null = null;
  #nonce = 0;

  constructor(options: SpeechOptions) {
    this.#options = options;
  }

  hello(): { readonly phase: string; readonly say: string } {
    const { resume } = this.#options;
    const params = resume === '' ? '["bench/1.0"]' : `["bench/1.0","${resume}"]`;
    return { phase: this.#step, say: `{"id":1,"method":"mining.subscribe","params":${params}}\n` };
  }

  yes(id: number): string {
    return `{"id":${id},"result":true,"error":null}`;
  }

  read(line: string): Heard {
    if (NOTIFY.test(line)) {
      this.#notify = line;
      this.#submitMiddle = null;
      return { kind: 'job' };
    }
    let message: Message;
    try {
      message = JSON.parse(line) as Message;
    } catch {
      return { kind: 'broken', reason: 'a line that is not JSON' };
    }
    if (typeof message.method === 'string') return { kind: 'nothing' };
    if (this.#step === 'subscribing') return this.#onSubscribed(message.result);
    if (this.#step === 'authorizing') return this.#onAuthorized(message);
    const { id, result, error } = message;
    return {
      kind: 'answer',
      id,
      isAccepted: result === true && (error ?? null) === null,
      words: JSON.stringify(error ?? result),
    };
  }

  submit(id: number): string {
    this.#submitMiddle ??= this.#prepareSubmit();
    const nonce = (++this.#nonce).toString(16).padStart(8, '0');
    return `{"id":${id}${this.#submitMiddle}${nonce}"]}\n`;
  }

  #onSubscribed(result: unknown): Heard {
    const size: unknown = Array.isArray(result) ? result[2] : null;
    if (typeof size !== 'number' || size < 1 || size > 16)
      return { kind: 'broken', reason: 'malformed subscribe reply' };
    this.sessionId = sessionIdIn(result);
    this.#extranonce2 = '5b'.repeat(size);
    this.#step = 'authorizing';
    const say = `{"id":2,"method":"mining.authorize","params":["${this.#options.user}","x"]}\n`;
    return { kind: 'next', phase: this.#step, say };
  }

  #onAuthorized({ result, error }: Message): Heard {
    if (result !== true)
      return { kind: 'broken', reason: `authorize refused (${JSON.stringify(error ?? result)})` };
    this.#step = 'done';
    return { kind: 'logged-in', hasJob: this.#notify !== null };
  }

  #prepareSubmit(): string {
    const { params } = JSON.parse(this.#notify ?? '') as { params: readonly unknown[] };
    return `,"method":"mining.submit","params":["${this.#options.user}","${String(params[0])}","${this.#extranonce2}","${String(params[7])}","`;
  }
}

/** The id in `[[["mining.set_difficulty", id], ["mining.notify", id]], extranonce1, size]`. */
function sessionIdIn(result: unknown): string {
  const subscriptions: unknown = Array.isArray(result) ? result[0] : null;
  const first: unknown = Array.isArray(subscriptions) ? subscriptions[0] : null;
  const id: unknown = Array.isArray(first) ? first[1] : null;
  return typeof id === 'string' ? id : '';
}
