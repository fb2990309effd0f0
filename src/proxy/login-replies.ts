import type { Clock } from '../kit/clock.ts';
import type { Dialect } from '../wire/dialect.ts';
import type { RequestId } from '../wire/messages.ts';
import type { Dialogue, Place } from './dialogue.ts';
import type { Group } from './group.ts';
import type { RefusedLogins } from './refused-logins.ts';
import type { ProxySettings } from './settings.ts';

/** A miner as it logs in. */
export interface LoggingMiner {
  readonly context: {
    readonly settings: ProxySettings;
    readonly clock: Clock;
    readonly refusedLogins: RefusedLogins;
    /** A miner of this account gets no work, for its pools' sake. */
    onTurnedAway(account: string): void;
  };
  readonly ip: string;
  readonly agent: string;
  readonly dialect: Dialect;
  readonly dialogue: Dialogue;
}

/** One authorize, and those for the same account that followed it. */
interface OpenLogin {
  readonly account: string;
  /** The user name as the miner gave it. */
  readonly user: string;
  readonly places: Place[];
}

/** A login whose answer waits for the account's look-up or the pool. */
export interface WaitingLogin extends OpenLogin {
  readonly kind: 'waiting';
  deadlineMs: number;
}

/** A refusal that is held back a moment, so that a miner with a wrong name does not turn in a tight loop. */
interface DelayedRefusal extends OpenLogin {
  readonly kind: 'refused';
  readonly message: string;
  readonly untilMs: number;
}

/** Names that one connection may ask for before the first has been answered. */
const MAX_AUTHORIZES = 64;
/** How long a login may wait for the look-up of its account: most miners give a login up after ten seconds. */
const ACCOUNT_WAIT_MS = 5000;

/** The login of one session that has no answer yet. At most one is open: waited for, or refused and not told so yet. */
export class LoginReplies {
  readonly #miner: LoggingMiner;
  #open: WaitingLogin | DelayedRefusal | null = null;
  #turnedAwayFrom: Group | null = null;

  constructor(miner: LoggingMiner) {
    this.#miner = miner;
  }

  get waiting(): WaitingLogin | null {
    return this.#open?.kind === 'waiting' ? this.#open : null;
  }

  /** Nobody is left without an answer. */
  get isEmpty(): boolean {
    return this.#open === null;
  }

  /** The account that was asked for and not answered; null where there is none. */
  get account(): string | null {
    return this.#open?.account ?? null;
  }

  /** Where the miner would mine if the pool took the account's login, or were up; null where its last login was not refused for that. */
  get turnedAwayFrom(): Group | null {
    return this.#turnedAwayFrom;
  }

  /** The login is refused for the sake of this group's pool. */
  turnAway(group: Group): void {
    this.#turnedAwayFrom = group;
    this.#miner.context.onTurnedAway(group.account);
  }

  /** The account is being looked up; the answer keeps its place. */
  open(id: RequestId, account: string, user: string): WaitingLogin {
    const { context, dialogue } = this.#miner;
    const deadlineMs = context.clock.monotonicMs() + ACCOUNT_WAIT_MS;
    const places = [dialogue.keepPlace(id)];
    const login: WaitingLogin = { kind: 'waiting', account, user, places, deadlineMs };
    this.#open = login;
    this.#turnedAwayFrom = null;
    return login;
  }

  /** The account is known: from now on the login waits for the pool. */
  awaitPool(): void {
    const { context, dialect } = this.#miner;
    const { waiting } = this;
    const { loginPatienceMs = Infinity } = dialect.miner;
    const { authorizeWaitMs } = context.settings.upstream;
    if (waiting !== null)
      waiting.deadlineMs = context.clock.monotonicMs() + Math.min(authorizeWaitMs, loginPatienceMs);
  }

  /** A further authorize for the account that is asked for. False where there are too many of them. */
  add(id: RequestId): boolean {
    const open = this.#open;
    if (open === null || open.places.length >= MAX_AUTHORIZES) return false;
    open.places.push(this.#miner.dialogue.keepPlace(id));
    return true;
  }

  /** The one that is waited for is answered so. False where none is. */
  grant(line: (id: RequestId) => string): boolean {
    const { waiting } = this;
    if (waiting === null) return false;
    this.#open = null;
    for (const place of waiting.places) this.#miner.dialogue.answer(place, line(place.id));
    return true;
  }

  /** The one that is waited for is refused. */
  refuse(message: string): void {
    const { waiting } = this;
    if (waiting === null) return;
    this.#note(waiting, message);
    this.#refuse(waiting, message);
  }

  /** The one that is waited for is refused, and told so after a moment. */
  refuseLater(message: string): void {
    const { clock, settings } = this.#miner.context;
    const { waiting } = this;
    const nowMs = clock.monotonicMs();
    if (waiting !== null) {
      const { account, user, places } = waiting;
      this.#note(waiting, message);
      this.#open = {
        kind: 'refused',
        account,
        user,
        places,
        message,
        untilMs: nowMs + settings.limits.refusalDelayMs,
      };
    }
    this.sweep(nowMs);
  }

  /** Tells the refusal whose time has come. */
  sweep(nowMs: number): void {
    const open = this.#open;
    if (open?.kind === 'refused' && nowMs >= open.untilMs) this.#refuse(open, open.message);
  }

  #note({ user }: OpenLogin, reason: string): void {
    const { context, ip, agent, dialect } = this.#miner;
    context.refusedLogins.note({ address: ip, name: user, agent, dialect: dialect.name, reason });
  }

  #refuse({ places }: OpenLogin, message: string): void {
    const { dialect, dialogue } = this.#miner;
    this.#open = null;
    for (const place of places)
      dialogue.answer(place, dialect.miner.refuse(place.id, { reason: 'unauthorized', message, code: null }));
  }
}
