import { takesWhole } from '../domain/lane.ts';
import type { CloseReason, Connection } from '../net/connection.ts';
import type { Dialect } from '../wire/dialect.ts';
import { Binding, type BookedMiner } from './binding.ts';
import {
  type Course,
  type Destination,
  nextOf,
  STAYING,
  setOut,
  settle,
  stepOf,
  stop,
  stray,
} from './course.ts';
import type { Group, GroupClient } from './group.ts';
import type { MinerJobs } from './miner-jobs.ts';
import { pairingFault } from './pairing-fault.ts';
import type { Route, RoutedSession } from './route.ts';
import type { SearchSpace } from './search-space.ts';
import type { ResumeRecord } from './session-context.ts';
import type { ProxySettings } from './settings.ts';
import type { ShareMix } from './share-mix.ts';
import { difficultyOf, type FormerSite, findSent, type ShareSite, siteAtFormer } from './share-site.ts';
import type { Upstream } from './upstream.ts';

/** A miner that mines somewhere. */
export interface PlacedMiner extends GroupClient, BookedMiner, RoutedSession {
  readonly context: BookedMiner['context'] & { readonly settings: ProxySettings; readonly mix: ShareMix };
  readonly connection: Connection;
  readonly dialect: Dialect;
  readonly space: SearchSpace;
  readonly jobs: Pick<MinerJobs, 'sent' | 'difficulty'>;
  /** It has been put on this upstream: what is true of that already nobody tells it. */
  onJoined(upstream: Upstream): void;
  end(reason: CloseReason): void;
}

/** Shares found before a move are on their way for so long at most: a slow line, and a device that reports in batches. */
const FORMER_KEPT_MS = 15_000;

/** Where one miner mines, where it is going and where it was before: the account's route, the group of that, a connection of the group. */
export class Whereabouts {
  readonly #miner: PlacedMiner;
  #binding: Binding | null = null;
  #upstream: Upstream | null = null;
  #course: Course = STAYING;
  #former: FormerSite | null = null;
  /** Since when an authorised miner has been without a live upstream; null while it has one. */
  #withoutPoolSinceMs: number | null = null;
  /** What was kept of the miner's last connection; null once it has its lane back, or cannot have it any more. */
  resumed: ResumeRecord | null = null;

  constructor(miner: PlacedMiner) {
    this.#miner = miner;
  }

  /** Null before authorize. */
  get binding(): Binding | null {
    return this.#binding;
  }

  /** Null before there is a pool to be at. */
  get upstream(): Upstream | null {
    return this.#upstream;
  }

