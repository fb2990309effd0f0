import type { Guest, Ledger, Voice } from './voice.ts';

export interface BitcoinPoolOptions {
  /** Bytes of extranonce2 handed out: 8 as ckpool and DATUM do, 4 as NOMP and miningcore do. */
  readonly extranonce2Size: number;
  /** Sent to everyone after authorize. 2.3e-10 is met by every hash, so that a proxy that verifies refuses nothing. */
  readonly difficulty: number;
}

interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

const ACCEPTED_JOBS = 8;
const HEX_FIELD = /^[0-9a-fA-F]{8}$/;
const HEX = /^[0-9a-fA-F]*$/;
/** Field sizes of a present-day block: a coinbase of some 300 bytes and a thirteen-step merkle branch, 2 KB as a line. */
const COINB1 = `0200000001${'00'.repeat(32)}ffffffff5f03c943250004${'5a'.repeat(40)}`;
const COINB2 = `ffffffff04${'3c'.repeat(220)}00000000`;
const BRANCH = Array.from({ length: 13 }, (_, step) => `"${step.toString(16).padStart(2, '0').repeat(32)}"`);

/** Answers every well-formed `mining.submit` with `true` and verifies nothing. */
export class BitcoinVoice implements Voice {
  readonly #options: BitcoinPoolOptions;
  readonly #ledger: Ledger;
  #jobs: string[] = [];
  #notify: Buffer = Buffer.alloc(0);

  constructor(ledger: Ledger, options: BitcoinPoolOptions) {
    this.#ledger = ledger;
    this.#options = options;
  }

  nextJob(number: number, marker: string): void {
    const job = number.toString(16);
    this.#jobs = [job, ...this.#jobs].slice(0, ACCEPTED_JOBS);
    const ntime = (0x64000000 + number).toString(16);
    const prevhash = `${'a5'.repeat(22)}${marker}00000000`;
    this.#notify = Buffer.from(
      `{"id":null,"method":"mining.notify","params":["${job}","${prevhash}","${COINB1}","${COINB2}",[${BRANCH.join()}],"20000000","192495f8","${ntime}",true]}\n`,
      'latin1',
    );
  }

  job(): Buffer {
    return this.#notify;
  }

  answer(guest: Guest, line: string): string {
    let request: Request;
    try {
      request = JSON.parse(line) as Request;
    } catch {
      return this.#refuse(null, 20, 'not JSON');
    }
    if (request.method === 'mining.submit') return this.#onSubmit(guest, request);
    const id = JSON.stringify(request.id ?? null);
    switch (request.method) {
      case 'mining.configure':
        return `{"id":${id},"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}\n`;
      case 'mining.subscribe': {
        const extranonce1 = (guest.number >>> 0).toString(16).padStart(8, '0');
        return `{"id":${id},"result":[[["mining.set_difficulty","${extranonce1}"],["mining.notify","${extranonce1}"]],"${extranonce1}",${this.#options.extranonce2Size}],"error":null}\n`;
      }
      case 'mining.authorize':
        guest.isAuthorized = true;
        this.#ledger.authorized++;
        return `{"id":${id},"result":true,"error":null}\n{"id":null,"method":"mining.set_difficulty","params":[${this.#options.difficulty}]}\n${this.#notify.toString('latin1', 0, this.#notify.length)}`;
      case 'mining.extranonce.subscribe':
      case 'mining.suggest_difficulty':
        return `{"id":${id},"result":true,"error":null}\n`;
      default:
        return typeof request.method === 'string'
          ? `{"id":${id},"result":null,"error":[20,"Unknown method",null]}\n`
          : '';
    }
  }

  #onSubmit(guest: Guest, request: Request): string {
    const { id, params } = request;
    const [worker, job, extranonce2, ntime, nonce, version] = params;
    if (!guest.isAuthorized) return this.#refuse(id, 24, 'Unauthorized worker');
    if (typeof worker !== 'string' || params.length < 5 || params.length > 6)
      return this.#refuse(id, 20, 'params');
    if (typeof job !== 'string' || !this.#jobs.includes(job)) return this.#refuse(id, 21, 'Job not found');
    if (
      typeof extranonce2 !== 'string' ||
      extranonce2.length !== 2 * this.#options.extranonce2Size ||
      !HEX.test(extranonce2)
    )
      return this.#refuse(id, 20, 'extranonce2');
    if (!isHexField(ntime) || !isHexField(nonce)) return this.#refuse(id, 20, 'ntime or nonce');
    if (version !== undefined && !isHexField(version)) return this.#refuse(id, 20, 'version bits');
    this.#ledger.accepted++;
    return `{"id":${typeof id === 'number' ? id : JSON.stringify(id)},"result":true,"error":null}\n`;
  }

  #refuse(id: unknown, code: number, reason: string): string {
    this.#ledger.refuse(reason);
    return `{"id":${JSON.stringify(id ?? null)},"result":null,"error":[${code},"${reason}",null]}\n`;
  }
}

function isHexField(value: unknown): boolean {
  return typeof value === 'string' && HEX_FIELD.test(value);
}
