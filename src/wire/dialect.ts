import type { BitcoinWork } from '../domain/job.ts';
import type { RejectReason } from '../domain/result.ts';
import type { MinerRequest, PoolEvent, PoolRefusal, PoolSubscription, RequestId } from './messages.ts';

/** A refusal on its way to a miner: the dialect adds its own code unless `code` carries the pool's. */
export interface Refusal {
  readonly reason: RejectReason | 'not-subscribed' | 'other';
  readonly message: string;
  /** The pool's own code, passed through; null for ours. */
  readonly code: number | null;
}

/** The extension results of a configure request: what was asked for and what it got, in the order asked. */
export interface ConfigureResult {
  readonly extensions: readonly string[];
  /** Granted rolling mask, 0 where there is none to grant. */
  readonly versionMask: number;
  readonly minimumDifficulty: boolean;
  readonly subscribeExtranonce: boolean;
}

/** A job as one miner sees it: own id, own difficulty's clean flag, the pool's coinbase with `coinb1Insert` put at the end of its first part. */
export interface JobView {
  readonly jobId: string;
  readonly work: BitcoinWork;
  /** Hex: upstream extranonce1 and slot. Empty when the pool's extranonce is relayed one to one. */
  readonly coinb1Insert: string;
  readonly ntime: number;
  readonly clean: boolean;
}

/** A share as the pool is to see it. */
export interface PoolShare {
  readonly user: string;
  readonly poolJobId: string;
  readonly extranonce2: string;
  readonly ntime: string;
  readonly nonce: string;
  /** 8 hex digits, or null where rolling was not negotiated with the pool. */
  readonly versionBits: string | null;
}

/**
 * The miner's side of a dialect: pure functions from lines to requests and from facts to lines.
 * Every line that comes out ends with `\n` and is pure ASCII, so it can be written byte by byte.
 */
export interface MinerDialect {
  decode(line: string): MinerRequest;
  yes(id: RequestId): string;
  refuse(id: RequestId, refusal: Refusal): string;
  configured(id: RequestId, result: ConfigureResult): string;
  subscribed(
    id: RequestId,
    session: { sessionId: string; extranonce1: string; extranonce2Bytes: number },
  ): string;
  transactions(id: RequestId): string;
  pong(id: RequestId): string;
  difficulty(difficulty: number): string;
  versionMask(mask: number): string;
  extranonce(extranonce1: string, extranonce2Bytes: number): string;
  message(text: string): string;
  job(view: JobView): string;
}

/** The pool's side of a dialect. Ids are ours: positive integers, unique per connection. */
export interface PoolDialect {
  decode(line: string): PoolEvent;
  configure(id: number, versionMask: number): string;
  subscribe(id: number, agent: string, sessionId: string | null): string;
  /** A subscribe without parameters, for pools that refuse the other. */
  subscribePlain(id: number): string;
  authorize(id: number, user: string, password: string): string;
  suggestDifficulty(id: number, difficulty: number): string;
  submit(id: number, share: PoolShare): string;
  pong(id: RequestId): string;
  version(id: RequestId, agent: string): string;
  acknowledge(id: RequestId): string;
  /** Reads the result of subscribe; null where it is not one. */
  readSubscription(result: unknown): PoolSubscription | null;
  /** The bucket of a refused share, by the pool's code or words. */
  classify(refusal: PoolRefusal): RejectReason;
  /** Reads the result of configure: the granted mask, 0 where rolling was refused. */
  readVersionMask(result: unknown): number;
}

/** A wire protocol, both sides. An entry of the dialect list. */
export interface Dialect {
  readonly name: string;
  readonly miner: MinerDialect;
  readonly pool: PoolDialect;
}
