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
  | {
      readonly kind: 'account-registered' | 'account-changed' | 'account-deleted';
      readonly account: string;
    }
  | { readonly kind: 'pool-added' | 'pool-changed' | 'pool-deleted'; readonly pool: string }
  | {
      readonly kind: 'algorithm-added' | 'algorithm-changed' | 'algorithm-deleted';
      readonly algorithm: string;
    }
  | {
      readonly kind: 'settings-reloaded';
      readonly changed: readonly string[];
      readonly needsRestart: readonly string[];
    };

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
};

/** Every kind there is. */
export const EVENT_KINDS = Object.keys(SEVERITIES) as readonly EventKind[];

export function severityOf({ kind }: ProxyEvent): Severity {
  return SEVERITIES[kind];
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
      return event.kind;
  }
}

/** What has happened, in a sentence for people. */
export function describeEvent({ event, count, isFolded }: Occurrence): string {
  const text = sentenceOf(event);
  if (count <= 1) return text;
  return isFolded ? `${text}, and ${count - 1} more like it` : `${text} (${count} times)`;
}

function sentenceOf(event: ProxyEvent): string {
  switch (event.kind) {
    case 'pool-up':
      return `pool ${event.pool} is up`;
    case 'pool-down':
      return `pool ${event.pool} is down: ${event.reason}`;
    case 'login-refused-by-pool':
      return `pool ${event.pool} refused the login of account ${event.account}: ${event.reason}`;
    case 'login-accepted-by-pool':
      return `pool ${event.pool} takes the login of account ${event.account} again`;
    case 'failover':
      return `${miners(event.miners)} of account ${event.account} moved from ${event.from} to ${event.to}`;
    case 'account-moved':
      return `account ${event.account} was changed: ${miners(event.miners)} moved from ${event.from} to ${event.to}`;
    case 'ban':
      return `${event.address} was banned${event.by === 'operator' ? ' by the operator' : ''}${event.reason === '' ? '' : `: ${event.reason}`}`;
    case 'unban':
      return `${event.address} is no longer banned`;
    case 'kick':
      return `miner ${nameOf(event)} was disconnected by the operator`;
    case 'quarantine':
      return `miner ${nameOf(event)} is quarantined: most of its shares are invalid`;
    case 'quarantine-end':
      return `miner ${nameOf(event)} was released from quarantine`;
    case 'session-flood':
      return `too much from ${event.address}: ${event.reason}`;
    case 'account-registered':
      return `account ${event.account} was registered`;
    case 'account-changed':
      return `account ${event.account} was changed`;
    case 'account-deleted':
      return `account ${event.account} was deleted`;
    case 'pool-added':
      return `pool ${event.pool} was added to the list`;
    case 'pool-changed':
      return `pool ${event.pool} was changed in the list`;
    case 'pool-deleted':
      return `pool ${event.pool} was removed from the list`;
    case 'algorithm-added':
      return `algorithm ${event.algorithm} was added`;
    case 'algorithm-changed':
      return `algorithm ${event.algorithm} was changed`;
    case 'algorithm-deleted':
      return `algorithm ${event.algorithm} was removed`;
    case 'settings-reloaded':
      return settingsSentence(event);
  }
}

function settingsSentence(event: ProxyEvent & { readonly kind: 'settings-reloaded' }): string {
  const changed = event.changed.length === 0 ? 'nothing has changed' : event.changed.join(', ');
  const later =
    event.needsRestart.length === 0 ? '' : `; at the next start: ${event.needsRestart.join(', ')}`;
  return `settings were read again: ${changed}${later}`;
}

function nameOf({ account, worker, address }: Readonly<Record<'account' | 'worker' | 'address', string>>) {
  const name = worker === '' ? account : `${account}.${worker}`;
  return name === '' ? address : `${name} (${address})`;
}

function miners(count: number): string {
  return count === 1 ? 'the miner' : `${count} miners`;
}
