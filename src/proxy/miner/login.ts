import type { MinerRequest } from '../../wire/messages.ts';
import { hintKey } from '../hint-key.ts';
import type { MinerSession } from '../miner-session.ts';
import { onAuthorize } from './authorize.ts';

/** Subscribe and authorize in one: nothing had to be told before the account is known. A further login is answered as the first was. */
export function onLogin(session: MinerSession, request: Extract<MinerRequest, { kind: 'login' }>): void {
  if (!session.isSubscribed) {
    session.agent = request.agent;
    session.origin = hintKey(session.ip, request.agent);
    session.open(null, session.space.planFor(null));
  }
  onAuthorize(session, request);
}
