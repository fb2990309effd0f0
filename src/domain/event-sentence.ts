import type { Occurrence, ProxyEvent } from './event.ts';

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
      return `account ${event.account} was registered${byWhom(event)}`;
    case 'account-changed':
      return `account ${event.account} was changed${byWhom(event)}${fields(event)}`;
    case 'account-deleted':
      return `account ${event.account} was deleted${byWhom(event)}`;
    case 'pool-added':
      return `pool ${event.pool} was added to the list${byWhom(event)}`;
    case 'pool-changed':
      return `pool ${event.pool} was changed in the list${byWhom(event)}${fields(event)}`;
    case 'pool-deleted':
      return `pool ${event.pool} was removed from the list${byWhom(event)}`;
    case 'algorithm-added':
      return `algorithm ${event.algorithm} was added${byWhom(event)}`;
    case 'algorithm-changed':
      return `algorithm ${event.algorithm} was changed${byWhom(event)}${fields(event)}`;
    case 'algorithm-deleted':
      return `algorithm ${event.algorithm} was removed${byWhom(event)}`;
    case 'settings-reloaded':
      return settingsSentence(event);
    case 'settings-refused':
      return `the settings that were read again have faults, and what was in force stays: ${event.problems.join('; ')}`;
    case 'store-fault':
      return `nothing can be stored any more, miners go on: ${event.reason}`;
    case 'store-ok':
      return 'what is to be stored can be stored again';
    case 'proxy-started':
      return `the proxy was started, version ${event.version}${event.lastEnd === 'not-in-order' ? '; its last run did not end in order' : ''}`;
    case 'proxy-stopped':
      return `the proxy was stopped, version ${event.version}`;
  }
}

/** Whoever is no token. `local` is everybody where none is needed: not worth a word. */
const IN_WORDS: Readonly<Record<string, string>> = {
  '': '',
  local: '',
  'command line': ' on the command line',
  proxy: ' by the proxy itself',
};

function byWhom({ by }: { readonly by: string }): string {
  return IN_WORDS[by] ?? ` by ${by}`;
}

function fields({ changed }: { readonly changed: readonly string[] }): string {
  return changed.length === 0 ? '' : `: ${changed.join(', ')}`;
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
