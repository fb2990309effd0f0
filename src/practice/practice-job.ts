import { randomBytes } from 'node:crypto';
import { type CoinbaseHash, HeaderTemplate } from '../domain/block-header.ts';
import type { BitcoinWork } from '../domain/job.ts';
import { hex32 } from '../kit/hex.ts';

/** Fields of a job that a caller may set by hand; hex as on the wire, the rest is made up. */
export type JobFields = Partial<Omit<BitcoinWork, 'poolJobId' | 'clean'>>;

/** One job of the practice pool, the same for all of its connections. */
export class PracticeJob {
  readonly id: string;
  readonly work: BitcoinWork;
  /** Identities of the shares received for it; a second one of the same is a duplicate. */
  readonly seen = new Set<string>();
  readonly #coinbaseHash: CoinbaseHash;
  readonly #templates = new Map<number, HeaderTemplate>();
  readonly #lines: readonly [kept: string, clean: string];

  constructor(work: BitcoinWork, coinbaseHash: CoinbaseHash) {
    this.id = work.poolJobId;
    this.work = work;
    this.#coinbaseHash = coinbaseHash;
    this.#lines = [notifyLine(work, false), notifyLine(work, true)];
  }

  /** The `mining.notify` line, end included. */
  line(clean: boolean): string {
    return this.#lines[clean ? 1 : 0];
  }

  /** `extranonceBytes` is extranonce1 and extranonce2 together. */
  template(extranonceBytes: number): HeaderTemplate {
    let template = this.#templates.get(extranonceBytes);
    if (template === undefined) {
      template = new HeaderTemplate(this.work, { extranonceBytes, coinbaseHash: this.#coinbaseHash });
      this.#templates.set(extranonceBytes, template);
    }
    return template;
  }
}

function notifyLine(work: BitcoinWork, clean: boolean): string {
  const { poolJobId, prevHash, coinb1, coinb2, branch, version, nbits, ntime } = work;
  const params = [poolJobId, prevHash, coinb1, coinb2, branch, hex32(version), nbits, hex32(ntime), clean];
  return `${JSON.stringify({ id: null, method: 'mining.notify', params })}\n`;
}

const TAG = Buffer.from('/practice pool/', 'latin1');

/** Makes plausible jobs on an imaginary chain: a new previous hash and height per block, a new coinbase and branch per job. */
export class JobMaker {
  readonly #options: {
    readonly branchDepth: number;
    readonly coinbaseBytes: number;
    readonly nbits: string;
  };
  #height = 900_000;
  #prevHash = '';
  #count = 0;

  /** `coinbaseBytes` is the least size of the whole coinbase transaction; payout outputs fill it up. */
  constructor(options: {
    readonly branchDepth: number;
    readonly coinbaseBytes: number;
    /** Compact target of the imaginary network. */
    readonly nbits: string;
  }) {
    this.#options = options;
    this.nextBlock();
  }

  /** Someone found a block: what follows builds on another previous hash. */
  nextBlock(): void {
    this.#height += 1;
    // Header order: a real hash ends in zeros there. The words are swapped for the wire.
    this.#prevHash = Buffer.concat([randomBytes(23), Buffer.alloc(9)])
      .swap32()
      .toString('hex');
  }

  next(given: {
    readonly nowMs: number;
    readonly clean: boolean;
    readonly extranonceBytes: number;
    readonly jobId?: string;
    readonly fields: JobFields;
  }): BitcoinWork {
    this.#count += 1;
    const ntime = given.fields.ntime ?? Math.floor(given.nowMs / 1000);
    return {
      family: 'bitcoin',
      prevHash: this.#prevHash,
      ...this.#coinbase(ntime, given.extranonceBytes),
      branch: Array.from({ length: this.#options.branchDepth }, () => randomBytes(32).toString('hex')),
      version: 0x20000000,
      nbits: this.#options.nbits,
      ...given.fields,
      ntime,
      poolJobId: given.jobId ?? this.#count.toString(16),
      clean: given.clean,
    };
  }

  /** A coinbase as pools build it: BIP34 height, time, extranonces, tag; one payout, witness commitment, padding payouts. */
  #coinbase(ntime: number, extranonceBytes: number): { coinb1: string; coinb2: string } {
    const script = Buffer.alloc(9);
    script[0] = 3;
    script.writeUIntLE(this.#height, 1, 3);
    script[4] = 4;
    script.writeUInt32LE(ntime, 5);
    const scriptBytes = script.length + extranonceBytes + TAG.length;
    const head = Buffer.from(`0100000001${'00'.repeat(32)}ffffffff`, 'hex');
    const coinb1 = Buffer.concat([head, Buffer.of(scriptBytes), script]);

    const outputs = [payout(), Buffer.from(`${'00'.repeat(8)}266a24aa21a9ed`, 'hex'), randomBytes(32)];
    const fixed = coinb1.length + extranonceBytes + TAG.length + 9 + Buffer.concat(outputs).length;
    const padding = Math.ceil(Math.max(0, this.#options.coinbaseBytes - fixed) / PAYOUT_BYTES);
    for (let i = 0; i < padding; i++) outputs.push(payout());
    const count = compactSize(2 + padding);
    const coinb2 = Buffer.concat([TAG, Buffer.alloc(4, 0xff), count, ...outputs, Buffer.alloc(4)]);
    return { coinb1: coinb1.toString('hex'), coinb2: coinb2.toString('hex') };
  }
}

const PAYOUT_BYTES = 31;

/** Value, script length and a pay-to-witness-key-hash script to nobody. */
function payout(): Buffer {
  return Buffer.concat([randomBytes(4), Buffer.alloc(4), Buffer.of(0x16, 0x00, 0x14), randomBytes(20)]);
}

function compactSize(value: number): Buffer {
  if (value < 0xfd) return Buffer.of(value);
  return Buffer.of(0xfd, value & 0xff, value >>> 8);
}
