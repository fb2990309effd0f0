import { type AccountDifficulty, difficultyAtPort } from '../domain/account.ts';
import type { Work } from '../domain/job.ts';
import { isOfPool, type Lane, type LanePlan, planFits, planLane, takesWhole } from '../domain/lane.ts';
import type { ListenerPolicy } from '../domain/listener.ts';
import { isProxyAgent, isRentalAgent } from '../domain/rental.ts';
import type { ShareResult } from '../domain/result.ts';
import type { CloseReason, Connection, ConnectionOwner } from '../net/connection.ts';
import type { Dialect, NonceSpace, Refusal, ShareCompletion } from '../wire/dialect.ts';
import { LineFramer } from '../wire/framing/line-framer.ts';
import type { PoolRefusal, PoolSubscription, RequestId } from '../wire/messages.ts';
import type { Group, GroupClient } from './group.ts';
import type { LaneHint } from './hint-book.ts';
import { hintKey } from './hint-key.ts';
import type { InFlightShare, PoolVerdict, ShareOwner } from './in-flight-share.ts';
import type { IssuedJob } from './issued-job.ts';
import { lineOfJob, viewOfJob } from './job-line.ts';
import type { LineRecorder } from './line-recorder.ts';
import { LoginReplies, type Place, type WaitingLogin } from './login-replies.ts';
import { dispatch } from './miner/dispatch.ts';
import { pairingFault, prefixFault } from './pairing-fault.ts';
import { RejectLog } from './reject-log.ts';
import { ReplyQueue } from './reply-queue.ts';
import type { Route, RoutedSession } from './route.ts';
import type { RouteKind } from './routes.ts';
import { Seat } from './seat.ts';
import { SentJobs } from './sent-jobs.ts';
import { SessionBooks } from './session-books.ts';
import { SessionConduct } from './session-conduct.ts';
import type { ResumeRecord, SessionContext } from './session-context.ts';
import { SessionDifficulty } from './session-difficulty.ts';
import { openingPlan, planInGroup } from './session-plan.ts';
import { SuggestionPace } from './suggestion-pace.ts';
import { type NoncePart, partAtPool, ToldPrefix } from './told-prefix.ts';
import type { Upstream } from './upstream.ts';
import { VersionOffer } from './version-offer.ts';
import { type Wish, Wishes, wishedDifficulty } from './wishes.ts';

/** What a session mines for. */
export interface Binding {
  readonly route: Route;
  readonly group: Group;
  /** What the miner's shares lack at the pool; null where they lack nothing. */
  readonly completion: ShareCompletion | null;
  /** Under the algorithm of the newest job. */
  readonly books: SessionBooks;
  /** Under algorithms of jobs before; null where there were none. */
  readonly formerBooks: ReadonlyMap<string, SessionBooks> | null;
  readonly worker: string;
  /** What the miner is called at the pool. */
  readonly nameAtPool: string;
}

/** Where the session mined before it was moved. */
interface Former {
  readonly binding: Binding;
  readonly upstream: Upstream;
  readonly lane: Lane;
  readonly sent: SentJobs;
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
  readonly untilMs: number;
}

/** A job that a share names, and where the share goes. */
export interface ShareSite {
  readonly job: IssuedJob;
  readonly binding: Binding;
  readonly upstream: Upstream;
  readonly lane: Lane;
  /** As the miner was told them when it was sent the job. */
  readonly extranonce1: string;
  readonly extranonce2Bytes: number;
  /** What the share is credited with, and must meet. */
  readonly difficulty: number;
}

/** Faults (unknown methods, unusable parameters) a miner may be forgiven at once; half of them are forgotten every sweep. */
const MAX_FAULTS = 64;
const RETARGET_EVERY_MS = 2000;
/** A session whose connection to a pool is down looks for room on another one after so long, and at another pool of the account after so long. */
const STRANDED_AFTER_MS = 1000;
const STRAYS_AFTER_MS = 5000;
/** A rate measured for less than this is no better a start than the device's kind. */
const RATE_KNOWN_AFTER_MS = 180_000;
/** Requests for a job that may wait for the first one. */
const MAX_JOB_REQUESTS = 4;
/** How long a login may wait for the look-up of its account: most miners give a login up after ten seconds. */
const ACCOUNT_WAIT_MS = 5000;
/** Of ours that are no other miner's yet, half of them of the usual length, half of the longest. */
const PREFIXES_TRIED = 512;
/** Shares found before a move are on their way for so long at most: a slow line, and a device that reports in batches. */
const FORMER_KEPT_MS = 15_000;
/** Some miners that take another prefix say so only when their login has been answered (nheqminer, nicehash/nheqminer StratumClient): so long after it they are waited for. */
const ANNOUNCED_WITHIN_MS = 1000;
/**
 * One miner: one TCP connection from its first line to its last share's verdict. The extranonce given at subscribe stays for the life of the
 * connection; whatever happens at the pool reaches the miner as a new job. What each request does stands in `miner/`, a file per request.
 */
export class MinerSession implements ConnectionOwner, GroupClient, RoutedSession, ShareOwner {
  readonly context: SessionContext;
  /** Of its connection, among those of this run. */
  readonly number: number;
  readonly connection: Connection;
  readonly dialect: Dialect;
  /** What is settled about every miner of its port. */
  readonly policy: ListenerPolicy;
  readonly ip: string;
  /** `ip:port`. */
  readonly address: string;
  readonly connectedAtMs: number;
  readonly connectedMonotonicMs: number;
  readonly replies = new ReplyQueue();
  readonly #framer = new LineFramer();
  /** Nothing it has said yet proves that it speaks what it is taken to. */
  #isGuess: boolean;
  #heardAtMs: number;
  #faults = 0;
  /** Reading has stopped until the pool has answered. */
  #isUnheard = false;

  /** Given out at subscribe; empty before. */
  id = '';
  agent = '';
  /** Address and agent, those of its last connection where it is recognised by session id. */
  origin = '';
  plan: LanePlan | null = null;
  extranonce1 = '';
  extranonce2Bytes = 0;
  readonly told = new ToldPrefix();
  /** What was known of the miner when it came; see {@link adoptHint}. */
  #adopted: LaneHint | null = null;
  readonly version = new VersionOffer();
  isExtranonceAware = false;
  /** Until then a miner that has not said that it takes another prefix may still do so. */
  #mayAnnounceUntilMs = 0;
  /** It has to be told another prefix, and whether it takes one is waited for. */
  #isUnfit = false;
  readonly wishes = new Wishes();

  binding: Binding | null = null;
  /** What the miner calls itself; empty before authorize. */
  worker = '';
  upstream: Upstream | null = null;
  /** Where the session is going: it stays where it is until there is a job for it there. */
  #next: { readonly group: Group; readonly upstream: Upstream } | null = null;
  /** Since when it looks for, or is at, another pool than the route's, because its own connection there did not come up; null: it does not. */
  #strayedAtMs: number | null = null;
  #former: Former | null = null;
  resumed: ResumeRecord | null = null;
  readonly #logins = new LoginReplies();
  /** A subscribe whose answer waits for the pool's extranonce. */
  #waitingSubscribe: Place | null = null;
  /** Requests for a job that wait for the first one. */
  #waitingJobs: Place[] | null = null;
  readonly #seat = new Seat();
  /** Of the newest job that was sent. */
  #block = '';
  /** The seed hash whose shares can be completed at once; null before the first. */
  #mixSeed: string | null = null;
  /** A prefix that no other miner has, where its pool leaves all of the nonce to it; null where it is of no pool such. */
  #ownPrefix: Lane | null = null;
  sent = new SentJobs();
  #isEnded = false;
  readonly conduct = new SessionConduct(this);
  /** Keeps what is said both ways; null while nobody wants to see it. */
  recorder: LineRecorder | null = null;
  #difficulty: SessionDifficulty | null = null;
  #rules: { readonly of: AccountDifficulty; readonly rules: AccountDifficulty } | null = null;
  /** Since when an authorised miner has been without a live upstream; null while it has one. */
  #withoutPoolSinceMs: number | null = null;
  readonly #rejects = new RejectLog(this);
  #retargetAtMs = 0;
  /** When the miner was last sent a job. */
  #jobSentAtMs = 0;
  #wishPace: SuggestionPace | null = null;

