import type { MinerRequest } from '../../wire/messages.ts';
import type { MinerSession } from '../miner-session.ts';
import { onAuthorize } from './authorize.ts';
import { onConfigure } from './configure.ts';
import { onLogin } from './login.ts';
import { onSubmit, onUnusableSubmit } from './submit.ts';
import { onSubscribe } from './subscribe.ts';
import { onSuggestDifficulty, onSuggestTarget } from './suggest.ts';

/** What each request does. Every answer goes through the session's reply queue, so replies keep the order of arrival. */
export function dispatch(session: MinerSession, request: MinerRequest): void {
  switch (request.kind) {
    case 'submit':
      onSubmit(session, request);
      return;
    case 'configure':
      onConfigure(session, request);
      return;
    case 'subscribe':
      onSubscribe(session, request);
      return;
    case 'login':
      onLogin(session, request);
      return;
    case 'get-job':
      session.jobs.ask(request.id);
      return;
    case 'courtesy':
      session.dialogue.reply(request.id, session.dialect.miner.yes(request.id));
      return;
    case 'hello':
      session.agent = request.agent;
      session.dialogue.reply(request.id, session.dialect.miner.hello(request.id));
      return;
    case 'authorize':
      onAuthorize(session, request);
      return;
    case 'suggest-difficulty':
      onSuggestDifficulty(session, request);
      return;
    case 'suggest-target':
      onSuggestTarget(session, request);
      return;
    case 'extranonce-subscribe':
      session.dialogue.reply(request.id, session.dialect.miner.yes(request.id));
      session.announceExtranonce();
      return;
    case 'get-transactions':
      session.dialogue.reply(request.id, session.dialect.miner.transactions(request.id));
      return;
    case 'ping':
      session.dialogue.reply(request.id, session.dialect.miner.pong(request.id));
      return;
    case 'multi-version':
      // [quirk: bmminer] Proprietary AsicBoost is never activated; version rolling is there for all.
      session.dialogue.refuse(
        request.id,
        'other',
        'mining.multi_version is not supported, use version-rolling',
      );
      return;
    case 'capabilities':
    case 'reply':
      return;
    case 'unknown':
      session.dialogue.refuse(request.id, 'other', `Unknown method ${request.method}`);
      session.dialogue.countFault();
      return;
    case 'malformed':
      if (SUBMITS.has(request.method)) onUnusableSubmit(session, request.id, capitalised(request.problem));
      else session.dialogue.refuse(request.id, 'other', capitalised(request.problem));
      session.dialogue.countFault();
      return;
    case 'fault':
      session.dialogue.send(
        session.dialect.miner.refuse('null', {
          reason: 'other',
          message: capitalised(request.problem),
          code: null,
        }),
      );
      session.end('not-stratum');
      return;
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A share that cannot be read is still a share in the books. */
const SUBMITS: ReadonlySet<string> = new Set(['mining.submit', 'submit', 'eth_submitWork']);