  get next(): Destination | null {
    return nextOf(this.#course);
  }

  get withoutPoolSinceMs(): number | null {
    return this.#withoutPoolSinceMs;
  }

  /** The group that it is in, or on its way to, on this upstream; null where it is neither. */
  groupAt(upstream: Upstream): Group | null {
    const { next } = this;
    if (next?.upstream === upstream) return next.group;
    return upstream === this.#upstream ? (this.#binding?.group ?? null) : null;
  }

  // ---- coming and going

  /** Takes an upstream before authorize, for a miner whose lane must be the pool's own. */
  joinEarly(group: Group): Upstream {
    this.#miner.space.planIn(group);
    this.#upstream = this.#join(group, null);
    return this.#upstream;
  }

  /** Mines for the group of this route. */
  bind(route: Route): void {
    const { context, space, worker } = this.#miner;
    const { group } = route;
    space.planIn(group);
    this.#binding = Binding.to(this.#miner, { route, group, worker });
    this.#withoutPoolSinceMs = context.clock.monotonicMs();
  }

  /** Takes an upstream of its group. One taken at subscribe for a relayed lane is kept. */
  join(): void {
    const binding = this.#binding;
    if (binding === null || this.#upstream !== null) return;
    const { route, group } = binding;
    const resumed = this.resumed?.account === route.account.name ? this.resumed : null;
    this.#upstream = this.#join(group, resumed?.upstream ?? null);
  }

  #join(group: Group, preferred: Upstream | null): Upstream {
    return takesWhole(this.#miner.space.plan)
      ? group.joinWhole(this.#miner)
      : group.join(this.#miner, preferred);
  }

  /** This upstream had no lane left: another of the group; null where there is none. */
  joinAnother(tried: Upstream): Upstream | null {
    tried.leave(this.#miner);
    this.#upstream = this.#binding?.group.joinAnother(this.#miner, tried) ?? null;
    return this.#upstream;
  }

  /** Changes over to a connection of the same pool that is up, where one has room. */
  joinSibling(): boolean {
    const binding = this.#binding;
    const upstream = this.#upstream;
    const { space } = this.#miner;
    if (binding === null || upstream === null || takesWhole(space.plan)) return false;
    const sibling = binding.group.joinSibling(this.#miner, upstream);
    if (sibling === null) return false;
    this.#keepFormer(binding, upstream);
    upstream.hurry();
    space.seat.leave();
    upstream.leave(this.#miner);
    this.#upstream = sibling;
    this.resumed = null;
    this.#miner.onJoined(sibling);
    return true;
  }

  /** Mines for another pool as soon as that has a job: until then everything stays as it is. */
  moveTo(group: Group, when: 'with-a-job' | 'at-once'): void {
    const { connection, context, dialect, space } = this.#miner;
    if (this.#binding === null || !connection.isOpen) return;
    this.#dropNext();
    if (this.#binding.group === group) return;
    if (pairingFault(dialect, group.credentials.pool, context.mix) !== null) {
      this.#miner.end('removed');
      return;
    }
    space.planIn(group);
    const next = { group, upstream: this.#join(group, null) };
    this.#course = setOut(this.#course, next);
    this.#miner.onJoined(next.upstream);
    if (when === 'at-once' && this.next === next) {
      this.#arrive(next);
      this.#withoutPoolSinceMs ??= context.clock.monotonicMs();
    }
  }

  /** Where the session is going there is a job on this upstream. */
  arriveAt(upstream: Upstream): void {
    const { next } = this;
    if (next?.upstream === upstream) this.#arrive(next);
  }

  /** The new pool is ready: the old one is left, its shares in flight keep their books and their answers. */
  #arrive({ group, upstream }: Destination): void {
    const binding = this.#binding;
    const { context, jobs } = this.#miner;
    if (binding === null) return;
    this.#course = stop(this.#course);
    if (this.#upstream !== null) {
      this.#keepFormer(binding, this.#upstream);
      this.#upstream.hurry();
    }
    this.leaveUpstream();
    binding.close(this.#miner);
    // Shares of a pool whose difficulty was passed through have told nothing of the rate.
    if (group.judges && !binding.group.judges) jobs.difficulty.resume(context.clock.monotonicMs());
    const { route, worker } = binding;
    this.#binding = Binding.to(this.#miner, { route, group, worker });
    this.#upstream = upstream;
    this.resumed = null;
  }

  #dropNext(): void {
    this.next?.upstream.leave(this.#miner);
    this.#course = stop(this.#course);
  }

  /** Leaves the upstream, and the one that it was going to. */
  leaveUpstream(): void {
    const { jobs, space } = this.#miner;
    space.leave();
    jobs.difficulty.leave();
    this.#upstream?.leave(this.#miner);
    this.#upstream = null;
    this.#dropNext();
  }

  /** The connection has ended. */
  leave(): void {
    const binding = this.#binding;
    binding?.route.leave(this.#miner);
    this.leaveUpstream();
    binding?.close(this.#miner);
  }

  /** The account is not mined for after all. */
  unbind(binding: Binding): void {
    const { books, route } = binding;
    if (books.isUsed) binding.close(this.#miner);
    else books.endedAtMs = this.#miner.context.clock.monotonicMs();
    route.leave(this.#miner);
    this.#binding = null;
    this.#withoutPoolSinceMs = null;
    this.leaveUpstream();
    // What it looked for was a pool of that binding.
    this.#course = STAYING;
  }

  // ---- at the pool

  /** A job of another algorithm is about to go out: from now on its books are those of the binding. */
  bookUnder(algorithm: string, before: Binding): Binding {
    const binding = before.under(algorithm, this.#miner);
    this.#binding = binding;
    return binding;
  }

  /** The upstream is gone. */
  noteDown(): void {
    this.#withoutPoolSinceMs ??= this.#miner.context.clock.monotonicMs();
  }

  /** The session has its lane, and a job for it. Returns for how long it was without a pool. */
  noteServed(nowMs: number): number {
    const sinceMs = this.#withoutPoolSinceMs;
    this.#withoutPoolSinceMs = null;
    // Its own connection is up before another pool's was.
    if (this.#course.kind === 'straying' && this.#isAtHome) this.#dropNext();
    return sinceMs === null ? 0 : nowMs - sinceMs;
  }

  get #isAtHome(): boolean {
    return this.#binding?.group === this.#binding?.route.group;
  }

  /** The pool serves others, but this session's connection there may not come up. */
  sweepStranded(nowMs: number): void {
    const binding = this.#binding;
    const isFine = this.#withoutPoolSinceMs === null && this.#course.kind === 'staying';
    if (binding === null || isFine) return;
    const { failover, upstream } = this.#miner.context.settings;
    const facts = {
      withoutPoolSinceMs: this.#withoutPoolSinceMs,
      isPoolLive: binding.group.health.kind === 'live',
      isAtHome: this.#isAtHome,
      returnAfterMs: failover.returnAfterSeconds * 1000,
      holdMs: upstream.holdSeconds > 0 ? upstream.holdSeconds * 1000 : Infinity,
    };
    switch (stepOf(this.#course, facts, nowMs)) {
      case 'stay':
        return;
      case 'settle':
        this.#course = settle(this.#course);
        return;
      case 'return':
        this.#stray(binding.route.group, nowMs);
        return;
      case 'sibling':
        this.joinSibling();
        return;
      case 'stray':
        if (!this.joinSibling()) this.#stray(binding.route.besides(binding.group), nowMs);
        return;
    }
  }

  #stray(group: Group | null, nowMs: number): void {
    if (group === null) return;
    this.#course = stray(nowMs);
    this.moveTo(group, 'with-a-job');
  }

  // ---- where shares go

  /** Where a share that names this job goes: to the pool of now, or for a while to the one before. Null where neither takes it. */
  siteOf(jobId: string): ShareSite | null {
    const binding = this.#binding;
    const upstream = this.#upstream;
    const { dialect, jobs, space } = this.#miner;
    const { lane, extranonce1, extranonce2Bytes } = space;
    if (binding !== null && upstream !== null && lane !== null) {
      const job = findSent(dialect.miner, upstream, jobs.sent, jobId);
      if (job !== null) {
        const difficulty = difficultyOf(job, binding, jobs.sent);
        return { job, binding, upstream, lane, extranonce1, extranonce2Bytes, difficulty };
      }
    }
    return this.formerSiteOf(jobId);
  }

  /** Where it goes if it was found before the session was moved; null where the pool before does not take it. */
  formerSiteOf(jobId: string): ShareSite | null {
    return this.#former === null ? null : siteAtFormer(this.#miner.dialect.miner, this.#former, jobId);
  }

  /** Shares that were found for the pool before are still on their way to it. */
  #keepFormer(binding: Binding, upstream: Upstream): void {
    const { context, jobs, space } = this.#miner;
    const { lane, extranonce1, extranonce2Bytes } = space;
    if (lane === null) return;
    const untilMs = context.clock.monotonicMs() + FORMER_KEPT_MS;
    this.#former = { binding, upstream, lane, sent: jobs.sent, extranonce1, extranonce2Bytes, untilMs };
  }

  /** Of a move so long ago no share comes any more. */
  forgetFormer(nowMs: number): void {
    if (this.#former !== null && nowMs >= this.#former.untilMs) this.#former = null;
  }
}