  constructor(
    parts: { context: SessionContext; connection: Connection; dialect: Dialect },
    options: {
      readonly number: number;
      readonly ip: string;
      readonly port: number;
      readonly connectedMonotonicMs: number;
      readonly policy: ListenerPolicy;
      /** What it speaks was guessed from its first line. */
      readonly isGuess: boolean;
    },
  ) {
    this.context = parts.context;
    this.number = options.number;
    this.connection = parts.connection;
    this.dialect = parts.dialect;
    this.policy = options.policy;
    this.#isGuess = options.isGuess;
    this.ip = options.ip;
    this.address = options.ip.includes(':')
      ? `[${options.ip}]:${options.port}`
      : `${options.ip}:${options.port}`;
    const nowMs = parts.context.clock.monotonicMs();
    this.connectedMonotonicMs = options.connectedMonotonicMs;
    this.connectedAtMs = parts.context.clock.wallMs() - (nowMs - options.connectedMonotonicMs);
    this.#heardAtMs = nowMs;
    this.origin = hintKey(options.ip, '');
  }

  get isSubscribed(): boolean {
    return this.plan !== null;
  }

  get isAuthorized(): boolean {
    return this.binding !== null;
  }

  /** The miner has a job of a live upstream. */
  get isMining(): boolean {
    return this.#seat.isSettled && this.upstream?.job != null;
  }

  get lane(): Lane | null {
    return this.#seat.lane;
  }

  /** Whom it shares its account's route with. One connection of a rented one, or of a proxy, stands for many devices, or divides its nonces itself. */
  get routeKind(): RouteKind {
    return { isRented: this.isRented || isProxyAgent(this.agent), dialect: this.dialect };
  }

  /** A market for hashrate, with many devices behind it. */
  get isRented(): boolean {
    return isRentalAgent(this.agent);
  }

  /** The difficulty below which this miner is of no use; null where any will do. */
  get #leastDifficulty(): number | null {
    return this.wishes.least(this.#rentalWish?.difficulty ?? null);
  }

  get wantsVersionRolling(): boolean {
    return this.version.asked !== null;
  }

  get wishesDifficulty(): boolean {
    return this.wishes.last !== null && this.context.settings.upstream.suggestDifficulty === 'relay';
  }

  // ---- bytes and lines

  onBytes(chunk: Buffer): void {
    this.#heardAtMs = this.context.clock.monotonicMs();
    const reason = this.#framer.push(chunk, this.context.settings.limits.lineBytes, this);
    if (reason === null) return;
    this.send(
      this.dialect.miner.refuse(
        'null',
        fault(reason === 'line-too-long' ? 'The line is too long' : 'The line is not valid UTF-8'),
      ),
    );
    this.end(reason);
  }

  onLine(line: string): boolean {
    if (this.recorder !== null) this.recorder.received(line);
    dispatch(this, this.dialect.miner.decode(line));
    return this.connection.isOpen;
  }

  /** Sends now, ahead of replies that are still waited for: notifications. */
  send(text: string): void {
    if (text === '') return;
    if (this.recorder !== null) this.recorder.sent(text, this.binding?.group.credentials.password ?? '');
    this.connection.send(text);
  }

  /** Sends a reply in the order of arrival. An id of null is never answered. */
  reply(id: RequestId, line: string): void {
    if (id === 'null') return;
    this.send(this.replies.push(line));
    this.#boundReplies();
  }

