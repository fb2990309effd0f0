import { createHash, scryptSync } from 'node:crypto';
import { createRequire } from 'node:module';

/**
 * A program: the miner of the package stratum-client (which has one socket per process), with a nonce search of its own that shares
 * nothing with the project. Tells its parent every verdict, and ends its search when `shares` were accepted.
 *
 * Arguments: port, user name, `sha256d` or `scrypt`, shares.
 */
const [port = '0', worker = '', algorithm = 'sha256d', shares = '1'] = process.argv.slice(2);

export type FromThirdPartyMiner =
  | { readonly kind: 'authorized'; readonly isAuthorized: boolean }
  | { readonly kind: 'verdict'; readonly isAccepted: boolean; readonly error: unknown }
  | { readonly kind: 'error'; readonly text: string };

/** As the package hands it on. */
interface Work {
  readonly extraNonce1: string;
  readonly extraNonce2Size: number;
  readonly miningDiff: number;
  readonly jobId: string;
  readonly prevhash: string;
  readonly coinb1: string;
  readonly coinb2: string;
  readonly merkle_branch: readonly string[];
  readonly version: string;
  readonly nbits: string;
  readonly ntime: string;
}

interface Client {
  submit(share: {
    readonly worker_name: string;
    readonly job_id: string;
    readonly extranonce2: string;
    readonly ntime: string;
    readonly nonce: string;
  }): void;
}

const start = createRequire(import.meta.url)('stratum-client') as (options: object) => Client;

const HASHES_PER_SLICE = algorithm === 'scrypt' ? 8 : 1000;
const DIFFICULTY_ONE = (0xffffn << 208n) * (algorithm === 'scrypt' ? 65_536n : 1n);
const PRECISION = 10n ** 18n;

let serial = 0;
let accepted = 0;

function tell(message: FromThirdPartyMiner): void {
  process.send?.(message);
}

const sha256d = (data: Buffer): Buffer =>
  createHash('sha256').update(createHash('sha256').update(data).digest()).digest();
const proofOfWork =
  algorithm === 'scrypt'
    ? (header: Buffer) => scryptSync(header, header, 32, { N: 1024, r: 1, p: 1 })
    : sha256d;

const reversed = (data: Buffer): Buffer => Buffer.from(data.toReversed());

/** Header of this work for an extranonce2, the nonce left zero. */
function headerOf(work: Work, extranonce2: string): Buffer {
  let root = sha256d(Buffer.from(work.coinb1 + work.extraNonce1 + extranonce2 + work.coinb2, 'hex'));
  for (const step of work.merkle_branch) root = sha256d(Buffer.concat([root, Buffer.from(step, 'hex')]));
  return Buffer.concat([
    reversed(Buffer.from(work.version, 'hex')),
    Buffer.from(work.prevhash, 'hex').swap32(),
    root,
    reversed(Buffer.from(work.ntime, 'hex')),
    reversed(Buffer.from(work.nbits, 'hex')),
    Buffer.alloc(4),
  ]);
}

function targetOf(difficulty: number): bigint {
  return (DIFFICULTY_ONE * PRECISION) / BigInt(Math.round(difficulty * Number(PRECISION)));
}

/** Searches until there is other work or enough was accepted, one share per extranonce2. */
function search(work: Work): void {
  serial += 1;
  const own = serial;
  const target = targetOf(work.miningDiff);
  let count = 0;
  let extranonce2 = '';
  let header: Buffer = Buffer.alloc(0);
  let nonce = 0;
  const roll = (): void => {
    extranonce2 = count.toString(16).padStart(work.extraNonce2Size * 2, '0');
    header = headerOf(work, extranonce2);
    count += 1;
    nonce = 0;
  };
  const slice = (): void => {
    if (own !== serial || accepted >= Number(shares)) return;
    for (let tried = 0; tried < HASHES_PER_SLICE; tried += 1) {
      header.writeUInt32LE(nonce, 76);
      const hash = reversed(proofOfWork(header));
      if (BigInt(`0x${hash.toString('hex')}`) <= target) {
        client.submit({
          worker_name: worker,
          job_id: work.jobId,
          extranonce2,
          ntime: work.ntime,
          nonce: nonce.toString(16).padStart(8, '0'),
        });
        roll();
      } else {
        nonce += 1;
      }
    }
    setImmediate(slice);
  };
  roll();
  slice();
}

const client = start({
  server: '127.0.0.1',
  port: Number(port),
  worker,
  password: 'anything',
  autoReconnectOnError: false,
  onAuthorizeSuccess: () => tell({ kind: 'authorized', isAuthorized: true }),
  onAuthorizeFail: () => tell({ kind: 'authorized', isAuthorized: false }),
  onNewMiningWork: search,
  onSubmitWorkSuccess: () => {
    accepted += 1;
    tell({ kind: 'verdict', isAccepted: true, error: null });
  },
  onSubmitWorkFail: (error: unknown) => tell({ kind: 'verdict', isAccepted: false, error }),
  onError: (error: Error) => tell({ kind: 'error', text: error.message }),
});
