import type { BitcoinWork, RelayedFamily, ShareTarget, Work } from '../domain/job.ts';
import type { RejectReason } from '../domain/result.ts';
import type {
  MinerRequest,
  PoolEvent,
  PoolRefusal,
  PoolSubscription,
  RequestId,
  SubmitRequest,
} from './messages.ts';

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

/**
 * How the nonces of one pool connection are divided among miners, and how a miner hears of its part.
 * `coinbase`: by an extranonce inside of the coinbase, so that what the miner was told never has to change.
 * `prefix`: the miner's nonce begins with what it was told: the pool's prefix, and a byte of ours where miners share a connection.
 * `job`: each job carries the miner's part.
 * `none`: nothing is divided; miners start at random in a space too large to meet.
 */
export type NonceSpace =
  | { readonly kind: 'coinbase' }
  | {
      readonly kind: 'prefix';
      /** Bytes of the whole nonce. */
      readonly nonceBytes: number;
      /** A prefix longer than this is beyond some miners. */
      readonly mostPrefixBytes: number;
      /** Of the prefix that a miner is told while its pool is not known: some take none that is shorter. */
      readonly placeholderBytes: number;
      /** Whether the answer to subscribe has to name it, before the pool is known, or a notification does. */
      readonly told: 'at-subscribe' | 'later';
      /** Miners take another prefix at any time without having asked for it. */
      readonly isAlwaysTaken: boolean;
      /** Where some do: whether a program of this name does. */
      readonly isTakenBy?: (agent: string) => boolean;
      /** That there is none is not told: programs that have been told nothing go by that, and some do not bear an empty one. Absent: it is. */
      readonly isNoneLeftOut?: true;
      /** Where it is told later: whether a program of this name is of no use without one, so that one of ours is told where the pool has none. Absent: none is. */
      readonly isNeededBy?: (agent: string) => boolean;
    }
  | { readonly kind: 'job' }
  | { readonly kind: 'none' };

/** What a miner is told of its session when it subscribes. */
export interface SubscribedView {
  readonly sessionId: string;
  /** Hex: the miner's extranonce1 or nonce prefix; empty where it comes later or there is none. */
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
  readonly agent: string;
}

/** A job as one miner sees it. */
export interface JobView {
  /** How the miner is to name it. */
  readonly jobId: string;
  readonly work: Work;
  /** `coinbase`: hex of upstream extranonce1 and slot, to stand at the end of the coinbase's first part; empty when the pool's extranonce is relayed one to one. */
  readonly coinb1Insert: string;
  /** `job`: hex of the miner's part of the nonce; empty where it has all of it. */
  readonly lane: string;
  /** `job`: the miner has the whole nonce, and the pool fixes nothing of it. Absent: not. */
  readonly hasWholeNonce?: boolean;
  readonly ntime: number;
  readonly clean: boolean;
  /** What its shares must meet. */
  readonly difficulty: number;
  /** The same in the pool's words, where it is the pool's; null where it is ours. */
  readonly target: ShareTarget | null;
  /** What the pool multiplies its jobs' targets with, for dialects that say so apart; else 1. */
  readonly scale: number;
  readonly divider: number;
  /** The pool's algorithm by its name in the catalogue, for jobs that name none; absent where it is not known. */
  readonly algorithm?: string;
  /** What {@link MinerDialect.formOf} said of the miner; absent where that is. */
  readonly form?: string;
  /** The session's id, for dialects that repeat it. */
  readonly sessionId: string;
}

/** A share as the pool is to see it. */
export type PoolShare = BitcoinShare | RelayedShare;

export interface BitcoinShare {
  readonly family: 'bitcoin';
  readonly user: string;
  readonly poolJobId: string;
  readonly extranonce2: string;
  readonly ntime: string;
  readonly nonce: string;
  /** 8 hex digits, or null where rolling was not negotiated with the pool. */
  readonly versionBits: string | null;
}

export interface RelayedShare {
  readonly family: RelayedFamily;
  readonly user: string;
  readonly poolJobId: string;
  /** By the family's names; nonces are whole, however the miner wrote them. */
  readonly parts: Readonly<Record<string, string>>;
}

/** What a submit is held against to make a pool's share of it. */
export interface ShareFacts {
  /** The name to submit under. */
  readonly user: string;
  readonly work: Work | null;
  readonly poolJobId: string;
  /** Version of the job before rolling; 0 where there is none. */
  readonly version: number;
  readonly ntime: number;
  /** What the miner was told of the nonce space. */
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
  /** Hex: the miner's lane at the pool; empty where it has the whole space. */
  readonly lane: string;
  /** Bits that may be rolled at the pool; 0 where none. */
  readonly versionMask: number;
  /** The pool granted version rolling, whatever the mask is now. */
  readonly isRolling: boolean;
  /** The verdict will be ours, so the time is ours to check too. */
  readonly judges: boolean;
}

