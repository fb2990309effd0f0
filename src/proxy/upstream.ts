import type { PoolCredentials } from '../domain/account.ts';
import type { Work } from '../domain/job.ts';
import type { LaneSpace } from '../domain/lane.ts';
import { passwordAtPool } from '../domain/pool-options.ts';
import type { Histogram } from '../kit/histogram.ts';
import type { Log } from '../kit/log.ts';
import type { CloseReason } from '../net/connection.ts';
import type { PoolDialect } from '../wire/dialect.ts';
import type { PoolRefusal, PoolSubscription } from '../wire/messages.ts';
import { CallIds } from './call-ids.ts';
import { dialTargetOf } from './dial-target.ts';
import { DifficultySuggestions } from './difficulty-suggestions.ts';
import { Handshake, type HandshakeOwner } from './handshake.ts';
import type { InFlightShare } from './in-flight-share.ts';
import { InFlightShares, LOST } from './in-flight-shares.ts';
import type { IssuedJob } from './issued-job.ts';
import { NamesAtPool } from './names-at-pool.ts';
import { PoolExtranonce } from './pool-extranonce.ts';
import { type Dialer, type LinkEvent, PoolLink, type PoolLinkOwner } from './pool-link.ts';
import { PoolNews } from './pool-news.ts';
import type { PoolFailure, PoolStats } from './pool-stats.ts';
import { Redial } from './redial.ts';
import type { ProxySettings } from './settings.ts';
import { Submissions } from './submissions.ts';
import type { UpstreamClient, UpstreamOwner } from './upstream-ports.ts';
import { VersionRolling } from './version-rolling.ts';
import { WorkFeed, type WorkFeedParts } from './work-feed.ts';

/** Where an upstream is. */
export type UpstreamState =
  /** Not dialled yet, also where another finds out first whether the pool takes the login. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'dialing'; readonly deadlineMs: number }
  | { readonly kind: 'handshaking' }
  | { readonly kind: 'live'; readonly sinceMs: number }
  /** Waits before the next dial. `isForOthers`: only for the news that the pool takes the login; it did not fail itself. */
  | { readonly kind: 'cooling'; readonly untilMs: number; readonly isForOthers: boolean }
  | { readonly kind: 'closed' };

export interface UpstreamParts extends WorkFeedParts {
  readonly owner: UpstreamOwner;
  readonly dialer: Dialer;
  readonly dialect: PoolDialect;
  readonly log: Log;
  /** Seconds from a job's arrival to its last session. */
  readonly fanOut: Histogram;
}

export interface UpstreamOptions {
  readonly credentials: PoolCredentials;
  /** The name to log in with: the account's, or one miner's. */
  readonly login: string;
  readonly settings: ProxySettings;
  /** Shares are judged here: superseded jobs keep their work, and shares are remembered. */
  readonly verifies: boolean;
  /** What its miners wish for is the pool's to grant, not ours. */
  readonly relaysWishes: boolean;
}

const MAX_UNANSWERED_IN_A_ROW = 3;

/**
 * One connection of ours to a pool, logged in as one account (docs/protocols/bitcoin-v1.md, the proxy as a client of a pool): who is on it, whether it is up, and what happens
 * to them when that changes. When the connection is lost it is dialled again while a session wants it; shares in flight are sent again if the pool gives the same extranonce1 back,
 * else they are lost.
 */
export class Upstream implements PoolLinkOwner, HandshakeOwner {
  readonly #parts: UpstreamParts;
  readonly #settings: ProxySettings;
  readonly #relaysWishes: boolean;
  readonly credentials: PoolCredentials;
  readonly login: string;
  readonly clients: UpstreamClient[] = [];
  /** One session takes the whole extranonce2: no other may join. */
  isExclusive = false;
  /** Where the session that left last came from: what the pool has learnt about this connection fits that miner. */
  lastOrigin: string | null = null;
  #emptySinceMs: number;
  #state: UpstreamState = { kind: 'idle' };

  readonly #redial: Redial;
  readonly #link: PoolLink;
  readonly #handshake: Handshake;
  readonly #extranonce = new PoolExtranonce();
  readonly #rolling: VersionRolling;
  readonly #feed: WorkFeed;
  readonly #inFlight = new InFlightShares();
  readonly #names = new NamesAtPool();
  readonly #submissions: Submissions;
  readonly #suggestions: DifficultySuggestions;
  readonly #news: PoolNews;

