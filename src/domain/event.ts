/** What an operator wants to hear of, as it is told where it happens. Plain data; holds no secret. */
export type ProxyEvent =
  | { readonly kind: 'pool-up'; readonly pool: string; readonly algorithm: string }
  | { readonly kind: 'pool-down'; readonly pool: string; readonly algorithm: string; readonly reason: string }
  | {
      readonly kind: 'login-refused-by-pool';
      readonly pool: string;
      readonly account: string;
      readonly reason: string;
    }
  | { readonly kind: 'login-accepted-by-pool'; readonly pool: string; readonly account: string }
  /** The miners of an account were moved because a pool went down or came back; `account-moved`: because the account was changed. */
  | {
      readonly kind: 'failover' | 'account-moved';
      readonly account: string;
      readonly from: string;
      readonly to: string;
      readonly miners: number;
    }
  /** `address`: an IP address or a network. `untilMs`: milliseconds since 1970-01-01 UTC; null: without end. */
  | {
      readonly kind: 'ban';
      readonly address: string;
      readonly by: BannedBy;
      readonly reason: string;
      readonly untilMs: number | null;
    }
  | { readonly kind: 'unban'; readonly address: string }
  | {
      readonly kind: 'kick' | 'quarantine' | 'quarantine-end';
      readonly address: string;
      readonly account: string;
      readonly worker: string;
    }
  /** Connections are refused or closed since there are too many of them, or too much comes over them. */
  | { readonly kind: 'session-flood'; readonly address: string; readonly reason: string }
  | (ByWhom & {
      readonly kind: 'account-registered' | 'account-deleted';
      readonly account: string;
    })
  | (ByWhom & Changed & { readonly kind: 'account-changed'; readonly account: string })
  | (ByWhom & { readonly kind: 'pool-added' | 'pool-deleted'; readonly pool: string })
  | (ByWhom & Changed & { readonly kind: 'pool-changed'; readonly pool: string })
  | (ByWhom & {
      readonly kind: 'algorithm-added' | 'algorithm-deleted';
      readonly algorithm: string;
    })
  | (ByWhom & Changed & { readonly kind: 'algorithm-changed'; readonly algorithm: string })
  | {
      readonly kind: 'settings-reloaded';
      readonly changed: readonly string[];
      readonly needsRestart: readonly string[];
    }
  /** The settings were to be read again and have faults; what was in force stays. */
  | { readonly kind: 'settings-refused'; readonly problems: readonly string[] }
  /** What is stored cannot be written; miners go on. The reason says what to do. */
  | { readonly kind: 'store-fault'; readonly reason: string }
  | { readonly kind: 'store-ok' }
  | { readonly kind: 'proxy-started'; readonly version: string; readonly lastEnd: LastEnd }
  | { readonly kind: 'proxy-stopped'; readonly version: string };

/** Whose doing it was: a token as the audit log names it, `local` without one, `command line`, or `proxy` for what the program does by itself. */
interface ByWhom {
  /** Empty: not known. */
  readonly by: string;
}

interface Changed {
  /** Names of the fields that are others now, never what is in them. */
  readonly changed: readonly string[];
}

/** How the run before this one ended; `unknown` where nothing is known of one. */
export const LAST_ENDS = ['in-order', 'not-in-order', 'unknown'] as const;

export type LastEnd = (typeof LAST_ENDS)[number];

export type BannedBy = 'proxy' | 'operator';

export type EventKind = ProxyEvent['kind'];

/** An event with its time, and what else it stands for. */
export interface Occurrence {
  readonly event: ProxyEvent;
  /** Milliseconds since 1970-01-01 UTC; of the last one it stands for. */
  readonly atMs: number;
  /** So many times it has happened; more than 1 where it came so often that it is told in one. */
  readonly count: number;
  /** What it stands for beside itself is of the same kind, of whatever subject. */
  readonly isFolded: boolean;
}

/** An occurrence as the supervisor keeps it. Numbers grow, also over restarts. */
export interface NumberedEvent extends Occurrence {
  readonly id: number;
}

export type Severity = 'info' | 'warning' | 'error';

const SEVERITIES: Readonly<Record<EventKind, Severity>> = {
  'pool-up': 'info',
  'pool-down': 'error',
  'login-refused-by-pool': 'error',
  'login-accepted-by-pool': 'info',
  failover: 'warning',
  'account-moved': 'info',
  ban: 'warning',
  unban: 'info',
  kick: 'info',
  quarantine: 'warning',
  'quarantine-end': 'info',
  'session-flood': 'warning',
  'account-registered': 'info',
  'account-changed': 'info',
  'account-deleted': 'info',
  'pool-added': 'info',
  'pool-changed': 'info',
  'pool-deleted': 'info',
  'algorithm-added': 'info',
  'algorithm-changed': 'info',
  'algorithm-deleted': 'info',
  'settings-reloaded': 'info',
  'settings-refused': 'error',
  'store-fault': 'error',
  'store-ok': 'info',
  'proxy-started': 'info',
  'proxy-stopped': 'info',
};

/** Every kind there is. */
export const EVENT_KINDS = Object.keys(SEVERITIES) as readonly EventKind[];

export function severityOf(event: ProxyEvent): Severity {
  if (event.kind === 'proxy-started' && event.lastEnd === 'not-in-order') return 'warning';
  return SEVERITIES[event.kind];
}

/** What tells of both where they are told in one: the later one, with every field that either has changed. */
export function joinedEvents(earlier: ProxyEvent, later: ProxyEvent): ProxyEvent {
  if (!('by' in earlier && 'changed' in earlier && 'by' in later && 'changed' in later)) return later;
  if (earlier.kind !== later.kind) return later;
  return { ...later, changed: [...new Set([...earlier.changed, ...later.changed])] };
}

/** Events of one topic follow each other so that the last one is the state of things. */
export function topicOf(event: ProxyEvent): string {
  switch (event.kind) {
    case 'pool-up':
    case 'pool-down':
      return `pool ${event.pool} ${event.algorithm}`;
    case 'login-refused-by-pool':
    case 'login-accepted-by-pool':
      return `login ${event.account} ${event.pool}`;
    case 'failover':
    case 'account-moved':
      return `route ${event.account}`;
    case 'ban':
    case 'unban':
      return `ban ${event.address}`;
    case 'quarantine':
    case 'quarantine-end':
      return `conduct ${event.account}.${event.worker} ${event.address}`;
    case 'kick':
    case 'session-flood':
      return `${event.kind} ${event.address}`;
    case 'account-registered':
    case 'account-changed':
    case 'account-deleted':
      return `account ${event.account}`;
    case 'pool-added':
    case 'pool-changed':
    case 'pool-deleted':
      return `pool-list ${event.pool}`;
    case 'algorithm-added':
    case 'algorithm-changed':
    case 'algorithm-deleted':
      return `algorithm ${event.algorithm}`;
    case 'settings-reloaded':
    case 'settings-refused':
      return 'settings';
    case 'store-fault':
    case 'store-ok':
      return 'store';
    case 'proxy-started':
    case 'proxy-stopped':
      return 'proxy';
  }
}