/** A share ready for the pool, or what is wrong with it by itself, in words for the miner. */
export type Assembled =
  | { readonly kind: 'share'; readonly share: PoolShare }
  | {
      readonly kind: 'malformed';
      readonly problem: string;
      /** All that is wrong is that its whole nonce begins with another prefix than the miner was told. Absent: there is more, or nobody can tell. */
      readonly isOtherPrefix?: true;
    };

/**
 * The miner's side of a dialect: pure functions from lines to requests and from facts to lines.
 * Every line that comes out ends with `\n` and is pure ASCII, so it can be written byte by byte; an empty one is not sent: the dialect has no such message.
 */
export interface MinerDialect {
  readonly nonces: NonceSpace;
  /** Jobs go out under ids of ours; where not, {@link MinerDialect.jobId} names them by what is in the work. */
  readonly ownJobIds: boolean;
  /** The answer to a login carries the first job, so it waits for one. */
  readonly loginCarriesJob: boolean;
  /** Miners take a login that is not answered within a second for refused, so the pool's verdict is waited for no longer than this once the account is known. Absent: as is configured. */
  readonly loginPatienceMs?: number;
  /**
   * The newest job may be sent once more with another difficulty or a later time. Where not (nothing tells the two apart, and miners would repeat their nonces), a new
   * difficulty waits for the pool's next job.
   */
  readonly repeatsJobs: boolean;
  /**
   * Miners give up a pool that has sent no job for a while: the newest is sent again when there was none for so long. It is not sent sooner, since some of them begin their
   * search anew with it. Absent: none of them is known to, or a refresh has them covered.
   */
  readonly jobPatienceMs?: number;
  /** Which form of jobs a program of this name reads, where there are several: jobs of one form are the same line. Absent: there is one. */
  readonly formOf?: (agent: string) => string;
  decode(line: string): MinerRequest;
  /** How miners name this job in their submits, where {@link MinerDialect.ownJobIds} is false. */
  jobId(work: Work): string;
  yes(id: RequestId): string;
  refuse(id: RequestId, refusal: Refusal): string;
  hello(id: RequestId): string;
  configured(id: RequestId, result: ConfigureResult): string;
  subscribed(id: RequestId, session: SubscribedView): string;
  /** The answer to authorize or login. `job` is there where the dialect asks for it. */
  authorized(id: RequestId, session: { readonly sessionId: string; readonly job: JobView | null }): string;
  /** The newest job as an answer. */
  currentJob(id: RequestId, view: JobView): string;
  transactions(id: RequestId): string;
  pong(id: RequestId): string;
  /** Goes directly before the job it holds for; empty where jobs say it themselves. */
  difficulty(view: JobView): string;
  versionMask(mask: number): string;
  extranonce(extranonce1: string, extranonce2Bytes: number): string;
  message(text: string): string;
  job(view: JobView): string;
  assemble(request: SubmitRequest, facts: ShareFacts): Assembled;
}

/** What a login at a pool is made with. */
export interface LoginFacts {
  readonly user: string;
  readonly password: string;
  /** What we call ourselves. */
  readonly agent: string;
  /** `host` and `port` of the pool, which some dialects repeat. */
  readonly host: string;
  readonly port: number;
  readonly algorithm: string;
  /** Of the last connection, for a resume; null where there is none. */
  readonly sessionId: string | null;
  /** Bits to ask for where the miners can roll them; 0 where nobody wants to. */
  readonly versionMask: number;
  /** The pool refused a subscribe with parameters. */
  readonly isPlain: boolean;
}

/** What the answer to one call of the login means. */
export type LoginOutcome =
  | {
      readonly kind: 'taken';
      readonly subscription?: PoolSubscription;
      readonly versionMask?: number;
      readonly work?: Work;
      /** Becomes {@link PoolSubscription.worker}. */
      readonly worker?: string;
    }
  /** The pool does not take these credentials. */
  | { readonly kind: 'refused'; readonly refusal: PoolRefusal }
  /** The connection is of no use as it is; the next attempt says it the other way ({@link LoginFacts.isPlain}). */
  | { readonly kind: 'unusable'; readonly problem: string };

/** One call of a login. Calls are made one by one, each when the one before has been answered. */
export interface LoginCall {
  /** For logs: `no answer to subscribe`. */
  readonly name: string;
  /** Pools that do not know it neither answer nor mean harm: after a shorter time, or when they close on it, the login goes on without. */
  readonly isOptional: boolean;
  /** An optional one that is not made for a while at a pool that has left it unanswered: what it grants can be done without. */
  readonly isDispensable?: true;
  /** It says user and password: who has none cannot make it. Absent: it does not. */
  readonly identifies?: boolean;
  /** Null: not made in this login. */
  write(id: number, facts: LoginFacts): string | null;
  read(result: unknown, refusal: PoolRefusal | null): LoginOutcome;
}