  constructor(parts: UpstreamParts, options: UpstreamOptions) {
    const { dialect, dialer, clock, stats } = parts;
    const { credentials, login, settings, verifies } = options;
    const { pool } = credentials;
    const password = passwordAtPool(pool.options, credentials.password);
    const { jobTimeoutSeconds } = pool.options;
    this.#parts = parts;
    this.#settings = settings;
    this.#relaysWishes = options.relaysWishes;
    this.credentials = credentials;
    this.login = login;
    this.#emptySinceMs = clock.monotonicMs();

    const inFlight = this.#inFlight;
    const names = this.#names;
    const extranonce = this.#extranonce;
    const news = new PoolNews(parts, credentials);
    const ids = new CallIds({ inFlight, names }, dialect.mostId);
    const rolling = new VersionRolling(settings.upstream.versionMask);
    const link = new PoolLink({ owner: this, dialer, dialect, clock, ids, news }, settings);
    const feed = new WorkFeed(parts, extranonce, {
      divider: pool.algorithm.divider,
      jobsKept: settings.limits.jobsKept,
      verifies,
      jobTimeoutMs: jobTimeoutSeconds === null ? null : jobTimeoutSeconds * 1000,
    });
    this.#redial = new Redial(dialTargetOf(pool));
    this.#news = news;
    this.#rolling = rolling;
    this.#link = link;
    this.#feed = feed;
    // One object for all three: there are as many of them as there are miners.
    const pieces = {
      owner: this,
      dialect,
      stats,
      clock,
      ids,
      link,
      extranonce,
      rolling,
      feed,
      inFlight,
      names,
      news,
    };
    this.#suggestions = new DifficultySuggestions(pieces);
    this.#handshake = new Handshake(pieces, { credentials, login, password, settings });
    this.#submissions = new Submissions(pieces, { login, password });
  }

  get state(): UpstreamState {
    return this.#state;
  }