  #boundReplies(): void {
    if (this.replies.length <= this.context.settings.limits.pendingSubmits * 2) return;
    // What waits behind a share that the pool does not answer is memory the miner could fill at will. The pool's silence is not its fault: it is not listened to
    // until the answers are there.
    if (this.binding === null || !this.#logins.isEmpty) {
      this.end('flood');
    } else if (!this.#isUnheard) {
      this.#isUnheard = true;
      this.connection.stopReading();
    }
  }

  refuse(id: RequestId, reason: Refusal['reason'], message: string): void {
    this.reply(id, this.dialect.miner.refuse(id, { reason, message, code: null }));
  }

  /** Something was wrong with a line that is answered all the same; too many of them end the connection. */
  countFault(): void {
    this.#faults += 1;
    if (this.#faults > MAX_FAULTS) this.end('flood');
  }

  end(reason: CloseReason): void {
    this.connection.close(reason);
  }

  // ---- subscribe and authorize

  /** Settles how the search space is cut. Where the miner must be told the pool's own extranonce, and the pool is known, the answer waits for it. */
  subscribe(id: RequestId, plan: LanePlan, isPoolKnown: boolean): void {
    const { nonces } = this.dialect.miner;
    const isTold = plan.kind === 'relay' || (nonces.kind === 'prefix' && nonces.told === 'at-subscribe');
    if (isTold && (isPoolKnown || plan.kind === 'relay')) {
      this.#waitingSubscribe = this.#place(id);
      this.#lookAgain();
      return;
    }
    this.#tellOwn(plan);
    this.reply(id, this.#subscribedLine(id));
    this.#lookAgain();
  }

  /** What the miner is told while its pool is not known. */
  #tellOwn(plan: LanePlan): void {
    const { context, resumed } = this;
    const { nonces } = this.dialect.miner;
    if (plan.kind === 'inject') {
      this.extranonce1 = resumed?.extranonce1 ?? context.newPrefix(plan.prefixBytes);
      this.extranonce2Bytes = plan.sizeBytes;
    } else if (nonces.kind === 'prefix' && nonces.told === 'at-subscribe') {
      this.extranonce1 = context.newPrefix(nonces.placeholderBytes);
      this.extranonce2Bytes = nonces.nonceBytes - nonces.placeholderBytes;
    }
  }

  /** It has nothing to do with the account that it was taken to be of: its subscribe waits for no pool. */
  expectNoPool(): void {
    const waiting = this.#waitingSubscribe;
    this.#adopted = null;
    if (waiting === null || this.plan === null || this.plan.kind === 'relay') return;
    this.#waitingSubscribe = null;
    this.#tellOwn(this.plan);
    this.#answer(waiting, this.#subscribedLine(waiting.id));
  }

  /** How the search space is to be cut, with what is known of the pool's. */
  planFor(poolExtranonce2Bytes: number | null): LanePlan {
    const { dialect, agent, context } = this;
    const { extranonce } = context.settings;
    return openingPlan(dialect.miner.nonces, { agent, poolExtranonce2Bytes }, extranonce);
  }

  /** Takes an id, and a plan for the search space. */
  open(resumed: ResumeRecord | null, plan: LanePlan): void {
    const { context } = this;
    this.resumed = resumed;
    if (this.id !== '') context.sessionsById.delete(this.id);
    this.id = resumed?.sessionId ?? context.newSessionId();
    context.sessionsById.set(this.id, this);
    this.recorder = resumed === null ? null : context.recordings.running(this.id);
    this.plan = plan;
    if (this.binding !== null) this.#planFor(this.binding.group);
  }

  subscribedAgain(id: RequestId): void {
    this.reply(id, this.#subscribedLine(id));
  }

  #subscribedLine(id: RequestId): string {
    const { extranonce1, extranonce2Bytes, agent } = this;
    const { nonces } = this.dialect.miner;
    if (nonces.kind !== 'prefix' || nonces.told === 'at-subscribe') this.#noteTold();
    return this.dialect.miner.subscribed(id, { sessionId: this.id, extranonce1, extranonce2Bytes, agent });
  }

  /** Takes the next place among the replies for one that comes later. */
  #place(id: RequestId): Place {
    return { reply: this.replies.reserve({ line: null, next: null }), id };
  }

  #answer(place: Place, line: string): void {
    this.send(this.replies.settle(place.reply, place.id === 'null' ? '' : line));
    this.#hearAgain();
  }

  /** What reading had stopped for is answered. */
  #hearAgain(): void {
    if (!this.#isUnheard || this.replies.length >= this.context.settings.limits.pendingSubmits) return;
    this.#isUnheard = false;
    if (this.connection.isOpen && !this.context.isDraining()) this.connection.startReading();
  }

  /** The account that this connection mines for, or has asked to and not been answered; null where there is none. */
  get claimedAccount(): string | null {
    return this.binding?.books.subject.account ?? this.#logins.account;
  }

  /** The account is being looked up, then the pool is asked; the answer keeps its place. */
  awaitAuthorize(id: RequestId, account: string): WaitingLogin {
    this.#isGuess = false;
    const untilMs = this.context.clock.monotonicMs() + ACCOUNT_WAIT_MS;
    return this.#logins.open(account, this.#place(id), untilMs);
  }

  /** The account is known: from now on the login waits for the pool. */
  #awaitPool(): void {
    const { loginPatienceMs = Infinity } = this.dialect.miner;
    const { authorizeWaitMs } = this.context.settings.upstream;
    this.#logins.waitUntil(this.context.clock.monotonicMs() + Math.min(authorizeWaitMs, loginPatienceMs));
  }

  /** A further authorize for the account that is claimed: answered as the first one is. */
  authorizeAgain(id: RequestId): void {
    if (this.#logins.isEmpty) this.reply(id, this.#authorizedLine(id));
    else if (!this.#logins.add(() => this.#place(id))) this.end('flood');
  }

  #authorizedLine(id: RequestId): string {
    const { miner } = this.dialect;
    const job = miner.loginCarriesJob ? (this.upstream?.job ?? null) : null;
    return miner.authorized(id, {
      sessionId: this.id,
      job: job === null ? null : viewOfJob(this, job, true),
    });
  }

  /** The newest job as an answer, or its place among the replies until there is one. Of too many that wait the oldest is refused: a miner that polls has a newer one. */
  askForJob(id: RequestId): void {
    const job = this.upstream?.job ?? null;
    const view = job === null || this.lane === null ? null : viewOfJob(this, job, true);
    if (view !== null) {
      this.#jobSentAtMs = this.context.clock.monotonicMs();
      this.reply(id, this.dialect.miner.currentJob(id, view));
      return;
    }
    this.#waitingJobs ??= [];
    this.#waitingJobs.push(this.#place(id));
    const oldest = this.#waitingJobs.length > MAX_JOB_REQUESTS ? this.#waitingJobs.shift() : undefined;
    if (oldest !== undefined)
      this.#answer(oldest, this.dialect.miner.refuse(oldest.id, fault('Work not ready')));
    this.#boundReplies();
  }

  /** True while this very login has been neither answered nor bound. */
  isAwaiting(login: WaitingLogin): boolean {
    return this.connection.isOpen && this.binding === null && this.#logins.waiting === login;
  }

  /** Joins the account's route. An upstream taken at subscribe for a relayed lane is kept when it is the same account's. */
  bind(route: Route, worker: string): void {
    const { context } = this;
    if (this.id === '') {
      this.id = context.newSessionId();
      context.sessionsById.set(this.id, this);
    }
    const { group } = route;
    this.worker = worker;
    this.#planFor(group);
    this.binding = this.#bindingTo(route, group, worker);
    this.#withoutPoolSinceMs = context.clock.monotonicMs();
    this.#awaitPool();
    context.addresses.authorized(this.ip);
    this.rememberDialect(this.dialect.name);
    if (this.upstream === null) {
      const resumed = this.resumed?.account === route.account.name ? this.resumed : null;
      this.upstream = this.#joinGroup(group, resumed?.upstream ?? null);
    }
    route.join(this);
    if (this.upstream === null) return;
    if (this.upstream.isLoggedIn) this.onLoggedIn(this.upstream);
    this.onReady(this.upstream);
  }

  #joinGroup(group: Group, preferred: Upstream | null): Upstream {
    return takesWhole(this.plan) ? group.joinWhole(this) : group.join(this, preferred);
  }

  #planFor(group: Group): void {
    this.plan = planInGroup(this.plan, this.dialect.miner.nonces, group);
  }

  #bindingTo(route: Route, group: Group, worker: string): Binding {
    return {
      route,
      group,
      completion: this.#completionAt(group),
      books: this.#openBooks(route, group, worker),
      formerBooks: null,
      worker,
      nameAtPool: group.nameOf(worker),
    };
  }

  #openBooks(route: Route, group: Group, worker: string, algorithm: string = group.algorithm): SessionBooks {
    const { pool } = group.credentials;
    return new SessionBooks(
      {
        subject: {
          sessionId: this.id,
          address: this.address,
          account: route.account.name,
          worker,
          agent: this.agent,
          dialect: this.dialect.name,
          pool: pool.name,
          algorithm,
          divider: pool.algorithm.divider,
          connectedAtMs: this.connectedAtMs,
        },
        total: group.tallyOf(algorithm),
        freshWork: this.context.freshWork,
      },
      this.context.clock.monotonicMs(),
    );
  }

  /** Mines for another pool as soon as that has a job: until then everything stays as it is. */
  moveTo(group: Group, when: 'with-a-job' | 'at-once' = 'with-a-job'): void {
    if (this.binding === null || !this.connection.isOpen) return;
    if (this.#next !== null) this.#next.upstream.leave(this);
    this.#next = null;
    if (this.binding.group === group) return;
    if (pairingFault(this.dialect, group.credentials.pool, this.context.mix) !== null) {
      this.end('removed');
      return;
    }
    this.#planFor(group);
    const next = { group, upstream: this.#joinGroup(group, null) };
    this.#next = next;
    if (next.upstream.isLoggedIn) this.onLoggedIn(next.upstream);
    this.onReady(next.upstream);
    if (when === 'at-once' && this.#next === next) {
      this.#arrive(next);
      this.#withoutPoolSinceMs ??= this.context.clock.monotonicMs();
    }
  }

  onAccountRemoved(): void {
    this.end('removed');
  }

  /** The new pool is ready: the old one is left, its shares in flight keep their books and their answers. */
  #arrive(next: { readonly group: Group; readonly upstream: Upstream }): void {
    const { binding, context } = this;
    if (binding === null) return;
    this.#next = null;
    this.#keepFormer(binding);
    this.upstream?.hurry();
    this.#leaveUpstream();
    binding.books.endedAtMs = context.clock.monotonicMs();
    context.retire(binding.books);
    // Shares of a pool whose difficulty was passed through have told nothing of the rate.
    if (next.group.judges && !binding.group.judges) this.#difficulty?.resume(context.clock.monotonicMs());
    const { route, worker } = binding;
    this.binding = this.#bindingTo(route, next.group, worker);
    this.upstream = next.upstream;
    this.resumed = null;
  }

  /** Takes an upstream before authorize, for a miner whose lane must be the pool's own. */
  joinEarly(group: Group): void {
    this.#planFor(group);
    this.upstream = this.#joinGroup(group, null);
    this.onReady(this.upstream);
  }

  /** The next connection of this miner is taken to speak this. */
  rememberDialect(name: string): void {
    const { dialectsSeen, dialectsMistaken, clock } = this.context;
    const nowMs = clock.monotonicMs();
    dialectsSeen.set(this.#placeOfOrigin, name, nowMs);
    dialectsMistaken.delete(this.#placeOfOrigin);
    if (this.id !== '') dialectsSeen.set(this.id, name, nowMs);
  }

  /** It was answered in another dialect than its own, went away, and is not to be answered so again. */
  #noteMistaken(nowMs: number): void {
    const { dialectsMistaken } = this.context;
    const before = dialectsMistaken.get(this.#placeOfOrigin, nowMs) ?? [];
    // A second time: all have been tried, and another round begins.
    const others = before.includes(this.dialect.name) ? [] : before;
    dialectsMistaken.set(this.#placeOfOrigin, [...others, this.dialect.name], nowMs);
  }

  /** It is refused, and comes back speaking what the account's pool does: then it is to be told that pool's own prefix at once. */
  expectAs(dialect: string, account: string): void {
    this.rememberDialect(dialect);
    const nonces = this.context.dialectNamed(dialect)?.miner.nonces;
    if (nonces?.kind !== 'prefix' || nonces.told !== 'at-subscribe') return;
    const hint = { account, poolExtranonce2Bytes: null, origin: this.origin };
    this.context.hints.add(this.#placeOfOrigin, this.id, hint, this.context.clock.monotonicMs());
  }

  /** This is the miner that the hint is about, as far as can be known. */
  adoptHint(hint: LaneHint): void {
    this.#adopted = hint;
    this.context.hints.take(this.#placeOfOrigin, hint, this.context.clock.monotonicMs());
  }

  /** Leaves an upstream that was taken at subscribe: the account is another. */
  leaveEarly(): void {
    this.#leaveUpstream();
  }

  get #placeOfOrigin(): string {
    return hintKey(this.ip, this.agent);
  }

  refuseAuthorize(message: string): void {
    const waiting = this.#logins.take();
    if (waiting !== null) this.#refuseLogin(waiting, message);
  }

  /** Refuses after a moment. */
  refuseAuthorizeLater(message: string): void {
    const nowMs = this.context.clock.monotonicMs();
    this.#logins.delay(message, nowMs + this.context.settings.limits.refusalDelayMs);
    this.#refuseDelayed(nowMs);
  }

  #refuseDelayed(nowMs: number): void {
    const refused = this.#logins.takeDelayed(nowMs);
    if (refused !== null) this.#refuseLogin(refused, refused.message);
  }

  #refuseLogin(login: WaitingLogin, message: string): void {
    for (const place of login.places) {
      this.#answer(
        place,
        this.dialect.miner.refuse(place.id, { reason: 'unauthorized', message, code: null }),
      );
    }
  }

  #grantAuthorize(): void {
    const waiting = this.#logins.take();
    if (waiting === null) return;
    for (const place of waiting.places) this.#answer(place, this.#authorizedLine(place.id));
    this.#mayAnnounceUntilMs = this.context.clock.monotonicMs() + ANNOUNCED_WITHIN_MS;
    this.context.log.info('miner authorised', {
      miner: this.address,
      account: this.binding?.books.subject.account,
      worker: this.binding?.worker,
      agent: this.agent,
      pool: this.binding?.books.subject.pool,
    });
  }

  // ---- what the upstream says

  onLoggedIn(from: Upstream): void {
    if (this.binding === null || this.dialect.miner.loginCarriesJob) return;
    // Whether it can mine there is only known when the pool has said how nonces begin, at the latest before its first job.
    const isOpen =
      from === this.upstream &&
      from.job === null &&
      this.dialect.pairing(this.binding.group.dialect.name) === 'whole-nonce';
    if (!isOpen) this.#grantAuthorize();
  }

  onLoginRefused(from: Upstream, refusal: PoolRefusal): void {
    // With another pool to go to, its verdict counts.
    if (this.#logins.waiting === null || from !== this.upstream || this.#next !== null) return;
    if (this.#joinSibling()) return;
    if (this.binding?.route.hasOtherHope !== true) this.#refuseBound(refusal);
  }

  #refuseBound(refusal: PoolRefusal): void {
    this.refuseAuthorize(`The pool refused the account's login: ${refusal.message}`);
    this.#unbind();
  }

  /** The time for the pool's verdict is up, or there is nothing left to wait for. */
  #sweepAuthorize(waiting: WaitingLogin, nowMs: number): void {
    const { binding } = this;
    const isLate = nowMs >= waiting.deadlineMs;
    const refusal = this.#next === null ? (binding?.group.recentRefusal(nowMs) ?? null) : null;
    if (binding !== null && refusal !== null) {
      if (isLate || !binding.route.hasOtherHope) this.#refuseBound(refusal);
    } else if (!isLate) {
      return;
    } else if (binding === null) {
      this.refuseAuthorize('The account cannot be looked up at the moment; try again');
    } else if (this.dialect.miner.loginCarriesJob) {
      this.refuseAuthorize(`No job from the pool yet: ${binding.group.lastError || 'try again'}`);
      this.#unbind();
    } else {
      // The pool takes its time. The account is registered, so the miner may stay; its job follows.
      this.#grantAuthorize();
      this.#lookAgain();
    }
  }

  onReady(from: Upstream): void {
    if (from.job === null || from.subscription === null) return;
    if (this.#turnsAway(from, from.subscription)) return;
    if (from.job.work !== null && !this.#isMixReadyAt(from, from.job.work)) return;
    if (this.#next !== null && from === this.#next.upstream) this.#arrive(this.#next);
    const { upstream } = this;
    if (upstream === null || from !== upstream || upstream.subscription === null) return;
    if (this.#waitingSubscribe !== null && this.plan !== null) {
      if (this.lane === null && !this.#takeLane(upstream)) return;
      this.#adopt(this.#partAt(upstream.subscription));
      const waiting = this.#waitingSubscribe;
      this.#waitingSubscribe = null;
      this.#answer(waiting, this.#subscribedLine(waiting.id));
    }
    const isLoginOpen = this.#logins.waiting !== null && !this.dialect.miner.loginCarriesJob;
    if (this.plan === null || this.binding === null || isLoginOpen) return;
    if (upstream.job !== null) this.#settleOn(upstream, upstream.job);
  }

  /** What the miner is to go by at this pool: where nothing of its nonces is fixed for many, a prefix that no other miner has. */
  #partAt(subscription: PoolSubscription): NoncePart {
    const { nonces } = this.dialect.miner;
    if (nonces.kind === 'prefix' && this.plan?.kind === 'open') return this.#claimPart(nonces);
    return partAtPool(this, subscription, this.lane?.bytes ?? '', (bytes) => this.context.newPrefix(bytes));
  }

  #adopt({ extranonce1, extranonce2Bytes }: NoncePart): void {
    this.extranonce1 = extranonce1;
    this.extranonce2Bytes = extranonce2Bytes;
  }

  #noteTold(): void {
    const { extranonce1, extranonce2Bytes } = this;
    this.told.note({ extranonce1, extranonce2Bytes });
  }

  /** The pool begins its nonces, which this miner cannot be told: it is told why, and closed. */
  #turnsAway(from: Upstream, subscription: PoolSubscription): boolean {
    const group = this.#next?.upstream === from ? this.#next.group : this.binding?.group;
    if (group === undefined || (from !== this.upstream && from !== this.#next?.upstream)) return false;
    const { pool } = group.credentials;
    const fault = prefixFault(this.dialect, pool, subscription);
    if (fault !== null) {
      this.refuseAuthorize(fault);
      this.context.log.info('miner cannot mine at its pool', { miner: this.address, reason: fault });
      this.end('refused');
      return true;
    }
    const isWaited = from === this.upstream && this.dialect.pairing(pool.dialect) === 'whole-nonce';
    if (isWaited) this.#grantAuthorize();
    return false;
  }

  #completionAt(group: Group): ShareCompletion | null {
    if (this.dialect.pairing(group.dialect.name) !== 'completed') return null;
    return group.dialect.completion ?? null;
  }

  /**
   * False where shares of this work could not be completed yet: a pool that the miner comes to counts as one without a job until they can.
   * [quirk: ethminer ends a connection on which a share goes unanswered for 2 seconds; ethereum-mining/ethminer#1615]
   */
  #isMixReady(group: Group, completion: ShareCompletion, work: Work): boolean {
    const seed = completion.seedOf(work);
    if (seed === null || seed === this.#mixSeed) return true;
    const { name } = group.credentials.pool.algorithm;
    const isReady = this.context.mix.prepare(name, seed, () => {
      this.#mixSeed = seed;
      if (this.connection.isOpen) this.#lookAgain();
    });
    if (isReady) this.#mixSeed = seed;
    return isReady;
  }

  /** The same of a pool that the session is at, or on its way to. */
  #isMixReadyAt(from: Upstream, work: Work): boolean {
    const group = this.#next?.upstream === from ? this.#next.group : this.binding?.group;
    const completion = group === undefined ? null : this.#completionAt(group);
    return group === undefined || completion === null || this.#isMixReady(group, completion, work);
  }

  /** Keeps the prefix that the miner has where no other miner's overlaps with it, else finds another. */
  #claimPart(nonces: Extract<NonceSpace, { kind: 'prefix' }>): NoncePart {
    const { context, extranonce1, extranonce2Bytes } = this;
    if (this.#ownPrefix?.bytes === extranonce1) return { extranonce1, extranonce2Bytes };
    this.#releasePrefix();
    let own = extranonce1 === '' ? null : context.prefixes.claim(extranonce1);
    for (let tried = 0; own === null && tried < PREFIXES_TRIED; tried += 1) {
      const bytes = tried < PREFIXES_TRIED / 2 ? nonces.placeholderBytes : nonces.mostPrefixBytes;
      own = context.prefixes.claim(context.newPrefix(bytes));
    }
    if (own === null) return { extranonce1, extranonce2Bytes };
    this.#ownPrefix = own;
    return { extranonce1: own.bytes, extranonce2Bytes: nonces.nonceBytes - own.bytes.length / 2 };
  }

  #releasePrefix(): void {
    if (this.#ownPrefix !== null) this.context.prefixes.release(this.#ownPrefix);
    this.#ownPrefix = null;
  }

  /** Leases a lane of this upstream; where it has none left, another upstream is joined and false returned. */
  #takeLane(upstream: Upstream): boolean {
    const { lanes } = upstream;
    const { binding } = this;
    // Only now is it known for sure whether the pool's prefix leaves room for a byte of ours.
    if (binding !== null && this.plan?.kind === 'prefix') this.#planFor(binding.group);
    if (lanes === null || this.plan === null) return false;
    const preferred = this.resumed?.upstream === upstream ? this.resumed.lane : null;
    if (this.#seat.take(lanes, { plan: this.plan, prefix: this.extranonce1, preferred })) return true;
    upstream.leave(this);
    this.upstream = binding?.group.joinAnother(this, upstream) ?? null;
    if (this.upstream !== null) this.onReady(this.upstream);
    return false;
  }

  /** Something on our side has changed: what the upstreams are ready for may be possible now. */
  #lookAgain(): void {
    if (this.#next !== null) this.onReady(this.#next.upstream);
    if (this.upstream !== null) this.onReady(this.upstream);
  }

  onJob(from: Upstream, job: IssuedJob, clean: boolean): void {
    if (from !== this.upstream || !this.#seat.isSettledIn(from.lanes)) return;
    if (this.sent.hasHad(job)) this.#repeat(job, clean);
    else this.#sendJob(job, clean);
  }

  onVersionMask(from: Upstream): void {
    if (from === this.upstream) this.#announceVersionMask();
  }

  onDown(from: Upstream): void {
    if (from === this.upstream) this.#withoutPoolSinceMs ??= this.context.clock.monotonicMs();
  }

  /** Leases a lane and sends the first job of it, or keeps the lane where nothing about it has changed. */
  #settleOn(upstream: Upstream, job: IssuedJob): void {
    const { lanes, subscription } = upstream;
    if (lanes === null || subscription === null || this.plan === null) return;
    if (!this.#seat.isSettledIn(lanes)) {
      if (!this.#seat.isIn(lanes)) this.#seat.leave();
      // On its way to another pool the plan was that one's.
      if (this.binding !== null) this.#planFor(this.binding.group);
      if (this.plan.kind === 'inject' && !planFits(this.plan, subscription.extranonce2Bytes)) {
        if (!this.#widen(upstream)) return;
      }
      const { resumed } = this;
      if (this.lane === null && !this.#takeLane(upstream)) return;
      this.resumed = null;
      if (!this.#tellPrefix(subscription)) return;
      this.#seat.settle();
      // Another login at a pool begins with the pool's own difficulty.
      this.wishes.open ??= this.wishes.last ?? this.#rentalWish;
      const isBack = resumed?.upstream === upstream && this.lane === resumed.lane;
      this.sent = isBack ? resumed.sent.afterReconnect() : this.sent.onLane(job.sequence);
    }
    const nowMs = this.context.clock.monotonicMs();
    if (this.#withoutPoolSinceMs !== null && nowMs - this.#withoutPoolSinceMs > 1000)
      this.#difficulty?.resume(nowMs);
    this.#withoutPoolSinceMs = null;
    if (
      this.#strayedAtMs !== null &&
      this.#next !== null &&
      this.binding?.group === this.binding?.route.group
    ) {
      // Its own connection is up before another pool's was.
      this.#next.upstream.leave(this);
      this.#next = null;
    }
    this.#announceVersionMask();
    if (this.sent.newest < job.sequence) this.onJob(upstream, job, true);
    if (this.wishes.open !== null) this.#relayWish(this.wishes.open);
  }

  /**
   * A miner that mines on the pool's own prefix is told it where that is another than it has: as a notification where it takes one, else it is closed, and the one
   * reconnect that follows is told at subscribe. False while it cannot mine here.
   */
  #tellPrefix(subscription: PoolSubscription): boolean {
    const { nonces } = this.dialect.miner;
    if (this.plan === null || !(isOfPool(this.plan) || nonces.kind === 'prefix')) return true;
    const part = this.#partAt(subscription);
    const isPrefix = nonces.kind === 'prefix';
    const isNone = part.extranonce1 === '' && this.told.newest === null;
    const isKnown = this.told.is(part) || (isNone && isPrefix && nonces.isNoneLeftOut === true);
    const isTaken =
      this.isExtranonceAware ||
      (isPrefix &&
        (nonces.isAlwaysTaken || nonces.told === 'later' || nonces.isTakenBy?.(this.agent) === true));
    this.#isUnfit = !isKnown && !isTaken;
    if (!this.#isUnfit) {
      this.#adopt(part);
      if (!isKnown) this.#tellExtranonce();
      return true;
    }
    if (!isPrefix || this.context.clock.monotonicMs() >= this.#mayAnnounceUntilMs) {
      this.#closeForAnother(subscription.extranonce2Bytes);
    }
    return false;
  }

  #tellExtranonce(): void {
    this.#noteTold();
    this.send(this.dialect.miner.extranonce(this.extranonce1, this.extranonce2Bytes));
  }

  /** The miner says that it takes another prefix at any time. */
  announceExtranonce(): void {
    this.isExtranonceAware = true;
    if (this.#isUnfit) this.#lookAgain();
  }

  /**
   * The pool's extranonce2 does not hold this lane. A miner that takes `set_extranonce` is given one that fits; another is closed, and the
   * one reconnect that follows gets the right lane, since what was learnt is remembered.
   */
  #widen(upstream: Upstream): boolean {
    const { context } = this;
    const { subscription } = upstream;
    if (subscription === null || this.binding === null) return false;
    const poolExtranonce2Bytes = subscription.extranonce2Bytes;
    if (this.isExtranonceAware) {
      const plan = planLane({ agent: this.agent, poolExtranonce2Bytes }, context.settings.extranonce);
      this.plan = plan;
      if (plan.kind === 'inject') {
        this.extranonce1 = context.newPrefix(plan.prefixBytes);
        this.extranonce2Bytes = plan.sizeBytes;
      } else {
        this.extranonce1 = subscription.extranonce1;
        this.extranonce2Bytes = poolExtranonce2Bytes;
      }
      this.#tellExtranonce();
      return true;
    }
    this.#closeForAnother(poolExtranonce2Bytes);
    return false;
  }

  /** Closed, so that it comes back; what was learnt is remembered for then. */
  #closeForAnother(poolExtranonce2Bytes: number): void {
    const { context, binding } = this;
    if (binding !== null) {
      const { account } = binding.books.subject;
      const hint = { account, poolExtranonce2Bytes, origin: this.origin };
      const nowMs = context.clock.monotonicMs();
      // Whom it was taken for is still to come.
      const isMistaken = this.#adopted !== null && this.#adopted.account !== account;
      if (isMistaken && this.#adopted !== null)
        context.hints.add(this.#placeOfOrigin, '', this.#adopted, nowMs);
      context.hints.add(this.#placeOfOrigin, this.id, hint, nowMs, isMistaken);
      this.#adopted = null;
    }
    context.log.info('miner must reconnect once: its extranonce does not fit the pool', {
      miner: this.address,
      agent: this.agent,
      pool: binding?.books.subject.pool,
      poolExtranonce2Bytes,
    });
    this.end('too-narrow');
  }

  /** The books in which shares of this job belong: those of its algorithm. */
  booksOf(job: IssuedJob, { books, formerBooks }: Binding): SessionBooks {
    if (job.algorithm === books.subject.algorithm) return books;
    return formerBooks?.get(job.algorithm) ?? books;
  }

  /** A job of another algorithm opens other books: work is counted, and a rate is measured, under the algorithm that was hashed. */
  #bookUnder(algorithm: string, binding: Binding): Binding {
    const { books, route, group, worker } = binding;
    if (books.subject.algorithm === algorithm) return binding;
    const nowMs = this.context.clock.monotonicMs();
    let { formerBooks } = binding;
    if (books.isUsed) {
      books.endedAtMs = nowMs;
      this.context.retire(books);
      formerBooks = new Map(formerBooks).set(books.subject.algorithm, books);
      this.#difficulty?.resume(nowMs);
    }
    const bound = {
      ...binding,
      books: this.#openBooks(route, group, worker, algorithm),
      formerBooks,
    };
    this.binding = bound;
    return bound;
  }

  #sendJob(job: IssuedJob, clean: boolean): void {
    if (job.work === null || this.lane === null || this.binding === null) return;
    const binding = this.#bookUnder(job.algorithm, this.binding);
    const { completion } = binding;
    // EthProxy pools do not say it: every block of theirs voids the one before.
    const isClean = clean || (completion !== null && this.#block !== job.block);
    this.#block = job.block;
    // An epoch begins for the miner with seconds of work too; the cache is there before its first share.
    if (completion !== null) this.#isMixReady(binding.group, completion, job.work);
    const difficulty = this.#difficultyFor(job, binding.group.judges);
    const isChanged = this.sent.note(job, difficulty);
    this.#jobSentAtMs = this.context.clock.monotonicMs();
    if (isChanged && binding.group.judges)
      this.#difficulty?.sent(difficulty, this.context.clock.monotonicMs());
    binding.books.difficulty = difficulty;
    if (this.#logins.waiting !== null && this.dialect.miner.loginCarriesJob) {
      this.#grantAuthorize();
    } else {
      // cgminer applies one change per notify, so a difficulty only ever goes out directly before a job.
      this.send((isChanged ? this.#difficultyLine(job, isClean) : '') + lineOfJob(this, job, isClean));
    }
    if (this.#waitingJobs !== null) this.#answerJobs(job);
  }

  #difficultyLine(job: IssuedJob, clean: boolean): string {
    const view = viewOfJob(this, job, clean);
    return view === null ? '' : this.dialect.miner.difficulty(view);
  }

  #answerJobs(job: IssuedJob): void {
    const view = viewOfJob(this, job, true);
    const waiting = this.#waitingJobs;
    if (view === null || waiting === null) return;
    this.#waitingJobs = null;
    for (const place of waiting) this.#answer(place, this.dialect.miner.currentJob(place.id, view));
  }

  /** The session's own difficulty, made when it is first needed: only where shares are judged here. */
  #ownDifficulty(): SessionDifficulty | null {
    const { binding, context } = this;
    if (binding === null) return null;
    const { divider } = binding.books.subject;
    if (this.#difficulty === null || this.#difficulty.divider !== divider) {
      this.#difficulty?.leave();
      const facts = {
        agent: this.agent,
        lastRateHs: context.lastRates.get(this.#rateKey(binding), context.clock.monotonicMs()) ?? null,
        divider,
        sharesPerMinute: context.settings.vardiff.sharesPerMinute,
      };
      const rules = this.#rulesOf(binding);
      this.#difficulty = new SessionDifficulty({ load: context.measuring }, facts, rules);
      const { password, last } = this.wishes;
      this.#difficulty.demand({ ...password, floor: this.#leastDifficulty });
      if (last !== null) this.#difficulty.wish(wishedDifficulty(last, divider));
    }
    return this.#difficulty;
  }

  /** The same object while the account's are. */
  #rulesOf({ route }: Binding): AccountDifficulty {
    const { difficulty } = route.account;
    if (this.#rules?.of !== difficulty)
      this.#rules = { of: difficulty, rules: difficultyAtPort(difficulty, this.policy.difficulty) };
    return this.#rules.rules;
  }

  /** The same device in the same place: its rate is the best guess when it comes back. */
  #rateKey(binding: Binding): string {
    return `${binding.books.subject.account}.${binding.worker} ${this.origin}`;
  }

  /** Where the miner's shares come too fast or too slowly, the newest job is sent again at another difficulty. */
  #retarget(): void {
    const { upstream, binding, context } = this;
    const job = upstream?.job ?? null;
    if (job?.work == null || binding === null || !binding.group.judges || this.lane === null) return;
    // A difficulty that cannot be sent by itself goes with the next job, which asks for it.
    if (!this.dialect.miner.repeatsJobs) return;
    const nowMs = context.clock.monotonicMs();
    const own = this.#ownDifficulty();
    if (own?.follow(this.#rulesOf(binding)) === true) this.#resendJob();
    else if ((own?.advice(job.difficulty, nowMs) ?? null) !== null) this.#repeat(job);
  }

  #repeat(job: IssuedJob, clean = true): void {
    const { clock, jobs } = this.context;
    const isTaken = (id: string): boolean => this.upstream?.findJob(id) != null;
    const repeated = this.sent.repeat(job, jobs.next(), clock.monotonicMs(), isTaken);
    this.#sendJob(repeated, clean);
    repeated.lines = null;
  }

  /** Never above the pool's: shares between the two would be lost income. */
  #difficultyFor(job: IssuedJob, judges: boolean): number {
    if (!judges) return job.difficulty;
    return this.#ownDifficulty()?.next(job.difficulty, this.context.clock.monotonicMs()) ?? job.difficulty;
  }

  // ---- version rolling, difficulty

  /** What the miner may roll: the pool's mask and its own; null where it did not negotiate. */
  get versionMask(): number | null {
    const { upstream, version, context } = this;
    return version.within(
      upstream?.job == null
        ? Number.parseInt(context.settings.upstream.versionMask, 16)
        : upstream.versionMask,
    );
  }

  /** The mask stands in a configure reply. */
  noteVersionMask(mask: number): void {
    this.version.noteAnswered(mask, this.isMining);
  }

  #announceVersionMask(): void {
    // [quirk: S21+ of early 2025 and cgminer take it only after authorize has been answered; old Bitaxe only when negotiated]
    if (this.lane === null || this.upstream?.job == null) return;
    const mask = this.versionMask;
    if (this.version.takeNews(mask)) this.send(this.dialect.miner.versionMask(mask));
  }

  wish(wish: Wish): void {
    if (!this.wishes.note(wish)) return;
    if (this.binding?.group.judges === true) {
      this.#difficulty?.wish(wishedDifficulty(wish, this.binding.books.subject.divider));
      // One that changes its mind all the time has it with the next job.
      this.#wishPace ??= new SuggestionPace();
      if (this.#wishPace.take(wish.difficulty, this.context.clock.monotonicMs())) this.#resendJob();
      return;
    }
    this.#relayWish(wish);
  }

  /** A wish is granted at once, where the difficulty is ours to choose. */
  #resendJob(): void {
    const job = this.upstream?.job ?? null;
    if (!this.dialect.miner.repeatsJobs || job === null || this.lane === null) return;
    if (this.#difficultyFor(job, true) === this.sent.difficulty) return;
    this.#repeat(job);
  }

  /** A market says nothing and leaves where the difficulty is too low. */
  get #rentalWish(): Wish | null {
    const { minDifficulty } = this.context.settings.rental;
    return this.isRented && minDifficulty > 0 ? { kind: 'difficulty', difficulty: minDifficulty } : null;
  }

  /** In dedicated mode the pool is asked for what the miner wishes, as it would be over a direct connection. Where others share it, it is not. */
  #relayWish(wish: Wish): void {
    const { binding, upstream } = this;
    if (binding?.group.mode === 'shared') {
      this.wishes.open = null;
      return;
    }
    if (
      binding === null ||
      upstream === null ||
      !this.isMining ||
      this.context.settings.upstream.suggestDifficulty === 'never'
    ) {
      this.wishes.open = wish;
      return;
    }
    this.wishes.open = null;
    const difficulty = wishedDifficulty(wish, binding.books.subject.divider);
    upstream.suggestDifficulty(Math.max(difficulty, this.#rentalWish?.difficulty ?? 0));
  }

  // ---- shares

  /** The job that a share names, while its shares are taken from this session. */
  findJob(id: string): IssuedJob | null {
    return this.upstream === null || this.lane === null ? null : this.#findSent(this.upstream, this.sent, id);
  }

  #findSent(upstream: Upstream, sent: SentJobs, id: string): IssuedJob | null {
    const repeat = sent.findRepeat(id);
    if (repeat !== null) return upstream.findJob(repeat.of) === null ? null : repeat.job;
    const job = this.#findAt(upstream, id);
    return job !== null && job.sequence >= sent.firstOnLane ? job : null;
  }

  #findAt(upstream: Upstream, id: string): IssuedJob | null {
    const { miner } = this.dialect;
    if (miner.ownJobIds) return upstream.findJob(id);
    return upstream.jobs.findLast(({ work }) => work !== null && miner.jobId(work) === id) ?? null;
  }

  /** Changes over to a connection of the same pool that is up, where one has room. */
  #joinSibling(): boolean {
    const { binding, upstream } = this;
    if (binding === null || upstream === null || takesWhole(this.plan)) return false;
    const sibling = binding.group.joinSibling(this, upstream);
    if (sibling === null) return false;
    this.#keepFormer(binding);
    upstream.hurry();
    this.#seat.leave();
    upstream.leave(this);
    this.upstream = sibling;
    this.resumed = null;
    if (sibling.isLoggedIn) this.onLoggedIn(sibling);
    this.onReady(sibling);
    return true;
  }

  /** The pool serves others, but this session's connection there does not come up. */
  #sweepStranded(binding: Binding, nowMs: number): void {
    const { route, group } = binding;
    if (this.#strayedAtMs !== null && this.#withoutPoolSinceMs === null) {
      // At another pool, as long as its own is tried again from time to time.
      const { returnAfterSeconds } = this.context.settings.failover;
      if (group === route.group) this.#strayedAtMs = null;
      else if (this.#next === null && nowMs - this.#strayedAtMs >= returnAfterSeconds * 1000) {
        this.#strayedAtMs = nowMs;
        this.moveTo(route.group);
      }
      return;
    }
    if (this.#withoutPoolSinceMs === null || this.#next !== null || group.health.kind !== 'live') return;
    const withoutMs = nowMs - this.#withoutPoolSinceMs;
    if (withoutMs < STRANDED_AFTER_MS || this.#joinSibling()) return;
    const { holdSeconds } = this.context.settings.upstream;
    if (withoutMs < Math.min(STRAYS_AFTER_MS, holdSeconds > 0 ? holdSeconds * 500 : Infinity)) return;
    const other = route.besides(group);
    if (other === null) return;
    this.#strayedAtMs = nowMs;
    this.moveTo(other);
  }

  /** Shares that were found for the pool before are still on their way to it. */
  #keepFormer(binding: Binding): void {
    const { upstream, lane, context, sent, extranonce1, extranonce2Bytes } = this;
    if (upstream === null || lane === null) return;
    const untilMs = context.clock.monotonicMs() + FORMER_KEPT_MS;
    this.#former = { binding, upstream, lane, sent, extranonce1, extranonce2Bytes, untilMs };
  }

  /** Where a share that names this job goes: to the pool of now, or for a while to the one before. Null where neither takes it. */
  siteOf(jobId: string): ShareSite | null {
    const { binding, upstream, lane, sent, extranonce1, extranonce2Bytes } = this;
    const job = this.findJob(jobId);
    if (job !== null && binding !== null && upstream !== null && lane !== null) {
      const difficulty = difficultyOf(job, binding, sent);
      return { job, binding, upstream, lane, extranonce1, extranonce2Bytes, difficulty };
    }
    return this.formerSiteOf(jobId);
  }

  /** Where it goes if it was found before the session was moved, with what the miner had been told then; null where the pool before does not take it. */
  formerSiteOf(jobId: string): ShareSite | null {
    const former = this.#former;
    // Nobody dials it again: the share would hold up the answers behind it for nothing.
    if (former?.upstream.job === null && former.upstream.clients.length === 0) return null;
    const job = former === null ? null : this.#findSent(former.upstream, former.sent, jobId);
    if (former === null || job === null) return null;
    return { ...former, job, difficulty: difficultyOf(job, former.binding, former.sent) };
  }

  /** A share that is to be judged, by the pool or here: in the books, and in its place among the replies. */
  enterShare(share: InFlightShare): void {
    share.books.begin(share.difficulty, this.context.clock.wallMs());
    this.replies.reserve(share);
  }

  /** A share refused by itself: counted, answered, and logged when it is the first of its kind. */
  refuseShare(
    id: RequestId,
    reason: Refusal['reason'] & ShareResult,
    message: string,
    difficulty: number,
    code: Refusal['reason'] = reason,
  ): void {
    if (this.binding === null) {
      this.context.unboundTally.begin(difficulty);
      this.context.unboundTally.end(reason, difficulty, 0);
    } else {
      this.binding.books.begin(difficulty, this.context.clock.wallMs());
      this.binding.books.end(reason, difficulty, this.context.clock.monotonicMs());
    }
    this.#rejects.note(reason, message, 'proxy');
    this.refuse(id, code, message);
  }

  /** A valid share says how fast the miner is. */
  proven(share: InFlightShare): void {
    if (this.#difficulty === null || share.books !== this.binding?.books) return;
    this.#difficulty.share(share.difficulty, this.context.clock.monotonicMs());
    this.#retarget();
  }

  /** A share is valid: its work was found, whatever becomes of it at the pool. */
  noteFound(share: InFlightShare): void {
    if (share.isFound) return;
    share.isFound = true;
    share.books.found(share.difficulty);
  }

  /** Hashed here and refused. */
  refuseProven(share: InFlightShare, reason: Refusal['reason'] & ShareResult, message: string): void {
    this.#rejects.note(reason, message, 'proxy');
    this.#settle(share, reason, this.dialect.miner.refuse(share.requestId, { reason, message, code: null }));
  }

  /** Hashed here, valid, below the pool's difficulty: credited here. */
  creditShare(share: InFlightShare): void {
    this.proven(share);
    this.#settle(share, 'accepted-local', this.dialect.miner.yes(share.requestId));
  }

  onVerdict(share: InFlightShare, verdict: PoolVerdict): void {
    const { miner } = this.dialect;
    const { requestId } = share;
    switch (verdict.kind) {
      case 'accepted':
        if (!share.isFound) this.conduct.note(true);
        this.noteFound(share);
        share.books.paid(share.job.difficulty);
        this.#settle(share, 'accepted', miner.yes(requestId));
        return;
      case 'refused': {
        const { reason, refusal } = verdict;
        const { code, message } = refusal;
        // Of a job that was sent again as it was, a miner may find the same shares again.
        const isOurFault = reason === 'duplicate' && !miner.repeatsJobs && this.sent.isRepeated(share.job);
        if (!share.isFound && isDevicesFault(reason) && !isOurFault) this.conduct.note(false);
        this.#rejects.note(reason, message, 'pool');
        this.#settle(share, reason, miner.refuse(requestId, { reason, message, code }));
        return;
      }
      case 'unanswered':
        this.#settle(
          share,
          'unanswered',
          miner.refuse(requestId, { reason: 'other', message: 'Pool timeout', code: null }),
        );
        return;
      case 'lost':
        this.#settle(
          share,
          'lost',
          miner.refuse(requestId, { reason: 'other', message: 'Pool connection lost', code: null }),
        );
        return;
    }
  }

  #settle(share: InFlightShare, result: ShareResult, line: string): void {
    share.books.end(result, share.difficulty, this.context.clock.monotonicMs());
    this.send(this.replies.settle(share, share.requestId === 'null' ? '' : line));
    this.#hearAgain();
  }

  // ---- time and end

  sweep(nowMs: number): void {
    const { context } = this;
    const { limits, upstream } = context.settings;
    this.#faults >>= 1;
    if (this.#former !== null && nowMs >= this.#former.untilMs) this.#former = null;
    this.#refuseDelayed(nowMs);
    if (this.#isUnfit && nowMs >= this.#mayAnnounceUntilMs) {
      this.#isUnfit = false;
      this.#lookAgain();
    }
    if (this.#logins.waiting !== null) this.#sweepAuthorize(this.#logins.waiting, nowMs);
    if (!this.connection.isOpen) return;
    if (this.binding !== null && !this.#isUnfit) this.#sweepStranded(this.binding, nowMs);
    this.#sweepJob(nowMs);
    if (nowMs >= this.#retargetAtMs) {
      this.#retargetAtMs = nowMs + RETARGET_EVERY_MS;
      this.#retarget();
    }
    if (this.binding === null || this.plan === null) {
      if (nowMs - this.connectedMonotonicMs >= limits.handshakeMs && this.#logins.isEmpty) {
        // A miner that was taken for another at its address must not wait for that one's pool again.
        if (this.#waitingSubscribe !== null) {
          this.#adopted = null;
          context.hints.forgetLast(this.#placeOfOrigin);
        }
        this.end('handshake-timeout');
      }
    } else if (
      this.#withoutPoolSinceMs !== null &&
      upstream.holdSeconds > 0 &&
      nowMs - this.#withoutPoolSinceMs >= upstream.holdSeconds * 1000
    ) {
      this.end('no-pool');
    }
    if (limits.idleMs > 0 && nowMs - this.#heardAtMs >= limits.idleMs) this.end('idle-timeout');
  }

  /** A miner that would give its pool up for sending no job is sent the newest again. */
  #sweepJob(nowMs: number): void {
    const { jobPatienceMs = Infinity } = this.dialect.miner;
    const job = this.isMining && this.context.settings.upstream.refreshMs > 0 ? this.upstream?.job : null;
    if (job != null && nowMs - this.#jobSentAtMs >= jobPatienceMs) this.#repeat(job, false);
  }

  /** Another connection has shown this session's id: what is kept of it must be there before the socket's own end is heard. */
  endReplaced(): void {
    this.connection.destroy('replaced');
    this.onClosed('replaced', '');
  }

  onClosed(reason: CloseReason, detail: string): void {
    const { context } = this;
    const { binding } = this;
    if (this.#isEnded) return;
    this.#isEnded = true;
    const nowMs = context.clock.monotonicMs();
    if (this.id !== '' && context.sessionsById.get(this.id) === this) context.sessionsById.delete(this.id);
    if (binding !== null && this.plan?.kind === 'inject' && !this.sent.isEmpty && reason !== 'too-narrow') {
      context.resumes.set(
        this.id,
        {
          sessionId: this.id,
          account: binding.books.subject.account,
          plan: this.plan,
          extranonce1: this.extranonce1,
          extranonce2Bytes: this.extranonce2Bytes,
          upstream: this.upstream,
          lane: this.#seat.isIn(this.upstream?.lanes ?? null) ? this.lane : null,
          sent: this.sent,
        },
        nowMs,
      );
    }
    const isLeft = reason === 'peer' || reason === 'error' || reason === 'handshake-timeout';
    if (this.#isGuess && this.isSubscribed && isLeft) this.#noteMistaken(nowMs);
    // Whoever mines on its pool's own prefix has to be known at once when it comes back.
    if (this.#adopted !== null) context.hints.add(this.#placeOfOrigin, this.id, this.#adopted, nowMs);
    context.addresses.disconnected(this.ip, binding !== null);
    if (binding !== null && nowMs - binding.books.openedAtMs >= RATE_KNOWN_AFTER_MS) {
      const { hs } = binding.books.rate(15, nowMs);
      if (hs > 0) context.lastRates.set(this.#rateKey(binding), hs, nowMs);
    }
    binding?.route.leave(this);
    this.#leaveUpstream();
    if (binding !== null) {
      binding.books.endedAtMs = nowMs;
      context.retire(binding.books);
    }
    const level = binding === null ? 'debug' : 'info';
    context.log[level]('miner disconnected', {
      miner: this.address,
      account: binding?.books.subject.account,
      worker: binding?.worker,
      reason,
      detail: detail === '' ? undefined : detail,
      connectedSeconds: Math.round((nowMs - this.connectedMonotonicMs) / 1000),
    });
    context.onClosed(this, reason);
  }

  #unbind(): void {
    const { binding } = this;
    if (binding === null) return;
    const nowMs = this.context.clock.monotonicMs();
    binding.books.endedAtMs = nowMs;
    if (binding.books.isUsed) this.context.retire(binding.books);
    this.context.addresses.unauthorized(this.ip);
    binding.route.leave(this);
    this.binding = null;
    this.#withoutPoolSinceMs = null;
    this.#leaveUpstream();
  }

  #leaveUpstream(): void {
    this.#seat.leave();
    this.#releasePrefix();
    this.#difficulty?.leave();
    this.upstream?.leave(this);
    this.upstream = null;
    this.#next?.upstream.leave(this);
    this.#next = null;
  }
}

/** Not the network's, as a stale share is, nor the account's. */
function isDevicesFault(reason: ShareResult): boolean {
  return reason === 'low-difficulty' || reason === 'duplicate' || reason === 'malformed';
}

/** What a share of this job is credited with, and must meet. */
function difficultyOf(job: IssuedJob, binding: Binding, sent: SentJobs): number {
  return binding.group.judges ? sent.difficultyFor(job) : job.difficulty;
}

function fault(message: string): Refusal {
  return { reason: 'other', message, code: null };
}
