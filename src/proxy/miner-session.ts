import { type Lane, type LanePlan, planFits } from '../domain/lane.ts';
import type { ListenerPolicy } from '../domain/listener.ts';
import { isProxyAgent, isRentalAgent } from '../domain/rental.ts';
import type { CloseReason, Connection, ConnectionOwner } from '../net/connection.ts';
import type { Dialect } from '../wire/dialect.ts';
import type { MinerRequest, PoolRefusal, PoolSubscription, RequestId } from '../wire/messages.ts';
import type { Binding } from './binding.ts';
import { Dialogue, type Place, type Speaker } from './dialogue.ts';
import type { Group } from './group.ts';
import { hintKey } from './hint-key.ts';
import type { IssuedJob } from './issued-job.ts';
import { LoginReplies, type WaitingLogin } from './login-replies.ts';
import { dispatch } from './miner/dispatch.ts';
import { MinerJobs, type ServedMiner } from './miner-jobs.ts';
import { MinerShares } from './miner-shares.ts';
import { prefixFault } from './pairing-fault.ts';
import { Recognition } from './recognition.ts';
import type { Route } from './route.ts';
import type { RouteKind } from './routes.ts';
import { SearchSpace } from './search-space.ts';
import type { SentJobs } from './sent-jobs.ts';
import { SessionConduct } from './session-conduct.ts';
import type { ResumeRecord, SessionContext } from './session-context.ts';
import type { Upstream } from './upstream.ts';
import { VersionOffer } from './version-offer.ts';
import { type PlacedMiner, Whereabouts } from './whereabouts.ts';
import { Wishes } from './wishes.ts';

/** A miner that was without a pool for longer has not searched all the while, which says nothing of its rate. */
const SHORT_GAP_MS = 1000;

/**
 * One miner: one TCP connection from its first line to its last share's verdict. The extranonce given at subscribe stays for the life of the
 * connection; whatever happens at the pool reaches the miner as a new job. What each request does stands in `miner/`, a file per request; what the session is made of
 * has its own files too, and here is how these play together.
 */
export class MinerSession implements ConnectionOwner, Speaker, PlacedMiner, ServedMiner {
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

  /** Given out at subscribe; empty before. */
  id = '';
  agent = '';
  /** Address and agent, those of its last connection where it is recognised by session id. */
  origin: string;
  /** What the miner calls itself; empty before authorize. */
  worker = '';

