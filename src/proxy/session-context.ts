import type { Account } from '../domain/account.ts';
import type { ProxyEvent } from '../domain/event.ts';
import type { Lane, LanePlan } from '../domain/lane.ts';
import type { BoundedMap } from '../kit/bounded-map.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { CloseReason } from '../net/connection.ts';
import type { Dialect } from '../wire/dialect.ts';
import type { AddressBook } from './address-book.ts';
import type { FreshWork } from './fresh-work.ts';
import type { HintBook } from './hint-book.ts';
import type { JobSequence } from './issued-job.ts';
import type { MeasuringLoad } from './measuring-load.ts';
import type { MinerSession } from './miner-session.ts';
import type { OwnPrefixes } from './own-prefixes.ts';
import type { Recordings } from './recordings.ts';
import type { RefusedLogins } from './refused-logins.ts';
import type { Route } from './route.ts';
import type { RouteKind } from './routes.ts';
import type { SentJobs } from './sent-jobs.ts';
import type { SessionBooks } from './session-books.ts';
import type { ProxySettings } from './settings.ts';
import type { ShareMix } from './share-mix.ts';
import type { ShareVerifier } from './share-verifier.ts';
import type { Tally } from './tally.ts';
import type { Upstream } from './upstream.ts';

/** The outcome of asking for an account. `unavailable`: the store could not be asked. */
export type AccountAnswer =
  | { readonly kind: 'found'; readonly account: Account }
  | { readonly kind: 'unknown' }
  /** The account exists, its pool is no longer in the pool list. */
  | { readonly kind: 'unlisted'; readonly pool: string }
  | { readonly kind: 'unavailable' };

/** Where accounts come from. `then` is called once, at once where the account is in memory. */
export interface AccountDirectory {
  find(name: string, then: (answer: AccountAnswer) => void): void;
}

/** What is kept of a session that ended, under its id, for its return. */
export interface ResumeRecord {
  readonly sessionId: string;
  readonly account: string;
  readonly plan: LanePlan;
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
  readonly upstream: Upstream | null;
  readonly lane: Lane | null;
  readonly sent: SentJobs;
}

/** What all sessions share. */
export interface SessionContext {
  readonly settings: ProxySettings;
  readonly clock: Clock;
  readonly log: Log;
  /** What a connection speaks that does not say. */
  readonly defaultDialect: Dialect;
  /** Null where this program speaks none of that name. */
  dialectNamed(name: string): Dialect | null;
  readonly accounts: AccountDirectory;
  readonly addresses: AddressBook;
  readonly jobs: JobSequence;
  /** Sessions that are open, by session id. */
  readonly sessionsById: Map<string, MinerSession>;
  readonly resumes: BoundedMap<string, ResumeRecord>;
  readonly hints: HintBook;
  readonly recordings: Recordings;
  readonly refusedLogins: RefusedLogins;
  /** What miners turned out to speak, by session id and by `hintKey`. */
  readonly dialectsSeen: BoundedMap<string, string>;
  /** What miners of a place were taken to speak and did not, by `hintKey`. */
  readonly dialectsMistaken: BoundedMap<string, readonly string[]>;
  /** Rates of miners that left, H/s. */
  readonly lastRates: BoundedMap<string, number>;
  /** Sessions whose rate is being measured. */
  readonly measuring: MeasuringLoad;
  /** Shares of sessions that have no account. */
  readonly unboundTally: Tally;
  readonly freshWork: FreshWork;
  /** null: the pool alone judges. */
  readonly verifier: ShareVerifier | null;
  /** Completes shares of miners that leave out what their pool wants. */
  readonly mix: ShareMix;
  /** Nonce prefixes of ours, of all sessions. */
  readonly prefixes: OwnPrefixes;
  /** A fresh extranonce1 of `bytes` bytes, hex. */
  newPrefix(bytes: number): string;
  newSessionId(): string;
  /** The route of an account's miners of this kind; null where none of its pools is for them. */
  routeOf(account: Account, kind: RouteKind): Route | null;
  /** Books that are closed, kept for a minute. */
  retire(books: SessionBooks): void;
  countRefused(reason: string): void;
  /** Something that an operator wants to hear of. */
  emit(event: ProxyEvent): void;
  /** The process is about to end: nothing more is taken from miners. */
  isDraining(): boolean;
  onAuthorizeFailure(): void;
  /** A miner of this account gets no work, for its pools' sake. */
  onTurnedAway(account: string): void;
  /** A session was put in quarantine. */
  onQuarantined(): void;
  onClosed(session: MinerSession, reason: CloseReason): void;
}
