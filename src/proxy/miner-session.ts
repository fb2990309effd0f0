import { type Lane, type LanePlan, type LaneSpace, planFits, planLane } from '../domain/lane.ts';
import type { ShareResult } from '../domain/result.ts';
import type { CloseReason, Connection, ConnectionOwner } from '../net/connection.ts';
import { detectFirstBytes, httpNotice } from '../wire/detect.ts';
import type { Dialect, Refusal } from '../wire/dialect.ts';
import { LineFramer } from '../wire/framing/line-framer.ts';
import type { PoolRefusal, RequestId } from '../wire/messages.ts';
import type { Group } from './group.ts';
import { hintKey, idHintKey } from './hint-key.ts';
import type { InFlightShare, PoolVerdict, ShareOwner } from './in-flight-share.ts';
import type { IssuedJob } from './issued-job.ts';
import { dispatch } from './miner/dispatch.ts';
import { type PendingReply, ReplyQueue } from './reply-queue.ts';
import { SessionBooks } from './session-books.ts';
import type { ResumeRecord, SessionContext } from './session-context.ts';
import type { Upstream, UpstreamClient } from './upstream.ts';

/** What a session mines for. */
export interface Binding {
  readonly group: Group;
  readonly books: SessionBooks;
  readonly worker: string;
}

/** A request's place among the replies. */
interface Place {
  readonly reply: PendingReply;
  readonly id: RequestId;
}

/** A login whose answer waits for the account's look-up or the pool: one authorize, and those for the same account that followed it. */
export interface WaitingLogin {
  readonly account: string;
  readonly places: Place[];
  readonly deadlineMs: number;
}

/** What difficulty a miner would like: by number, or as a target, which is a difficulty only with the algorithm's divider. */
export type Wish =
  | { readonly kind: 'difficulty'; readonly difficulty: number }
  /** The difficulty that the target stands for with a divider of 1. */
  | { readonly kind: 'target'; readonly difficulty: number };

/** Faults (unknown methods, unusable parameters) a miner may be forgiven at once; half of them are forgotten every sweep. */
const MAX_FAULTS = 64;
/** Names that one connection may ask for before the first has been answered. */
const MAX_AUTHORIZES = 64;
const UNDETECTED_BYTES = 128;
const NO_BYTES = Buffer.alloc(0);

/**
 * One miner: one TCP connection from its first byte to its last share's verdict. The extranonce given at subscribe stays for the life of the
 * connection; whatever happens at the pool reaches the miner as a new job. What each request does stands in `miner/`, a file per request.
 */
export class MinerSession implements ConnectionOwner, UpstreamClient, ShareOwner {
  readonly context: SessionContext;
  readonly connection: Connection;
  readonly ip: string;
  /** `ip:port`. */
  readonly address: string;
  readonly connectedAtMs: number;
  readonly connectedMonotonicMs: number;
  readonly replies = new ReplyQueue();
  #framer: LineFramer | null = null;
  #firstBytes: Buffer = NO_BYTES;
  #heardAtMs: number;
  #faults = 0;

  /** Given out at subscribe; empty before. */
  id = '';
  agent = '';
  /** Address and agent, those of its last connection where it is recognised by session id. */
  origin = '';
  plan: LanePlan | null = null;
  extranonce1 = '';
  extranonce2Bytes = 0;
  /** Mask the miner asked for; null where it did not negotiate version rolling. */
  askedVersionMask: number | null = null;
  #announcedVersionMask: number | null = null;
  #wasGrantedMask = false;
  isExtranonceAware = false;
  /** A wish that has not been passed on yet, and the newest one, so that a repeated one is not passed on again. */
  #openWish: Wish | null = null;
  #lastWish: Wish | null = null;

  binding: Binding | null = null;
  upstream: Upstream | null = null;
  resumed: ResumeRecord | null = null;
  #waitingAuthorize: WaitingLogin | null = null;
  /** A subscribe whose answer waits for the pool's extranonce. */
  #waitingSubscribe: Place | null = null;
  /** A refusal that is held back a moment, so that a miner with a wrong name does not turn in a tight loop. */
  #delayedRefusal: WaitingLogin | null = null;
  #delayedText = '';

