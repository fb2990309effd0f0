import { hostPatternsFor } from '../domain/pool-pattern.ts';
import type { Clock } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { ListenError } from '../net/tcp-listener.ts';
import { Proxy, type ProxyParts } from '../proxy/proxy.ts';
import type { ProxySettings } from '../proxy/settings.ts';
import { AccountCache } from './account-cache.ts';
import { EventGate } from './event-gate.ts';
import type { Link } from './link.ts';
import type { AlgorithmNames, ToSupervisor, ToWorker } from './messages.ts';

export interface WorkerParts
  extends Pick<ProxyParts, 'dialects' | 'verifier' | 'mix' | 'secureContext' | 'trustedProxies'> {
  readonly clock: Clock;
  readonly log: Log;
  readonly link: Link<ToSupervisor, ToWorker>;
}

/** One proxy at its end of the boundary: does what the supervisor's messages ask, and asks for accounts. */
export function startWorker(parts: WorkerParts, settings: ProxySettings): void {
  const { link, clock, log, dialects, verifier, mix, secureContext, trustedProxies } = parts;
  const accounts = new AccountCache({
    clock,
    ask: (call, name) => link.send({ kind: 'find-account', call, name }),
  });
  let listed: ReadonlySet<string> = new Set();
  let dialectsInUse: readonly string[] = [];
  let algorithms: ReadonlyMap<string, string> = new Map();
  const gate = new EventGate({ clock, tell: (occurrence) => link.send({ kind: 'event', occurrence }) });
  const proxy = new Proxy(
    {
      clock,
      log,
      dialects,
      verifier,
      mix,
      secureContext,
      trustedProxies,
      accounts,
      emit: (event) => gate.push(event),
      dialectsInUse: () => dialectsInUse,
      algorithmNamed: (nameOrAlias) => algorithms.get(nameOrAlias.toLowerCase()) ?? null,
      isListed: (host, port) => hostPatternsFor(host).some((pattern) => listed.has(`${pattern}:${port}`)),
    },
    settings,
  );

  const { operations } = proxy;

  /** Miners of an account that may have changed go where it points now. */
  const follow = (name: string): void => {
    accounts.find(name, (answer) => {
      if (answer.kind === 'found') proxy.onAccountChanged(answer.account);
      else if (answer.kind === 'unknown') proxy.onAccountRemoved(name);
    });
  };

  link.onMessage((message) => {
    switch (message.kind) {
      case 'listen':
        void listen(proxy, link, message);
        return;
      case 'account':
        accounts.answered(message.call, message.answer);
        return;
      case 'account-changed':
        accounts.forgetOne(message.name);
        follow(message.name);
        return;
      case 'settings':
        proxy.apply(message.settings);
        // How an account is mined may be another by them.
        for (const name of proxy.accountsInUse()) follow(name);
        return;
      case 'accounts-seen':
        link.send({ kind: 'accounts-seen', call: message.call, ...proxy.accountsSeen() });
        return;
      case 'forget-accounts':
        accounts.forget();
        for (const name of proxy.accountsInUse()) follow(name);
        return;
      case 'pool-list':
        listed = new Set(message.addresses);
        return;
      case 'algorithms':
        algorithms = byName(message.algorithms);
        return;
      case 'dialects-in-use':
        dialectsInUse = message.dialects;
        return;
      case 'report':
        link.send({ kind: 'report', call: message.call, report: proxy.report() });
        return;
      case 'summary':
        link.send({ kind: 'summary', call: message.call, summary: proxy.summary() });
        return;
      case 'list-without-login':
        link.send({ kind: 'without-login', call: message.call, rows: proxy.withoutLogin() });
        return;
      case 'find-session':
        link.send({ kind: 'session', call: message.call, session: proxy.session(message.id) });
        return;
      case 'kick':
        link.send({ kind: 'kicked', call: message.call, isKicked: operations.kick(message.id) });
        return;
      case 'restore-bans':
        operations.restoreBans(message.bans);
        return;
      case 'list-bans':
        link.send({ kind: 'bans', call: message.call, bans: operations.bans() });
        return;
      case 'ban':
        link.send({ kind: 'banned', call: message.call, closed: operations.ban(message.ban) });
        return;
      case 'reach-of-ban':
        link.send({ kind: 'ban-reach', call: message.call, reach: operations.reach(message.address) });
        return;
      case 'unban':
        link.send({ kind: 'unbanned', call: message.call, isRemoved: operations.unban(message.address) });
        return;
      case 'record': {
        const result = operations.record(message.id, message.seconds);
        link.send({ kind: 'recording', call: message.call, result });
        return;
      }
      case 'stop-recording': {
        const isStopped = operations.stopRecording(message.id);
        link.send({ kind: 'recording-stopped', call: message.call, isStopped });
        return;
      }
      case 'list-recordings':
        link.send({ kind: 'recordings', call: message.call, recordings: operations.recordings() });
        return;
      case 'list-refused-logins':
        link.send({ kind: 'refused-logins', call: message.call, logins: operations.refusedLogins() });
        return;
      case 'show-recording':
        link.send({ kind: 'recorded', call: message.call, recording: operations.recorded(message.id) });
        return;
      case 'collect':
        link.send({ kind: 'collected', call: message.call, collection: proxy.collect() });
        return;
      case 'probe-pool':
        void proxy
          .probe(message.probe)
          .then((finding) => link.send({ kind: 'pool-probed', call: message.call, finding }));
        return;
      case 'drain':
        void proxy.drain(message.graceMs).then(() => {
          gate.finish();
          link.send({ kind: 'drained', call: message.call });
        });
        return;
    }
  });
}

/** Names by name and alias; a name goes before an alias of the same spelling. */
function byName(algorithms: readonly AlgorithmNames[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { name, aliases } of algorithms)
    for (const alias of aliases) names.set(alias.toLowerCase(), name);
  for (const { name } of algorithms) names.set(name.toLowerCase(), name);
  return names;
}

async function listen(
  proxy: Proxy,
  link: Link<ToSupervisor, ToWorker>,
  { call, host, port, policy }: Extract<ToWorker, { kind: 'listen' }>,
): Promise<void> {
  try {
    const bound = await proxy.listen({ host, port }, policy);
    link.send({ kind: 'listening', call, ...bound });
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    link.send({ kind: 'listen-failed', call, code: error.code, message: error.message });
  }
}
