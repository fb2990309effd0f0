import { type Account, isAccountName, type MinerName, parseMinerName } from '../../domain/account.ts';
import type { ProxyEvent } from '../../domain/event.ts';
import type { RequestId } from '../../wire/messages.ts';
import type { MinerSession } from '../miner-session.ts';
import { pairingFault } from '../pairing-fault.ts';
import { readWishes } from '../session-difficulty.ts';

const UNKNOWN = 'Unknown user name. Register the pool account first: POST /api/v1/users';
const UNKNOWN_NAMES = 'too many unknown user names';

/**
 * Binds the session to an account: `name` or `name.worker`, the password is ignored as in the original program. The answer waits, for a moment,
 * for the pool's own verdict. Further names on the connection are taken as long as they belong to the same account.
 */
export function onAuthorize(
  session: MinerSession,
  request: {
    readonly id: RequestId;
    readonly user: string;
    readonly password: string;
    readonly rig?: string;
  },
): void {
  const { context } = session;
  const name = nameOf(session, request);
  const claimed = session.claimedAccount;
  if (claimed === name.account) {
    session.authorizeAgain(request.id);
    return;
  }
  if (claimed !== null) {
    session.dialogue.refuse(
      request.id,
      'unauthorized',
      'This connection mines for another account already; use one connection per account',
    );
    session.dialogue.countFault();
    return;
  }
  session.recognition.confirmDialect();
  const waiting = session.logins.open(request.id, name.account, request.user);
  if (!isAccountName(name.account)) {
    onUnknown(session, name.account);
    return;
  }
  context.accounts.find(name.account, (answer) => {
    if (!session.isAwaiting(waiting)) return;
    if (answer.kind === 'unknown') {
      onUnknown(session, name.account);
      return;
    }
    if (answer.kind === 'unavailable') {
      session.logins.refuseLater('The account cannot be looked up at the moment; try again');
      return;
    }
    if (answer.kind === 'unlisted') {
      session.logins.refuseLater(`Pool ${answer.pool} of this account is not in the pool list any more`);
      return;
    }
    const route = context.routeOf(answer.account, session.routeKind);
    if (route === null) {
      refuseForeign(session, answer.account);
      return;
    }
    const { group } = route;
    const refusal = group.recentRefusal(context.clock.monotonicMs());
    if (refusal !== null && !route.hasOtherHope) {
      session.logins.turnAway(group);
      session.logins.refuseLater(`The pool refused the account's login: ${refusal.message}`);
      return;
    }
    if (route.isHopeless(context.clock.monotonicMs())) {
      for (const one of route.groups) one.lookAgain();
      session.logins.turnAway(group);
      session.logins.refuseLater(`No pool of this account is up: ${group.lastError}`);
      return;
    }
    if (session.upstream !== null && !group.upstreams.includes(session.upstream)) {
      // It was taken for another miner of its place, and told the prefix of that one's pool.
      session.where.leaveUpstream();
    }
    session.wishes.password = readWishes(request.password);
    session.bind(route, name.worker);
  });
}

/** None of the account's pools is for this miner. Where what it speaks was a guess, the next one is right. */
function refuseForeign(session: MinerSession, account: Account): void {
  const [{ pool }] = account.entries;
  const fault = pairingFault(session.dialect, pool, session.context.mix);
  if (session.dialect.pairing(pool.dialect) === 'none')
    session.recognition.expectAs(pool.dialect, account.name);
  session.logins.refuse(fault ?? 'No pool of this account is for this miner');
  session.end('refused');
}

/** Account and worker. On a port with an account of its own a user name that is none is the worker's. */
function nameOf(session: MinerSession, request: { readonly user: string; readonly rig?: string }): MinerName {
  const named = parseMinerName(request.user);
  const rig = request.rig ?? '';
  const { account } = session.policy;
  if (account !== null && !isAccountName(named.account))
    return { account, worker: rig === '' ? request.user : rig };
  return { account: named.account, worker: named.worker === '' ? rig : named.worker };
}

function onUnknown(session: MinerSession, account: string): void {
  const { context } = session;
  context.onAuthorizeFailure();
  const isBanned = context.addresses.failed(session.ip, context.clock.monotonicMs());
  if (isBanned) context.emit(banOf(session));
  context.log.info('unknown user name', {
    miner: session.address,
    user: account.slice(0, 32),
    agent: session.agent,
    ...(isBanned ? { banned: true } : {}),
  });
  session.logins.refuseLater(UNKNOWN);
}

function banOf({ ip, context }: MinerSession): ProxyEvent {
  const untilMs = context.clock.wallMs() + context.settings.bans.durationSeconds * 1000;
  return { kind: 'ban', address: ip, by: 'proxy', reason: UNKNOWN_NAMES, untilMs };
}
