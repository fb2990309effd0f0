import type { Account } from '../domain/account.ts';
import type { Ban, BanReach } from '../domain/ban.ts';
import type { Occurrence } from '../domain/event.ts';
import type { ListenerPolicy } from '../domain/listener.ts';
import type { PoolFinding, PoolProbe } from '../domain/pool-probe.ts';
import type { Recording, RecordingSummary, RecordResult } from '../domain/recording.ts';
import type { RefusedLogin } from '../domain/refused-login.ts';
import type { Collection, FleetSummary, SessionDetail, SessionRow, WorkerReport } from '../domain/report.ts';
import type { ProxySettings } from '../proxy/settings.ts';

/** What the store said of an account; `unavailable` where it could not be asked. */
export type AccountAnswer =
  | { readonly kind: 'found'; readonly account: Account }
  | { readonly kind: 'unknown' }
  /** The account exists, its pool is no longer in the pool list. */
  | { readonly kind: 'unlisted'; readonly pool: string }
  | { readonly kind: 'unavailable' };

export interface AlgorithmNames {
  readonly name: string;
  readonly aliases: readonly string[];
}

/** From the supervisor. `call` joins a question with its answer. */
export type ToWorker =
  | {
      readonly kind: 'listen';
      readonly call: number;
      readonly host: string | null;
      readonly port: number;
      readonly policy: ListenerPolicy;
    }
  | { readonly kind: 'account'; readonly call: number; readonly answer: AccountAnswer }
  /** An account was changed or removed: what is remembered of it is void, and its miners follow. */
  | { readonly kind: 'account-changed'; readonly name: string }
  /** What is remembered of accounts may be out of date: ask again at the next login. */
  | { readonly kind: 'forget-accounts' }
  /** Every `host:port` and `*.suffix:port` of the pool list. */
  | { readonly kind: 'pool-list'; readonly addresses: readonly string[] }
  /** Every algorithm of the catalogue, and what else it is called. */
  | { readonly kind: 'algorithms'; readonly algorithms: readonly AlgorithmNames[] }
  /** What the pools of accounts speak: it helps to tell miners apart whose first line does not. */
  | { readonly kind: 'dialects-in-use'; readonly dialects: readonly string[] }
  | { readonly kind: 'report'; readonly call: number }
  | { readonly kind: 'summary'; readonly call: number }
  /** Connections that have not logged in. */
  | { readonly kind: 'list-without-login'; readonly call: number }
  | { readonly kind: 'find-session'; readonly call: number; readonly id: string }
  /** The operator's hands on miners; see `proxy/operations.ts`. */
  | { readonly kind: 'kick'; readonly call: number; readonly id: string }
  /** The operator's, of before the worker began. */
  | { readonly kind: 'restore-bans'; readonly bans: readonly Ban[] }
  | { readonly kind: 'list-bans'; readonly call: number }
  | { readonly kind: 'ban'; readonly call: number; readonly ban: Ban }
  /** What would a ban of this address or network close? */
  | { readonly kind: 'reach-of-ban'; readonly call: number; readonly address: string }
  | { readonly kind: 'unban'; readonly call: number; readonly address: string }
  | { readonly kind: 'record'; readonly call: number; readonly id: string; readonly seconds: number }
  | { readonly kind: 'stop-recording'; readonly call: number; readonly id: string }
  | { readonly kind: 'list-recordings'; readonly call: number }
  | { readonly kind: 'list-refused-logins'; readonly call: number }
  | { readonly kind: 'show-recording'; readonly call: number; readonly id: string }
  /** Other settings, in the place of those in force. */
  | { readonly kind: 'settings'; readonly settings: ProxySettings }
  /** Which accounts have had miners since this was asked last? */
  | { readonly kind: 'accounts-seen'; readonly call: number }
  /** What was counted since this was last asked. */
  | { readonly kind: 'collect'; readonly call: number }
  | { readonly kind: 'probe-pool'; readonly call: number; readonly probe: PoolProbe }
  | { readonly kind: 'drain'; readonly call: number; readonly graceMs: number };

/** From a worker. */
export type ToSupervisor =
  | { readonly kind: 'listening'; readonly call: number; readonly host: string; readonly port: number }
  | { readonly kind: 'listen-failed'; readonly call: number; readonly code: string; readonly message: string }
  | { readonly kind: 'find-account'; readonly call: number; readonly name: string }
  | { readonly kind: 'report'; readonly call: number; readonly report: WorkerReport }
  | { readonly kind: 'summary'; readonly call: number; readonly summary: FleetSummary }
  | { readonly kind: 'without-login'; readonly call: number; readonly rows: readonly SessionRow[] }
  | { readonly kind: 'session'; readonly call: number; readonly session: SessionDetail | null }
  | { readonly kind: 'kicked'; readonly call: number; readonly isKicked: boolean }
  | { readonly kind: 'bans'; readonly call: number; readonly bans: readonly Ban[] }
  | { readonly kind: 'banned'; readonly call: number; readonly closed: BanReach }
  | { readonly kind: 'ban-reach'; readonly call: number; readonly reach: BanReach }
  | { readonly kind: 'unbanned'; readonly call: number; readonly isRemoved: boolean }
  | { readonly kind: 'recording'; readonly call: number; readonly result: RecordResult }
  | { readonly kind: 'recording-stopped'; readonly call: number; readonly isStopped: boolean }
  | { readonly kind: 'recordings'; readonly call: number; readonly recordings: readonly RecordingSummary[] }
  | { readonly kind: 'refused-logins'; readonly call: number; readonly logins: readonly RefusedLogin[] }
  | { readonly kind: 'recorded'; readonly call: number; readonly recording: Recording | null }
  | {
      readonly kind: 'accounts-seen';
      readonly call: number;
      readonly seen: readonly string[];
      /** Of those, the ones that have miners now. */
      readonly inUse: readonly string[];
    }
  | { readonly kind: 'collected'; readonly call: number; readonly collection: Collection }
  | { readonly kind: 'pool-probed'; readonly call: number; readonly finding: PoolFinding }
  /** Something that an operator wants to hear of; nobody has asked. */
  | { readonly kind: 'event'; readonly occurrence: Occurrence }
  | { readonly kind: 'drained'; readonly call: number };