  #lane: Lane | null = null;
  #laneSpace: LaneSpace | null = null;
  /** Jobs of this lane are numbered from here. */
  firstJobSequence = 0;
  /** The first job this connection ever got; 0 before. */
  firstSequence = 0;
  #isEnded = false;
  #sentJobSequence = 0;
  #sentDifficulty = 0;
  #jobsSent = 0;
  /** Since when an authorised miner has been without a live upstream; null while it has one. */
  #withoutPoolSinceMs: number | null = null;
  #loggedReasons = 0;

  constructor(
    parts: { context: SessionContext; connection: Connection },
    options: { readonly ip: string; readonly port: number },
  ) {
    this.context = parts.context;
    this.connection = parts.connection;
    this.ip = options.ip;
    this.address = options.ip.includes(':')
      ? `[${options.ip}]:${options.port}`
      : `${options.ip}:${options.port}`;
    this.connectedAtMs = parts.context.clock.wallMs();
    this.connectedMonotonicMs = parts.context.clock.monotonicMs();
    this.#heardAtMs = this.connectedMonotonicMs;
  }

  get dialect(): Dialect {
    return this.context.dialect;
  }

  get isSubscribed(): boolean {
    return this.plan !== null;
  }

  get isAuthorized(): boolean {
    return this.binding !== null;
  }

  /** The miner has a job of a live upstream. */
  get isMining(): boolean {
    return this.#lane !== null && this.upstream?.job != null;
  }

  get lane(): Lane | null {
    return this.#lane;
  }

  get wantsVersionRolling(): boolean {
    return this.askedVersionMask !== null;
  }

  // ---- bytes and lines

  onBytes(chunk: Buffer): void {
    this.#heardAtMs = this.context.clock.monotonicMs();
    if (this.#framer === null) {
      this.#detect(chunk);
      return;
    }
    this.#read(chunk);
  }