/** The pool's side of a dialect. Ids are ours: positive integers, unique per connection. */
export interface PoolDialect {
  /** The highest id that its pools understand: beyond it ids begin again at 1, those that wait for an answer left out. Absent: any. */
  readonly mostId?: number;
  decode(line: string): PoolEvent;
  readonly login: readonly LoginCall[];
  /** A further name on a connection that is logged in; null where the dialect has one name per connection. */
  furtherName: ((id: number, user: string, password: string) => string) | null;
  suggestDifficulty: ((id: number, difficulty: number) => string) | null;
  /** Something to say to a pool that has not heard from us for a minute; null where pools do not mind. */
  keepalive: ((id: number, subscription: PoolSubscription) => string) | null;
  submit(id: number, share: PoolShare, subscription: PoolSubscription): string;
  pong(id: RequestId): string;
  version(id: RequestId, agent: string): string;
  acknowledge(id: RequestId): string;
  /** Whether a result that came without an error accepts the share. */
  isYes(result: unknown): boolean;
  /** The bucket of a refused share, by the pool's code or words. */
  classify(refusal: PoolRefusal): RejectReason;
  /**
   * The algorithm that a job names: as the catalogue calls it, by name or alias, else in the pool's spelling; null where this job names none.
   * Absent: jobs never do.
   */
  readonly namedAlgorithm?: (work: Work) => string | null;
  /** The algorithm, by its name in the catalogue, of a job that can have no other although it names none; null where several can. Absent: nothing proves it. */
  readonly impliedAlgorithm?: (work: Work) => string | null;
  /** False for a job that can be read in this dialect but has what only another's pools send. Absent: what can be read is its own. */
  readonly isOwnJob?: (work: Work) => boolean;
}

/** What a share claims to be worth, where it carries its own hash. */
export interface ShareClaim {
  /** Hashes that such a share takes on average. */
  readonly hashes: number;
  /** It meets the job's target exactly as the pool would judge it. */
  readonly meetsPool: boolean;
  /** Two shares of one job with the same one are the same share. */
  readonly fingerprint: number;
}

/**
 * What it takes for a miner of one dialect to work for a pool of another.
 * `direct`: nothing; what the one says, the other can be told.
 * `completed`: the pool wants a hash with each share that the miner does not submit; it is computed here, where that can be done ({@link Dialect.completion}).
 * `whole-nonce`: the miner cannot be told how its nonces begin, so that its shares are good only at a pool that leaves all of the nonce to it.
 * `none`: it cannot.
 */
export type Pairing = 'direct' | 'completed' | 'whole-nonce' | 'none';

/** What a share is hashed from; hex in lower case. */
export interface MixQuestion {
  /** 64 digits: which epoch it is. */
  readonly seed: string;
  /** 64 digits. */
  readonly header: string;
  /** 16 digits, big-endian. */
  readonly nonce: string;
}

/** How the shares of other dialects' miners are completed for the pools of this one. */
export interface ShareCompletion {
  /** What has to be known of a job before its first share comes; null where the job does not say. */
  seedOf(work: Work): string | null;
  /** Null where the job, or the share, lacks a part. */
  questionOf(share: PoolShare, work: Work): MixQuestion | null;
  /** The share with its mix hash, 64 hex digits. */
  complete(share: PoolShare, mix: string): PoolShare;
}

/** A wire protocol, both sides. An entry of the dialect list. */
export interface Dialect {
  readonly name: string;
  /** Of the work of its pools. */
  readonly family: Work['family'];
  readonly miner: MinerDialect;
  readonly pool: PoolDialect;
  /** What it takes for a miner of this dialect to work for a pool that speaks `pool`. */
  pairing(pool: string): Pairing;
  /** Present where miners of other dialects are completed for this one's pools. */
  readonly completion?: ShareCompletion;
  /**
   * What a share says of its own worth; null where the dialect's shares say nothing. `target` is what the pool demanded of the job's shares by a target, in the job
   * or apart from it; null where it did not.
   */
  claim: ((share: PoolShare, work: Work, target: ShareTarget | null) => ShareClaim) | null;
  /** Whether shares of this algorithm, by its name in the catalogue, carry their hash. Absent: all that the dialect has a claim for. */
  readonly claimsOf?: (algorithm: string) => boolean;
}

/** The work of a bitcoin job. Throws for another family: a dialect was handed another's work. */
export function bitcoinWork(work: Work): BitcoinWork {
  if (work.family !== 'bitcoin') throw new Error(`work of ${work.family} in a bitcoin dialect`);
  return work;
}