  get isLoggedIn(): boolean {
    const { kind } = this.#state;
    return kind === 'live' || (kind === 'handshaking' && this.#handshake.isLoggedIn);
  }

  /** Where the connection is counted: under the algorithm that its newest job named, where jobs do. */
  get figures(): PoolStats {
    return this.#feed.figures;
  }

  /** The newest job; null before the first and while the connection is down. */
  get job(): IssuedJob | null {
    return this.#state.kind === 'live' ? this.#feed.newest : null;
  }

  /** Jobs whose shares are still taken, oldest first. */
  get jobs(): readonly IssuedJob[] {
    return this.#feed.all;
  }

  /** A job by its own id while its shares are taken. */
  findJob(id: string): IssuedJob | null {
    return this.#feed.find(id);
  }

  get subscription(): PoolSubscription | null {
    return this.#extranonce.subscription;
  }

  get lanes(): LaneSpace | null {
    return this.#extranonce.lanes;
  }

  /** Bits that may be rolled at the pool; 0 where rolling was not granted. Holds for kept jobs while the connection is down. */
  get versionMask(): number {
    return this.#rolling.mask;
  }

  /** The pool granted rolling, whatever the mask is now. */
  get isRolling(): boolean {
    return this.#rolling.isRolling;
  }

  get inFlightCount(): number {
    return this.#inFlight.size;
  }

  // ---- who is on it

  /** Adds a session and dials if nothing is under way. The session is told by its callbacks; what is true already it reads itself. */
  join(client: UpstreamClient): void {
    this.clients.push(client);
    this.open();
  }

  leave(client: UpstreamClient): void {
    const index = this.clients.indexOf(client);
    if (index < 0) return;
    this.clients.splice(index, 1);
    this.lastOrigin = client.origin;
    if (this.clients.length === 0) {
      this.#emptySinceMs = this.#parts.clock.monotonicMs();
      this.isExclusive = false;
    }
  }

  /** A session has gone on to another pool while this one is down: what it has in flight here must not hold up its answers for long. */
  hurry(): void {
    if (this.#state.kind !== 'live') this.#inFlight.hurry(this.#parts.clock.monotonicMs());
  }

  // ---- up and down

  /** Dials although no session is there yet. */
  open(): void {
    if (this.#state.kind !== 'idle') return;
    const nowMs = this.#parts.clock.monotonicMs();
    const answer = this.#parts.owner.mayDial(nowMs, this.#redial.wasLive);
    if (answer === 'yes') this.#dial();
    else if (answer === 'refused') this.#coolForOthers(nowMs);
  }

  /** The pool takes the login: whoever only waited for this news goes at once. A failure's own pause is kept. */
  hearTaken(): void {
    if (this.clients.length === 0) return;
    if (this.#state.kind === 'cooling' && this.#state.isForOthers) this.#dial();
    else this.open();
  }

  /** The upstream that tried the login for all was refused: whoever waits here for its verdict has it. */
  hearRefusal(refusal: PoolRefusal): void {
    if (this.#state.kind !== 'idle') return;
    this.#coolForOthers(this.#parts.clock.monotonicMs());
    this.#tellRefused(refusal);
  }

  /** Down for what another connection has heard. */
  #coolForOthers(nowMs: number): void {
    this.#to({ kind: 'cooling', untilMs: nowMs, isForOthers: true });
  }

  #dial(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    this.#feed.begin();
    this.#to({ kind: 'dialing', deadlineMs: nowMs + this.#settings.upstream.dialTimeoutMs });
    this.#link.dial(this.#redial.target);
  }

  onConnected(): void {
    const wantsRolling =
      this.credentials.pool.algorithm.name === 'sha256d' || this.clients.some((c) => c.wantsVersionRolling);
    this.#to({ kind: 'handshaking' });
    this.#handshake.begin(wantsRolling, this.#parts.clock.monotonicMs());
  }

  onSubscribed(subscription: PoolSubscription): void {
    if (!this.#extranonce.subscribed(subscription)) {
      this.#feed.forget();
      this.#inFlight.loseAll();
    }
    this.#names.forget();
  }

  onLoggedIn(): void {
    this.#suggestOwn();
    for (const client of this.clients.slice()) client.onLoggedIn(this);
  }

  /** What the operator wants this pool to be asked for. The wish of a miner that has the connection for itself goes before it. */
  #suggestOwn(): void {
    const { suggestDifficulty } = this.credentials.pool.options;
    const hasWish = this.#relaysWishes && this.clients.some((client) => client.wishesDifficulty);
    if (suggestDifficulty !== null && !hasWish) this.suggestDifficulty(suggestDifficulty);
  }

  onReady(): void {
    const { clock, owner, stats, log } = this.#parts;
    const nowMs = clock.monotonicMs();
    this.#inFlight.begin();
    this.#rolling.putInForce();
    this.#handshake.end();
    this.#to({ kind: 'live', sinceMs: nowMs });
    this.#link.pace();
    owner.onLoginTaken(this.#redial.wasLive);
    this.#redial.wentLive();
    this.#handshake.succeeded(nowMs);
    stats.succeeded(log);
    this.#feed.issueFirst();
    // After a resume the pool has not seen, or has seen and not answered, what was in flight; a second sending at worst is a duplicate there.
    for (const share of this.#inFlight.takeAll()) this.submit(share);
    for (const client of this.clients.slice()) client.onReady(this);
  }

  onRefused(refusal: PoolRefusal): void {
    const { owner } = this.#parts;
    this.#down('login-refused', refusal.message);
    owner.onLoginRefused(this, refusal);
    this.#tellRefused(refusal);
  }

  #tellRefused(refusal: PoolRefusal): void {
    for (const client of this.clients.slice()) client.onLoginRefused(this, refusal);
  }

  onFailed(reason: CloseReason, detail: string, pauseMs: number | null): void {
    this.#down(reason, detail, pauseMs);
  }

  onClosed(reason: CloseReason, detail: string): void {
    const call = this.#handshake.closed();
    if (call !== null) {
      this.#down(reason, `closed on ${call}`, 0);
      return;
    }
    this.#suggestions.closed(this.#parts.clock.monotonicMs());
    this.#down(reason, detail === '' ? 'closed by the pool' : detail);
  }

  /** The connection is of no further use. Dials again after a pause that grows with every failure in a row. */
  #down(reason: CloseReason, detail: string, pauseMs: number | null = null): void {
    const { stats, clock, log, owner } = this.#parts;
    const nowMs = clock.monotonicMs();
    const waitMs = this.#redial.failed({ liveMs: this.#liveMs(nowMs), pauseMs }, this.#settings.upstream);
    if (reason !== 'redirected') this.#redial.goHome();
    this.#handshake.lost();
    this.#link.abandon(reason);
    this.#to({ kind: 'cooling', untilMs: nowMs + waitMs, isForOthers: false });
    const failure: PoolFailure = {
      error: this.#news.withoutSecret(`${reason}: ${detail}`),
      isRefusal: reason === 'login-refused',
    };
    stats.failed(failure, clock, log);
    owner.onFailed(failure);
    for (const client of this.clients.slice()) client.onDown(this);
  }

  /** How long the connection has been live; null where it is not. */
  #liveMs(nowMs: number): number | null {
    return this.#state.kind === 'live' ? nowMs - this.#state.sinceMs : null;
  }

  /** Ends the upstream for good; shares in flight are lost. */
  close(reason: CloseReason): void {
    if (this.#state.kind === 'closed') return;
    this.#handshake.end();
    this.#to({ kind: 'closed' });
    this.#link.close(reason);
    this.#inFlight.loseAll();
    // The records of sessions that may come back still point here.
    this.#feed.forget();
    this.#extranonce.close();
  }

  #to(next: UpstreamState): void {
    const { stats, log } = this.#parts;
    if (next.kind === 'live') stats.live += 1;
    else if (this.#state.kind === 'live') stats.left(log);
    const hasChanged = next.kind !== this.#state.kind;
    this.#state = next;
    if (hasChanged) this.#parts.owner.onStateChanged(this);
  }

  // ---- what the pool says

  onEvent(event: LinkEvent): void {
    switch (event.kind) {
      case 'reply':
        this.#onReply(event.id, event.result, event.refusal && this.#news.cleaned(event.refusal));
        return;
      case 'job':
        this.onWork(event.work);
        return;
      case 'difficulty':
        this.#onDemand(this.#feed.demand.say(event.difficulty));
        return;
      case 'target':
        this.#onDemand(this.#feed.demand.sayTarget(event.target));
        return;
      case 'scale':
        this.#feed.demand.scaleBy(event.factor);
        return;
      case 'standing':
        this.#feed.addStanding(event.standing);
        return;
      case 'extranonce':
        this.#extranonce.announce(event);
        if (this.#state.kind !== 'live' && this.#extranonce.takeNext()) {
          this.#feed.forget();
          this.#inFlight.loseAll();
        }
        return;
      case 'version-mask':
        if (this.#rolling.change(event.mask)) this.onRollingGranted();
        return;
      case 'reconnect':
        this.#onReconnect(event.host, event.port, event.waitSeconds);
        return;
    }
  }

  #onReply(id: number, result: unknown, refusal: PoolRefusal | null): void {
    if (this.#handshake.onReply(id, result, refusal)) return;
    this.#submissions.onReply(id, result, refusal, this.#feed.figures.roundTrip);
  }

  onWork(received: Work): void {
    const { clock, fanOut } = this.#parts;
    const isLive = this.#state.kind === 'live';
    const work = this.#feed.take(received, isLive);
    if (!isLive) {
      this.#feed.keepFirst(work);
      this.#handshake.onJob();
      return;
    }
    // Shares in flight keep their chance.
    const isElsewhere = this.#extranonce.takeNext();
    if (isElsewhere) this.#feed.forget();
    const job = this.#feed.issue(work);
    if (isElsewhere) {
      for (const client of this.clients.slice()) client.onReady(this);
    } else if (job !== null) {
      for (const client of this.clients.slice()) client.onJob(this, job, work.clean);
      fanOut.observe((clock.monotonicMs() - job.receivedAtMs) / 1000);
    }
  }

  /** A difficulty holds from the next job on; one that comes after the very first job was meant for it. */
  #onDemand(isFirst: boolean): void {
    if (this.#state.kind !== 'live') {
      this.#handshake.onDemand();
      return;
    }
    const job = isFirst ? this.#feed.issueDemanded() : null;
    if (job !== null) for (const client of this.clients.slice()) client.onJob(this, job, true);
  }

  /** What was granted last holds at once where there are jobs already. */
  onRollingGranted(): void {
    if (this.#state.kind !== 'live') return;
    this.#rolling.putInForce();
    for (const client of this.clients.slice()) client.onVersionMask(this);
  }

  #onReconnect(host: string | null, port: number | null, waitSeconds: number): void {
    const target = this.#parts.owner.redirect(host, port);
    const asked = `${host ?? ''}:${port ?? ''}`;
    if (target === null) {
      this.#news.tell(
        'warn',
        'pool asks to reconnect to a host that is not in the pool list; ignored',
        asked,
      );
      return;
    }
    this.#news.tell('info', 'pool asks to reconnect', asked);
    const liveMs = this.#liveMs(this.#parts.clock.monotonicMs());
    this.#down('redirected', asked, this.#redial.redirected(target, waitSeconds, liveMs));
  }

  // ---- what the pool is told

  /** Sends a share to the pool; its owner hears the verdict once. While the connection is down the share waits for its return. */
  submit(share: InFlightShare): void {
    const { kind } = this.#state;
    if (kind === 'live') this.#submissions.send(share);
    // A hash computed off the event loop may come when the upstream has ended: nobody would look after the share.
    else if (kind === 'closed') share.owner.onVerdict(share, LOST);
    else this.#submissions.hold(share);
  }

  /**
   * The name to submit a miner's share under. Another than the login's has to be authorised on the connection first; a pool that refuses
   * one gets all shares under the login's.
   */
  nameFor(wanted: string): string {
    if (this.#state.kind === 'live') return this.#submissions.nameFor(wanted);
    return this.#submissions.mayName(wanted) ? wanted : this.login;
  }

  /** Passes a miner's wish on, where the pool is known not to mind. Of too many within a while the newest goes, later. */
  suggestDifficulty(difficulty: number): void {
    if (this.isLoggedIn) this.#suggestions.suggest(difficulty, this.#parts.clock.monotonicMs());
  }

  // ---- time

  /** Looks after every deadline; called once per sweep. `isHeld`: it is kept up without sessions too. */
  sweep(nowMs: number, isHeld = false): void {
    const state = this.#state;
    switch (state.kind) {
      case 'dialing':
        if (nowMs >= state.deadlineMs)
          this.#down('dial-timeout', `no connection within ${this.#settings.upstream.dialTimeoutMs} ms`);
        break;
      case 'handshaking':
        this.#handshake.sweep(nowMs);
        break;
      case 'cooling':
        // Shares in flight have their chance until their time is up: the pool may give the session back.
        if (this.clients.length === 0 && this.inFlightCount === 0 && !isHeld) this.close('unused');
        else if (nowMs >= state.untilMs && this.#parts.owner.mayDial(nowMs, this.#redial.wasLive) === 'yes')
          this.#dial();
        break;
      case 'live':
        this.#sweepLive(nowMs);
        break;
      case 'idle':
        if (this.clients.length > 0 || isHeld) this.open();
        break;
      case 'closed':
        break;
    }
    this.#sweepInFlight(nowMs);
    if (
      !isHeld &&
      this.clients.length === 0 &&
      this.inFlightCount === 0 &&
      this.#state.kind !== 'closed' &&
      nowMs - this.#emptySinceMs >= this.#settings.upstream.lingerMs
    ) {
      this.close('unused');
    }
  }

  #sweepLive(nowMs: number): void {
    const { silenceMs, refreshMs } = this.#settings.upstream;
    this.#suggestions.sweep(nowMs);
    this.#handshake.sweepOpen(nowMs);
    if (this.#link.isSilent(nowMs)) {
      this.#down('silence', `nothing heard for ${Math.round(silenceMs / 1000)} s`);
      return;
    }
    const joblessMs = this.#feed.silentTooLongMs(nowMs);
    if (joblessMs !== null) {
      this.#down('silence', `no job for ${Math.round(joblessMs / 1000)} s`);
      return;
    }
    if (this.subscription !== null) this.#link.keepAlive(this.subscription, nowMs);
    // cgminer gives a pool up after 90 s without a line.
    const job = this.clients.length > 0 ? this.#feed.refresh(refreshMs, nowMs) : null;
    if (job !== null) for (const client of this.clients.slice()) client.onJob(this, job, false);
  }

  #sweepInFlight(nowMs: number): void {
    const isLive = this.#state.kind === 'live';
    this.#inFlight.sweep(nowMs, this.#settings.upstream.submitTimeoutMs, isLive);
    const { unansweredInARow } = this.#inFlight;
    if (isLive && unansweredInARow >= MAX_UNANSWERED_IN_A_ROW) {
      this.#down('silence', `${unansweredInARow} shares in a row unanswered`);
    }
  }
}