  readonly dialogue: Dialogue;
  readonly recognition: Recognition;
  readonly logins = new LoginReplies(this);
  /** A subscribe whose answer waits for the pool's extranonce. */
  #waitingSubscribe: Place | null = null;
  readonly space = new SearchSpace(this);
  readonly version = new VersionOffer();
  readonly wishes = new Wishes();
  readonly where = new Whereabouts(this);
  readonly jobs = new MinerJobs(this);
  readonly shares = new MinerShares(this);
  readonly conduct = new SessionConduct(this);
  #isEnded = false;

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
    const { context } = parts;
    this.context = context;
    this.number = options.number;
    this.connection = parts.connection;
    this.dialect = parts.dialect;
    this.policy = options.policy;
    this.ip = options.ip;
    this.address = options.ip.includes(':')
      ? `[${options.ip}]:${options.port}`
      : `${options.ip}:${options.port}`;
    this.connectedMonotonicMs = options.connectedMonotonicMs;
    this.connectedAtMs =
      context.clock.wallMs() - (context.clock.monotonicMs() - options.connectedMonotonicMs);
    this.origin = hintKey(options.ip, '');
    this.dialogue = new Dialogue(this);
    this.recognition = new Recognition(this, options.isGuess);
  }

  get isSubscribed(): boolean {
    return this.space.plan !== null;
  }

  get isAuthorized(): boolean {
    return this.binding !== null;
  }

  /** It has been told that it is authorized. */
  get isAdmitted(): boolean {
    return this.binding !== null && this.logins.isEmpty;
  }

  /** The miner has a job of a live upstream. */
  get isMining(): boolean {
    return this.space.seat.isSettled && this.upstream?.job != null;
  }

  get binding(): Binding | null {
    return this.where.binding;
  }

  get upstream(): Upstream | null {
    return this.where.upstream;
  }

  get resumed(): ResumeRecord | null {
    return this.where.resumed;
  }

  get sent(): SentJobs {
    return this.jobs.sent;
  }

  get poolPassword(): string {
    return this.binding?.group.credentials.password ?? '';
  }

  /** Whom it shares its account's route with. One connection of a market, or of a proxy, stands for many devices, or divides its nonces itself. */
  get routeKind(): RouteKind {
    return { isRented: isRentalAgent(this.agent) || isProxyAgent(this.agent), dialect: this.dialect };
  }

  get wantsVersionRolling(): boolean {
    return this.version.asked !== null;
  }

  get wishesDifficulty(): boolean {
    return this.wishes.last !== null && this.context.settings.upstream.suggestDifficulty === 'relay';
  }

  onBytes(chunk: Buffer): void {
    this.dialogue.hear(chunk);
  }

  onRequest(request: MinerRequest): void {
    dispatch(this, request);
  }

  end(reason: CloseReason): void {
    this.connection.close(reason);
  }

  // ---- subscribe

  /** Takes an id, and a plan for the search space. */
  open(resumed: ResumeRecord | null, plan: LanePlan): void {
    const { context } = this;
    this.where.resumed = resumed;
    if (this.id !== '') context.sessionsById.delete(this.id);
    this.#takeId(resumed?.sessionId ?? context.newSessionId());
    this.dialogue.recorder = resumed === null ? null : context.recordings.running(this.id);
    this.space.plan = plan;
    if (this.binding !== null) this.space.planIn(this.binding.group);
  }

  #takeId(id: string): void {
    this.id = id;
    this.context.sessionsById.set(id, this);
  }

  /** Settles how the search space is cut. Where the miner must be told the pool's own extranonce, and the pool is known, the answer waits for it. */
  subscribe(id: RequestId, plan: LanePlan, isPoolKnown: boolean): void {
    if (this.space.isToldAtSubscribe(plan) && (isPoolKnown || plan.kind === 'relay')) {
      this.#waitingSubscribe = this.dialogue.keepPlace(id);
    } else {
      this.space.takeOwn(plan, this.resumed?.extranonce1 ?? null);
      this.subscribedAgain(id);
    }
    this.lookAgain();
  }

  subscribedAgain(id: RequestId): void {
    this.dialogue.reply(id, this.#subscribedLine(id));
  }

  /** It has nothing to do with the account that it was taken to be of: its subscribe waits for no pool. */
  expectNoPool(): void {
    const waiting = this.#waitingSubscribe;
    const { plan } = this.space;
    this.recognition.disown();
    if (waiting === null || plan === null || plan.kind === 'relay') return;
    this.space.takeOwn(plan, this.resumed?.extranonce1 ?? null);
    this.#answerSubscribe(waiting);
  }

  #answerSubscribe(waiting: Place): void {
    this.#waitingSubscribe = null;
    this.dialogue.answer(waiting, this.#subscribedLine(waiting.id));
  }

  #subscribedLine(id: RequestId): string {
    const { agent, dialect, id: sessionId, space } = this;
    const { extranonce1, extranonce2Bytes } = space;
    space.noteSubscribed();
    return dialect.miner.subscribed(id, { sessionId, extranonce1, extranonce2Bytes, agent });
  }

  // ---- authorize

  /** The account that this connection mines for, or has asked to and not been answered; null where there is none. */
  get claimedAccount(): string | null {
    return this.binding?.books.subject.account ?? this.logins.account;
  }

  /** A further authorize for the account that is claimed: answered as the first one is. */
  authorizeAgain(id: RequestId): void {
    if (this.logins.isEmpty) this.dialogue.reply(id, this.#authorizedLine(id));
    else if (!this.logins.add(id)) this.end('flood');
  }

  /** True while this very login has been neither answered nor bound. */
  isAwaiting(login: WaitingLogin): boolean {
    return this.connection.isOpen && this.binding === null && this.logins.waiting === login;
  }

  /** Takes an upstream before authorize, for a miner whose lane must be the pool's own. */
  joinEarly(group: Group): void {
    this.onReady(this.where.joinEarly(group));
  }

  /** Joins the account's route. */
  bind(route: Route, worker: string): void {
    if (this.id === '') this.#takeId(this.context.newSessionId());
    this.worker = worker;
    this.where.bind(route);
    const { recorder } = this.dialogue;
    if (recorder !== null) recorder.of = { address: this.address, account: route.account.name, worker };
    this.logins.awaitPool();
    this.context.addresses.authorized(this.ip);
    this.recognition.rememberDialect(this.dialect.name);
    this.where.join();
    route.join(this);
    if (this.upstream !== null) this.onJoined(this.upstream);
  }

  /** The pool has not taken the login, or not in time: the account is not mined for. */
  #refuseBound(message: string): void {
    const { binding } = this;
    this.logins.refuse(message);
    if (binding === null) return;
    this.logins.turnAway(binding.group);
    this.context.addresses.unauthorized(this.ip);
    this.where.unbind(binding);
  }

  /** The login that waits is answered; with the newest job, where the dialect has it so. */
  grantLogin(): void {
    if (!this.logins.grant((id) => this.#authorizedLine(id))) return;
    this.space.announcement.expect(this.context.clock.monotonicMs());
    this.context.log.info('miner authorised', {
      miner: this.address,
      account: this.binding?.books.subject.account,
      worker: this.binding?.worker,
      agent: this.agent,
      pool: this.binding?.books.subject.pool,
    });
  }

  #authorizedLine(id: RequestId): string {
    const { miner } = this.dialect;
    const job = miner.loginCarriesJob ? this.jobs.newest() : null;
    return miner.authorized(id, { sessionId: this.id, job });
  }

  /** The time for the pool's verdict is up, or there is nothing left to wait for. */
  #sweepLogin(waiting: WaitingLogin, nowMs: number): void {
    const { binding } = this;
    const isLate = nowMs >= waiting.deadlineMs;
    const refusal = this.where.next === null ? (binding?.group.recentRefusal(nowMs) ?? null) : null;
    if (binding !== null && refusal !== null) {
      if (isLate || !binding.route.hasOtherHope) this.#refuseBound(refusedBy(refusal));
    } else if (!isLate) {
      return;
    } else if (binding === null) {
      this.logins.refuse('The account cannot be looked up at the moment; try again');
    } else if (this.dialect.miner.loginCarriesJob) {
      this.#refuseBound(`No job from the pool yet: ${binding.group.lastError || 'try again'}`);
    } else {
      // The pool takes its time. The account is registered, so the miner may stay; its job follows.
      this.grantLogin();
      this.lookAgain();
    }
  }

  // ---- what its route says

  moveTo(group: Group, when: 'with-a-job' | 'at-once' = 'with-a-job'): void {
    this.where.moveTo(group, when);
  }

  onAccountRemoved(): void {
    this.end('removed');
  }

  // ---- what its upstreams say

  onJoined(upstream: Upstream): void {
    if (upstream.isLoggedIn) this.onLoggedIn(upstream);
    this.onReady(upstream);
  }

  /** Something on our side has changed: what the upstreams are ready for may be possible now. */
  lookAgain(): void {
    if (this.where.next !== null) this.onReady(this.where.next.upstream);
    if (this.upstream !== null) this.onReady(this.upstream);
  }

  onLoggedIn(from: Upstream): void {
    const { binding, dialect } = this;
    if (binding === null || dialect.miner.loginCarriesJob) return;
    // Whether it can mine there is only known when the pool has said how nonces begin, at the latest before its first job.
    const isOpen =
      from === this.upstream &&
      from.job === null &&
      dialect.pairing(binding.group.dialect.name) === 'whole-nonce';
    if (!isOpen) this.grantLogin();
  }

  onLoginRefused(from: Upstream, refusal: PoolRefusal): void {
    const { where } = this;
    // With another pool to go to, its verdict counts.
    if (this.logins.waiting === null || from !== where.upstream || where.next !== null) return;
    if (where.joinSibling()) return;
    if (where.binding?.route.hasOtherHope !== true) this.#refuseBound(refusedBy(refusal));
  }

  onReady(from: Upstream): void {
    const { job, subscription } = from;
    if (job === null || subscription === null) return;
    const group = this.where.groupAt(from);
    if (group !== null) {
      if (this.#turnsAway(from, group, subscription) || !this.jobs.isReadyFor(job, group)) return;
      this.where.arriveAt(from);
    }
    if (from !== this.upstream) return;
    if (this.#waitingSubscribe !== null && this.isSubscribed) {
      if (this.space.lane === null && !this.#takeLane(from)) return;
      this.space.follow(subscription);
      this.#answerSubscribe(this.#waitingSubscribe);
    }
    const isLoginOpen = this.logins.waiting !== null && !this.dialect.miner.loginCarriesJob;
    if (this.binding !== null && this.isSubscribed && !isLoginOpen) this.#settleOn(from, job, subscription);
  }

  /** The pool begins its nonces, which this miner cannot be told: it is told why, and closed. */
  #turnsAway(from: Upstream, { credentials }: Group, subscription: PoolSubscription): boolean {
    const { pool } = credentials;
    const fault = prefixFault(this.dialect, pool, subscription);
    if (fault !== null) {
      this.logins.refuse(fault);
      this.context.log.info('miner cannot mine at its pool', { miner: this.address, reason: fault });
      this.end('refused');
      return true;
    }
    const isWaited = from === this.upstream && this.dialect.pairing(pool.dialect) === 'whole-nonce';
    if (isWaited) this.grantLogin();
    return false;
  }

  onJob(from: Upstream, job: IssuedJob, clean: boolean): void {
    if (from === this.upstream && this.space.seat.isSettledIn(from.lanes)) this.jobs.take(job, clean);
  }

  onVersionMask(from: Upstream): void {
    if (from === this.upstream) this.#announceVersionMask();
  }

  onDown(from: Upstream): void {
    if (from === this.upstream) this.where.noteDown();
  }

  // ---- settling on an upstream

  /** Leases a lane and sends the first job of it, or keeps the lane where nothing about it has changed. */
  #settleOn(upstream: Upstream, job: IssuedJob, subscription: PoolSubscription): void {
    const { binding, jobs, space, where } = this;
    const { lanes } = upstream;
    if (lanes === null || binding === null) return;
    if (!space.seat.isSettledIn(lanes)) {
      if (!space.seat.isIn(lanes)) space.seat.leave();
      // On its way to another pool the plan was that one's.
      space.planIn(binding.group);
      if (!this.#fitsInto(subscription)) return;
      const { resumed } = this;
      if (space.lane === null && !this.#takeLane(upstream)) return;
      where.resumed = null;
      if (!this.#tellPrefix(subscription)) return;
      space.seat.settle();
      jobs.renewWish();
      const isBack = resumed?.upstream === upstream && space.lane === resumed.lane;
      jobs.begin(job.sequence, isBack ? resumed.sent : null);
    }
    const nowMs = this.context.clock.monotonicMs();
    if (where.noteServed(nowMs) > SHORT_GAP_MS) jobs.difficulty.resume(nowMs);
    this.#announceVersionMask();
    if (this.sent.newest < job.sequence) this.onJob(upstream, job, true);
    jobs.relayOpenWish();
  }

  /** Leases a lane of this upstream; where it has none left, another upstream is joined and false returned. */
  #takeLane(upstream: Upstream): boolean {
    const { binding, resumed, space } = this;
    const { lanes } = upstream;
    // Only now is it known for sure whether the pool's prefix leaves room for a byte of ours.
    if (binding !== null && space.plan?.kind === 'prefix') space.planIn(binding.group);
    if (lanes === null || space.plan === null) return false;
    const preferred = resumed?.upstream === upstream ? resumed.lane : null;
    if (space.takeLane(lanes, space.plan, preferred)) return true;
    const another = this.where.joinAnother(upstream);
    if (another !== null) this.onReady(another);
    return false;
  }

  /**
   * Where the pool's extranonce2 does not hold the lane a miner that takes `set_extranonce` is given one that fits; another is closed, and the
   * one reconnect that follows gets the right lane, since what was learnt is remembered.
   */
  #fitsInto(subscription: PoolSubscription): boolean {
    const { plan, announcement } = this.space;
    if (plan === null || planFits(plan, subscription.extranonce2Bytes)) return true;
    if (!announcement.isMade) {
      this.#closeForAnother(subscription);
      return false;
    }
    this.space.recut(subscription);
    this.#tellExtranonce();
    return true;
  }

  /**
   * A miner that mines on the pool's own prefix is told it where that is another than it has: as a notification where it takes one, else it is closed, and the one
   * reconnect that follows is told at subscribe. False while it cannot mine here.
   */
  #tellPrefix(subscription: PoolSubscription): boolean {
    switch (this.space.meet(subscription)) {
      case 'fits':
        return true;
      case 'told':
        this.#tellExtranonce();
        return true;
      case 'unfit':
        if (!this.space.awaitAnnouncement(this.context.clock.monotonicMs()))
          this.#closeForAnother(subscription);
        return false;
    }
  }

  #tellExtranonce(): void {
    const { extranonce1, extranonce2Bytes } = this.space;
    this.space.noteTold();
    this.dialogue.send(this.dialect.miner.extranonce(extranonce1, extranonce2Bytes));
  }

  /** The miner says that it takes another prefix at any time. */
  announceExtranonce(): void {
    const { announcement } = this.space;
    announcement.isMade = true;
    if (announcement.isAwaited) this.lookAgain();
  }

  /** Closed, so that it comes back; what was learnt is remembered for then. */
  #closeForAnother({ extranonce2Bytes: poolExtranonce2Bytes }: PoolSubscription): void {
    const { binding, context } = this;
    if (binding !== null) this.recognition.expectAt(binding.books.subject.account, poolExtranonce2Bytes);
    context.log.info('miner must reconnect once: its extranonce does not fit the pool', {
      miner: this.address,
      agent: this.agent,
      pool: binding?.books.subject.pool,
      poolExtranonce2Bytes,
    });
    this.end('too-narrow');
  }

  // ---- version rolling

  /** What the miner may roll: the pool's mask and its own; null where it did not negotiate. */
  get versionMask(): number | null {
    const { upstream, version, context } = this;
    return version.within(
      upstream?.job == null
        ? Number.parseInt(context.settings.upstream.versionMask, 16)
        : upstream.versionMask,
    );
  }

  #announceVersionMask(): void {
    // [quirk: S21+ of early 2025 and cgminer take it only after authorize has been answered; old Bitaxe only when negotiated]
    if (this.space.lane === null || this.upstream?.job == null) return;
    const mask = this.versionMask;
    if (this.version.takeNews(mask)) this.dialogue.send(this.dialect.miner.versionMask(mask));
  }

  // ---- time and end

  sweep(nowMs: number): void {
    const { announcement } = this.space;
    this.dialogue.forgive();
    this.where.forgetFormer(nowMs);
    this.logins.sweep(nowMs);
    if (announcement.giveUp(nowMs)) this.lookAgain();
    const { waiting } = this.logins;
    if (waiting !== null) this.#sweepLogin(waiting, nowMs);
    if (!this.connection.isOpen) return;
    if (!announcement.isAwaited) this.where.sweepStranded(nowMs);
    this.jobs.sweep(nowMs);
    this.#sweepLimits(nowMs);
  }

  /** Ends a connection that has gone on for too long without what it is for. */
  #sweepLimits(nowMs: number): void {
    const { limits, upstream } = this.context.settings;
    const { withoutPoolSinceMs } = this.where;
    if (!this.isAuthorized || !this.isSubscribed) {
      if (nowMs - this.connectedMonotonicMs >= limits.handshakeMs && this.logins.isEmpty) {
        // A miner that was taken for another at its address must not wait for that one's pool again.
        if (this.#waitingSubscribe !== null) this.recognition.disownAll();
        this.end('handshake-timeout');
      }
    } else if (
      withoutPoolSinceMs !== null &&
      upstream.holdSeconds > 0 &&
      nowMs - withoutPoolSinceMs >= upstream.holdSeconds * 1000
    ) {
      this.end('no-pool');
    }
    if (limits.idleMs > 0 && nowMs - this.dialogue.heardAtMs >= limits.idleMs) this.end('idle-timeout');
  }

  /** Another connection has shown this session's id: what is kept of it must be there before the socket's own end is heard. */
  endReplaced(): void {
    this.connection.destroy('replaced');
    this.onClosed('replaced', '');
  }

  onClosed(reason: CloseReason, detail: string): void {
    const { binding, context } = this;
    if (this.#isEnded) return;
    this.#isEnded = true;
    const nowMs = context.clock.monotonicMs();
    if (this.id !== '' && context.sessionsById.get(this.id) === this) context.sessionsById.delete(this.id);
    if (binding !== null && reason !== 'too-narrow') this.#keepForReturn(binding, nowMs);
    const isLeft = reason === 'peer' || reason === 'error' || reason === 'handshake-timeout';
    this.recognition.leave(this.isSubscribed && isLeft, nowMs);
    context.addresses.disconnected(this.ip, binding !== null);
    if (binding !== null) this.jobs.difficulty.remember(binding, nowMs);
    this.where.leave();
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

  /** What lets the miner go on where it was, if it comes back with its session id. */
  #keepForReturn({ books }: Binding, nowMs: number): void {
    const { sent, space, upstream } = this;
    const { plan, extranonce1, extranonce2Bytes, seat } = space;
    if (plan?.kind !== 'inject' || sent.isEmpty) return;
    const { account } = books.subject;
    const lane: Lane | null = seat.isIn(upstream?.lanes ?? null) ? seat.lane : null;
    const kept = { sessionId: this.id, account, plan, extranonce1, extranonce2Bytes, upstream, lane, sent };
    this.context.resumes.set(this.id, kept, nowMs);
  }
}

function refusedBy({ message }: PoolRefusal): string {
  return `The pool refused the account's login: ${message}`;
}
