import type { Guest, Ledger, Voice } from './voice.ts';

interface Request {
  readonly id: unknown;
  readonly method: unknown;
  readonly params: Readonly<Record<string, unknown>>;
}

const ACCEPTED_JOBS = 8;
const HEX_NONCE = /^[0-9a-f]{8}$/;
const HEX_RESULT = /^[0-9a-f]{64}$/;
/** What a share takes on average: far below what a session of the proxy would be given, so that all of them have the pool's own difficulty. */
const HASHES_PER_SHARE = 1_000;
const TARGET_32 = Math.floor(0xffffffff / HASHES_PER_SHARE);
/** A blob of 76 bytes, as most of Monero's are: versions and time, the previous block, the nonce, which the pool leaves free, merkle root, transactions. */
const BLOB_START = '1010c0b8a5bd06';
const BLOB_REST = `00000000${'3c'.repeat(32)}1a`;
const SEED = '7e'.repeat(32);

/**
 * Answers every well-formed submit with `OK`. A result is held against the target, which costs next to nothing and shows a proxy that lets through what is worth
 * nothing; it is not computed again.
 */
export class CryptonoteVoice implements Voice {
  readonly #ledger: Ledger;
  #jobs: string[] = [];
  /** A job without the session's id at its end. */
  #job = '';

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  nextJob(number: number, marker: string): void {
    const job = number.toString(16).padStart(16, '0');
    this.#jobs = [job, ...this.#jobs].slice(0, ACCEPTED_JOBS);
    const blob = `${BLOB_START}${'a5'.repeat(22)}${marker}00000000${BLOB_REST}`;
    const target = Buffer.alloc(4);
    target.writeUInt32LE(TARGET_32);
    this.#job = `"blob":"${blob}","job_id":"${job}","target":"${target.toString('hex')}","algo":"rx/0","height":${3_000_000 + number},"seed_hash":"${SEED}"`;
  }

  job(guest: Guest): string {
    return `{"jsonrpc":"2.0","method":"job","params":{${this.#job},"id":"${sessionOf(guest)}"}}\n`;
  }

  answer(guest: Guest, line: string): string {
    let request: Request;
    try {
      request = JSON.parse(line) as Request;
    } catch {
      return this.#refuse(null, 'not JSON');
    }
    if (request.method === 'submit') return this.#onSubmit(guest, request);
    const id = JSON.stringify(request.id ?? null);
    switch (request.method) {
      case 'login': {
        guest.isAuthorized = true;
        this.#ledger.authorized++;
        const session = sessionOf(guest);
        return `{"id":${id},"jsonrpc":"2.0","error":null,"result":{"id":"${session}","job":{${this.#job},"id":"${session}"},"extensions":["algo","keepalive"],"status":"OK"}}\n`;
      }
      case 'keepalived':
        return `{"id":${id},"jsonrpc":"2.0","error":null,"result":{"status":"KEEPALIVED"}}\n`;
      default:
        return `{"id":${id},"jsonrpc":"2.0","error":{"code":-1,"message":"Invalid method"}}\n`;
    }
  }

  #onSubmit(guest: Guest, { id, params }: Request): string {
    const { id: session, job_id: job, nonce, result } = params;
    if (!guest.isAuthorized || session !== sessionOf(guest)) return this.#refuse(id, 'Unauthenticated');
    if (typeof job !== 'string' || !this.#jobs.includes(job)) return this.#refuse(id, 'Invalid job id');
    if (typeof nonce !== 'string' || !HEX_NONCE.test(nonce)) return this.#refuse(id, 'Malformed nonce');
    if (typeof result !== 'string' || !HEX_RESULT.test(result)) return this.#refuse(id, 'Malformed result');
    if (!isWorth(result)) return this.#refuse(id, 'Low difficulty share');
    this.#ledger.accepted++;
    return `{"id":${typeof id === 'number' ? id : JSON.stringify(id)},"jsonrpc":"2.0","error":null,"result":{"status":"OK"}}\n`;
  }

  #refuse(id: unknown, reason: string): string {
    this.#ledger.refuse(reason);
    return `{"id":${JSON.stringify(id ?? null)},"jsonrpc":"2.0","error":{"code":-1,"message":"${reason}"}}\n`;
  }
}

/** The last 4 of its 32 bytes, as a little-endian number, are below the target. */
function isWorth(result: string): boolean {
  const last = Number.parseInt(result.slice(56), 16);
  const swapped =
    ((last & 0xff) * 2 ** 24 + ((last & 0xff00) << 8) + ((last >>> 8) & 0xff00) + (last >>> 24)) >>> 0;
  return swapped < TARGET_32;
}

/** In the form of a UUID, as most pools have it. */
function sessionOf({ number }: Guest): string {
  return `cabf4432-c001-44fd-a5cd-${number.toString(16).padStart(12, '0')}`;
}