  #detect(chunk: Buffer): void {
    const bytes = this.#firstBytes.length === 0 ? chunk : Buffer.concat([this.#firstBytes, chunk]);
    switch (detectFirstBytes(bytes)) {
      case 'json':
        this.#firstBytes = NO_BYTES;
        this.#framer = new LineFramer();
        this.#read(bytes);
        return;
      case 'http':
        this.connection.send(httpNotice('Point a miner at it: -o stratum+tcp://HOST:PORT -u NAME -p x'));
        this.end('http');
        return;
      case 'more':
        if (bytes.length <= UNDETECTED_BYTES) {
          this.#firstBytes = Buffer.from(bytes);
          return;
        }
        this.end('not-stratum');
        return;
      case 'unknown':
        if (isText(bytes)) {
          this.send(
            this.dialect.miner.refuse('null', fault('This port speaks Stratum: one JSON object per line')),
          );
        }
        this.end('not-stratum');
        return;
    }
  }

  #read(chunk: Buffer): void {
    const reason = this.#framer?.push(chunk, this.context.settings.limits.lineBytes, this) ?? null;
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
    dispatch(this, this.dialect.miner.decode(line));
    return this.connection.isOpen;
  }

  /** Sends now, ahead of replies that are still waited for: notifications. */
  send(text: string): void {
    if (text !== '') this.connection.send(text);
  }

  /** Sends a reply in the order of arrival. An id of null is never answered. */
  reply(id: RequestId, line: string): void {
    if (id === 'null') return;
    this.send(this.replies.push(line));
    // What waits behind a share that the pool does not answer is memory the miner could fill at will.
    if (this.replies.length > this.context.settings.limits.pendingSubmits * 2) this.end('flood');
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

  /** Settles how the search space is cut. For a relayed lane the answer waits for the pool's extranonce. */
  subscribe(id: RequestId, resumed: ResumeRecord | null, plan: LanePlan): void {
    const { context } = this;
    this.resumed = resumed;
    if (this.id !== '') context.sessionsById.delete(this.id);
    this.id = resumed?.sessionId ?? context.newSessionId();
    context.sessionsById.set(this.id, this);
    this.plan = plan;
    if (plan.kind === 'relay') {
      this.#waitingSubscribe = this.#place(id);
      this.onReady();
      return;
    }
    this.extranonce1 = resumed?.extranonce1 ?? context.newPrefix(plan.prefixBytes);
    this.extranonce2Bytes = plan.sizeBytes;
    this.reply(id, this.#subscribedLine(id));
    this.onReady();
  }

  subscribedAgain(id: RequestId): void {
    this.reply(id, this.#subscribedLine(id));
  }

  #subscribedLine(id: RequestId): string {
    const { extranonce1, extranonce2Bytes } = this;
    return this.dialect.miner.subscribed(id, { sessionId: this.id, extranonce1, extranonce2Bytes });
  }

  /** Takes the next place among the replies for one that comes later. */
  #place(id: RequestId): Place {
    return { reply: this.replies.reserve({ line: null, next: null }), id };
  }

  #answer(place: Place, line: string): void {
    this.send(this.replies.settle(place.reply, place.id === 'null' ? '' : line));
  }

  /** The account that this connection mines for, or has asked to and not been answered; null where there is none. */
  get claimedAccount(): string | null {
    return (
      this.binding?.books.subject.account ??
      this.#waitingAuthorize?.account ??
      this.#delayedRefusal?.account ??
      null
    );
  }

  /** The account is being looked up, then the pool is asked; the answer keeps its place. */
  awaitAuthorize(id: RequestId, account: string): WaitingLogin {
    const { authorizeWaitMs } = this.context.settings.upstream;
    this.#waitingAuthorize = {
      account,
      places: [this.#place(id)],
      deadlineMs: this.context.clock.monotonicMs() + authorizeWaitMs,
    };
    return this.#waitingAuthorize;
  }

  /** A further authorize for the account that is claimed: answered as the first one is. */
  authorizeAgain(id: RequestId): void {
    const waiting = this.#waitingAuthorize ?? this.#delayedRefusal;
    if (waiting === null) this.reply(id, this.dialect.miner.yes(id));
    else if (waiting.places.length < MAX_AUTHORIZES) waiting.places.push(this.#place(id));
    else this.end('flood');
  }

  /** True while this very login has been neither answered nor bound. */
  isAwaiting(login: WaitingLogin): boolean {
    return this.connection.isOpen && this.binding === null && this.#waitingAuthorize === login;
  }

  /** Joins the account's group. An upstream taken at subscribe for a relayed lane is kept when it is the same account's. */
  bind(group: Group, worker: string): void {
    const { context } = this;
    const nowMs = context.clock.monotonicMs();
    const { account, credentials } = group;
    if (this.id === '') {
      this.id = context.newSessionId();
      context.sessionsById.set(this.id, this);
    }
    const books = new SessionBooks(
      {
        sessionId: this.id,
        address: this.address,
        account: account.name,
        worker,
        agent: this.agent,
        dialect: this.dialect.name,
        pool: credentials.pool.name,
        algorithm: credentials.pool.algorithm.name,
        divider: credentials.pool.algorithm.divider,
        connectedAtMs: this.connectedAtMs,
      },
      group.tally,
      nowMs,
    );
    this.binding = { group, books, worker };
    this.#withoutPoolSinceMs = nowMs;
    context.addresses.authorized(this.ip);
    if (this.upstream === null) {
      const resumed = this.resumed?.account === account.name ? this.resumed : null;
      this.upstream =
        this.plan?.kind === 'relay' ? group.joinWhole(this) : group.join(this, resumed?.upstream ?? null);
    }
    if (this.upstream.isLoggedIn) this.onLoggedIn();
    this.onReady();
  }

  /** Takes an upstream before authorize, for a miner whose lane must be the pool's own. */
  joinEarly(group: Group): void {
    this.upstream = group.joinWhole(this);
    this.onReady();
  }

  refuseAuthorize(message: string): void {
    const waiting = this.#waitingAuthorize;
    this.#waitingAuthorize = null;
    if (waiting !== null) this.#refuseLogin(waiting, message);
  }

  /** Refuses after a moment. */
  refuseAuthorizeLater(message: string): void {
    const waiting = this.#waitingAuthorize;
    if (waiting === null) return;
    this.#waitingAuthorize = null;
    const { refusalDelayMs } = this.context.settings.limits;
    this.#delayedRefusal = { ...waiting, deadlineMs: this.context.clock.monotonicMs() + refusalDelayMs };
    this.#delayedText = message;
    if (refusalDelayMs === 0) this.#refuseDelayed();
  }

  #refuseDelayed(): void {
    const waiting = this.#delayedRefusal;
    this.#delayedRefusal = null;
    if (waiting !== null) this.#refuseLogin(waiting, this.#delayedText);
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
    const waiting = this.#waitingAuthorize;
    this.#waitingAuthorize = null;
    if (waiting === null) return;
    for (const place of waiting.places) this.#answer(place, this.dialect.miner.yes(place.id));
    this.context.log.info('miner authorised', {
      miner: this.address,
      account: this.binding?.books.subject.account,
      worker: this.binding?.worker,
      agent: this.agent,
      pool: this.binding?.books.subject.pool,
    });
  }

  // ---- what the upstream says

  onLoggedIn(): void {
    if (this.binding !== null) this.#grantAuthorize();
  }

  onLoginRefused(refusal: PoolRefusal): void {
    if (this.#waitingAuthorize === null) return;
    this.refuseAuthorize(`The pool refused the account's login: ${refusal.message}`);
    this.#unbind();
  }

  onReady(): void {
    const { upstream } = this;
    if (upstream === null || upstream.job === null || upstream.subscription === null) return;
    const waiting = this.#waitingSubscribe;
    if (waiting !== null && this.plan !== null) {
      this.#waitingSubscribe = null;
      this.extranonce1 = upstream.subscription.extranonce1;
      this.extranonce2Bytes = upstream.subscription.extranonce2Bytes;
      this.#answer(waiting, this.#subscribedLine(waiting.id));
    }
    if (this.plan === null || this.binding === null || this.#waitingAuthorize !== null) return;
    this.#settleOn(upstream, upstream.job);
  }

  onJob(job: IssuedJob, clean: boolean): void {
    if (this.#lane === null || this.#laneSpace !== this.upstream?.lanes) return;
    this.#sendJob(job, clean);
  }

  onVersionMask(): void {
    this.#announceVersionMask();
  }

  onDown(): void {
    this.#withoutPoolSinceMs ??= this.context.clock.monotonicMs();
  }

  /** Leases a lane and sends the first job of it, or keeps the lane where nothing about it has changed. */
  #settleOn(upstream: Upstream, job: IssuedJob): void {
    const { lanes, subscription } = upstream;
    const { plan } = this;
    if (lanes === null || subscription === null || plan === null) return;
    if (this.#lane === null || this.#laneSpace !== lanes) {
      this.#leaveLane();
      const room = subscription.extranonce2Bytes;
      const fits =
        plan.kind === 'relay'
          ? subscription.extranonce1 === this.extranonce1 && room === this.extranonce2Bytes
          : planFits(plan, room);
      if (!fits && !this.#widen(upstream)) return;
      const resumed = this.resumed?.upstream === upstream ? this.resumed : null;
      this.resumed = null;
      const lane =
        this.plan === null ? null : lanes.lease(this.plan, this.extranonce1, resumed?.laneBytes ?? null);
      if (lane === null) {
        upstream.leave(this);
        this.upstream = this.binding?.group.joinAnother(this) ?? null;
        return;
      }
      this.#lane = lane;
      this.#laneSpace = lanes;
      this.#sentJobSequence = 0;
      // Another login at a pool begins with the pool's own difficulty.
      this.#openWish ??= this.#lastWish;
      this.firstJobSequence =
        resumed !== null && lane.bytes === resumed.laneBytes ? resumed.firstJobSequence : job.sequence;
    }
    this.#withoutPoolSinceMs = null;
    this.#announceVersionMask();
    if (this.#sentJobSequence < job.sequence) this.#sendJob(job, true);
    if (this.#openWish !== null) this.#relayWish(this.#openWish);
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
      if (plan.kind === 'relay') {
        this.extranonce1 = subscription.extranonce1;
        this.extranonce2Bytes = poolExtranonce2Bytes;
      } else {
        this.extranonce1 = context.newPrefix(plan.prefixBytes);
        this.extranonce2Bytes = plan.sizeBytes;
      }
      this.send(this.dialect.miner.extranonce(this.extranonce1, this.extranonce2Bytes));
      return true;
    }
    const hint = { account: this.binding.books.subject.account, poolExtranonce2Bytes, origin: this.origin };
    const nowMs = context.clock.monotonicMs();
    context.hints.set(hintKey(this.ip, this.agent), hint, nowMs);
    context.hints.set(idHintKey(this.id), hint, nowMs);
    context.log.info('miner must reconnect once: its extranonce does not fit the pool', {
      miner: this.address,
      agent: this.agent,
      pool: this.binding.books.subject.pool,
      poolExtranonce2Bytes,
    });
    this.end('too-narrow');
    return false;
  }

  #sendJob(job: IssuedJob, clean: boolean): void {
    const { work } = job;
    const lane = this.#lane;
    const plan = this.plan;
    if (work === null || lane === null || plan === null) return;
    let text = '';
    if (job.difficulty !== this.#sentDifficulty) {
      // cgminer applies one change per notify, so a difficulty only ever goes out directly before a job.
      text = this.dialect.miner.difficulty(job.difficulty);
      this.#sentDifficulty = job.difficulty;
    }
    text += this.dialect.miner.job({
      jobId: job.id,
      work,
      coinb1Insert: plan.kind === 'relay' ? '' : job.extranonce1 + lane.slot,
      ntime: job.ntime,
      clean,
    });
    this.#sentJobSequence = job.sequence;
    if (this.firstSequence === 0) this.firstSequence = this.firstJobSequence;
    this.#jobsSent += 1;
    if (this.binding !== null) this.binding.books.difficulty = job.difficulty;
    this.send(text);
  }

  // ---- version rolling, difficulty

  /** What the miner may roll: the pool's mask and its own; null where it did not negotiate. */
  get versionMask(): number | null {
    if (this.askedVersionMask === null) return null;
    const upstream = this.upstream;
    const offered =
      upstream?.job == null
        ? Number.parseInt(this.context.settings.upstream.versionMask, 16)
        : upstream.versionMask;
    return (this.askedVersionMask & offered) >>> 0;
  }

  /** The mask stands in a configure reply, so it need not be announced again unless it changes. */
  noteVersionMask(mask: number): void {
    this.#announcedVersionMask = this.isMining ? mask : null;
    if (mask !== 0) this.#wasGrantedMask = true;
  }

  #announceVersionMask(): void {
    const mask = this.versionMask;
    // [quirk: S21+ of early 2025 and cgminer take it only after authorize has been answered; old Bitaxe only when negotiated]
    if (
      mask === null ||
      mask === this.#announcedVersionMask ||
      this.#lane === null ||
      this.upstream?.job == null
    )
      return;
    // A miner that was never granted a bit has nothing to be taken away.
    if (mask === 0 && !this.#wasGrantedMask) return;
    this.#announcedVersionMask = mask;
    this.#wasGrantedMask = true;
    this.send(this.dialect.miner.versionMask(mask));
  }

  /** [quirk: NerdMiner repeats the same wish every 30 s as a keepalive] */
  wish(wish: Wish): void {
    if (this.#lastWish?.kind === wish.kind && this.#lastWish.difficulty === wish.difficulty) return;
    this.#lastWish = wish;
    this.#relayWish(wish);
  }

  /** In dedicated mode the pool is asked for what the miner wishes, as it would be over a direct connection. */
  #relayWish(wish: Wish): void {
    const { binding, upstream } = this;
    if (
      binding === null ||
      upstream === null ||
      !this.isMining ||
      this.context.settings.upstream.suggestDifficulty === 'never'
    ) {
      this.#openWish = wish;
      return;
    }
    this.#openWish = null;
    const factor = wish.kind === 'target' ? binding.books.subject.divider : 1;
    upstream.suggestDifficulty(wish.difficulty * factor);
  }

  // ---- shares

  /** Enters a share into the books; {@link MinerSession.endShare} must follow exactly once. */
  beginShare(difficulty: number): void {
    if (this.binding === null) this.context.unboundTally.begin(difficulty);
    else this.binding.books.begin(difficulty, this.context.clock.wallMs());
  }

  endShare(result: ShareResult, difficulty: number): void {
    if (this.binding === null) this.context.unboundTally.end(result, difficulty, 0);
    else this.binding.books.end(result, difficulty, this.context.clock.monotonicMs());
  }

  /** A share refused here: counted, answered, and logged when it is the first of its kind. */
  refuseShare(
    id: RequestId,
    reason: Refusal['reason'] & ShareResult,
    message: string,
    difficulty: number,
  ): void {
    this.beginShare(difficulty);
    this.endShare(reason, difficulty);
    this.#logReject(reason, message, 'proxy');
    this.refuse(id, reason, message);
  }

  onVerdict(share: InFlightShare, verdict: PoolVerdict): void {
    const { miner, pool } = this.dialect;
    const { requestId, job } = share;
    let result: ShareResult;
    let line: string;
    switch (verdict.kind) {
      case 'accepted':
        result = 'accepted';
        line = miner.yes(requestId);
        break;
      case 'refused': {
        const reason = pool.classify(verdict.refusal);
        const { code, message } = verdict.refusal;
        result = reason;
        line = miner.refuse(requestId, { reason, message, code });
        this.#logReject(reason, message, 'pool');
        break;
      }
      case 'unanswered':
        result = 'unanswered';
        line = miner.refuse(requestId, { reason: 'other', message: 'Pool timeout', code: null });
        break;
      case 'lost':
        result = 'lost';
        line = miner.refuse(requestId, { reason: 'other', message: 'Pool connection lost', code: null });
        break;
    }
    this.endShare(result, job.difficulty);
    this.send(this.replies.settle(share, requestId === 'null' ? '' : line));
  }

  #logReject(reason: Refusal['reason'] & ShareResult, message: string, by: 'pool' | 'proxy'): void {
    const bit = REASON_BITS[reason];
    if ((this.#loggedReasons & bit) !== 0) return;
    this.#loggedReasons |= bit;
    this.context.log.info('share rejected (first of its kind for this miner)', {
      miner: this.address,
      account: this.binding?.books.subject.account,
      worker: this.binding?.worker,
      reason,
      message,
      by,
    });
  }

  // ---- time and end

  sweep(nowMs: number): void {
    const { limits, upstream } = this.context.settings;
    this.#faults >>= 1;
    if (this.#delayedRefusal !== null && nowMs >= this.#delayedRefusal.deadlineMs) this.#refuseDelayed();
    if (this.#waitingAuthorize !== null && nowMs >= this.#waitingAuthorize.deadlineMs) {
      if (this.binding === null) {
        this.refuseAuthorize('The account cannot be looked up at the moment; try again');
      } else {
        // The pool takes its time. The account is registered, so the miner may stay; its job follows.
        this.#grantAuthorize();
        this.onReady();
      }
    }
    if (!this.connection.isOpen) return;
    if (this.binding === null || this.plan === null) {
      if (nowMs - this.connectedMonotonicMs >= limits.handshakeMs && this.#waitingAuthorize === null) {
        // A miner that was taken for another at its address must not wait for that one's pool again.
        if (this.#waitingSubscribe !== null) this.forgetHint();
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

  /** Another connection has shown this session's id: what is kept of it must be there before the socket's own end is heard. */
  endReplaced(): void {
    this.connection.destroy('replaced');
    this.onClosed('replaced', '');
  }

  /** The next connection of this miner shall not be cut for the account it was remembered with. */
  forgetHint(): void {
    this.context.hints.delete(hintKey(this.ip, this.agent));
    this.context.hints.delete(idHintKey(this.id));
  }

  onClosed(reason: CloseReason, detail: string): void {
    const { context } = this;
    const { binding } = this;
    if (this.#isEnded) return;
    this.#isEnded = true;
    const nowMs = context.clock.monotonicMs();
    if (this.id !== '' && context.sessionsById.get(this.id) === this) context.sessionsById.delete(this.id);
    if (binding !== null && this.plan?.kind === 'inject' && this.#jobsSent > 0 && reason !== 'too-narrow') {
      context.resumes.set(
        this.id,
        {
          sessionId: this.id,
          account: binding.books.subject.account,
          plan: this.plan,
          extranonce1: this.extranonce1,
          extranonce2Bytes: this.extranonce2Bytes,
          upstream: this.upstream,
          laneBytes: this.#laneSpace === this.upstream?.lanes ? (this.#lane?.bytes ?? null) : null,
          firstJobSequence: this.firstJobSequence,
        },
        nowMs,
      );
    }
    context.addresses.disconnected(this.ip, binding !== null);
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
    this.binding = null;
    this.#withoutPoolSinceMs = null;
    this.#leaveUpstream();
  }

  #leaveUpstream(): void {
    this.#leaveLane();
    this.upstream?.leave(this);
    this.upstream = null;
  }

  #leaveLane(): void {
    if (this.#lane !== null) this.#laneSpace?.release(this.#lane);
    this.#lane = null;
    this.#laneSpace = null;
  }
}

const REASON_BITS: Readonly<Record<Refusal['reason'] & ShareResult, number>> = {
  stale: 1,
  duplicate: 2,
  'low-difficulty': 4,
  'unknown-job': 8,
  unauthorized: 16,
  malformed: 32,
  rejected: 64,
};

function fault(message: string): Refusal {
  return { reason: 'other', message, code: null };
}

function isText(bytes: Buffer): boolean {
  const first = bytes[0] ?? 0;
  return first >= 0x20 && first < 0x7f;
}
