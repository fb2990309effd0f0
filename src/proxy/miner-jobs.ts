import type { Clock } from '../kit/clock.ts';
import type { Connection } from '../net/connection.ts';
import type { JobView, ShareCompletion } from '../wire/dialect.ts';
import type { RequestId } from '../wire/messages.ts';
import { type Binding, completionAt } from './binding.ts';
import type { Dialogue } from './dialogue.ts';
import type { Group } from './group.ts';
import type { InFlightShare } from './in-flight-share.ts';
import type { IssuedJob, JobSequence } from './issued-job.ts';
import { type JobReader, lineOfJob, viewOfJob } from './job-line.ts';
import { JobRequests } from './job-requests.ts';
import type { LoginReplies } from './login-replies.ts';
import { MinerDifficulty, type RatedMiner } from './miner-difficulty.ts';
import { MixReadiness } from './mix-readiness.ts';
import { SentJobs } from './sent-jobs.ts';
import type { ShareMix } from './share-mix.ts';
import { SuggestionPace } from './suggestion-pace.ts';
import type { Whereabouts } from './whereabouts.ts';
import { type Wish, wishedDifficulty } from './wishes.ts';

/** A miner that jobs are sent to. */
export interface ServedMiner extends JobReader, RatedMiner {
  readonly context: RatedMiner['context'] & {
    readonly clock: Clock;
    readonly jobs: JobSequence;
    readonly mix: ShareMix;
  };
  readonly connection: Connection;
  readonly dialogue: Dialogue;
  readonly logins: LoginReplies;
  readonly binding: Binding | null;
  readonly where: Pick<Whereabouts, 'bookUnder'>;
  /** It has a job of a live upstream. */
  readonly isMining: boolean;
  /** The login that is waited for is answered, with the newest job where the dialect has it so. */
  grantLogin(): void;
  /** Something on our side has changed: what the upstreams are ready for may be possible now. */
  lookAgain(): void;
}

const RETARGET_EVERY_MS = 2000;

/** The jobs that one miner is sent, at which difficulty, and when one of them is sent again. */
export class MinerJobs {
  readonly #miner: ServedMiner;
  readonly difficulty: MinerDifficulty;
  #sent = new SentJobs();
  /** Of the newest job that was sent. */
  #block = '';
  /** When the miner was last sent a job. */
  #sentAtMs = 0;
  #retargetAtMs = 0;
  /** Null before the first request for a job that has to wait. */
  #requests: JobRequests | null = null;
  /** Null before the first wish that we could grant. */
  #wishPace: SuggestionPace | null = null;
  /** Null while the miner's shares lack nothing. */
  #mix: MixReadiness | null = null;

  constructor(miner: ServedMiner) {
    this.#miner = miner;
    this.difficulty = new MinerDifficulty(miner);
  }

  /** What was sent on the lane of now. */
  get sent(): SentJobs {
    return this.#sent;
  }

  /** On another lane from now on, jobs of which are numbered from `first`. `former`: the lane is the one that the miner had over its last connection, and was sent these. */
  begin(first: number, former: SentJobs | null): void {
    this.#sent = former === null ? this.#sent.onLane(first) : former.afterReconnect();
  }

  /** A new job of the upstream that the miner is on. */
  take(job: IssuedJob, clean: boolean): void {
    if (this.#sent.hasHad(job)) this.#repeat(job, clean);
    else this.#send(job, clean);
  }

  /** The newest job as the answer to this request, or its place among the replies until there is one. */
  ask(id: RequestId): void {
    const { context, dialect, dialogue } = this.#miner;
    const view = this.newest();
    if (view === null) {
      this.#requests ??= new JobRequests(this.#miner);
      this.#requests.add(id);
      return;
    }
    this.#sentAtMs = context.clock.monotonicMs();
    dialogue.reply(id, dialect.miner.currentJob(id, view));
  }

  /** The newest job as the miner sees it; null where there is none for it. */
  newest(): JobView | null {
    const job = this.#miner.upstream?.job ?? null;
    return job === null ? null : viewOfJob(this.#miner, job, true);
  }

  /** A pool that the miner comes to counts as one without a job until shares of this one can be completed there: false while they cannot. */
  isReadyFor(job: IssuedJob, group: Group): boolean {
    const completion = completionAt(this.#miner.dialect, group);
    return completion === null || this.#isMixReady(job, group, completion);
  }

  #isMixReady({ work }: IssuedJob, group: Group, completion: ShareCompletion): boolean {
    if (work === null) return true;
    this.#mix ??= new MixReadiness(this.#miner.context.mix, () => {
      if (this.#miner.connection.isOpen) this.#miner.lookAgain();
    });
    return this.#mix.isReadyFor(group.credentials.pool.algorithm.name, completion, work);
  }

  #send(job: IssuedJob, clean: boolean): void {
    const { binding: before, context, dialect, dialogue, logins, space } = this.#miner;
    if (job.work === null || space.lane === null || before === null) return;
    const nowMs = context.clock.monotonicMs();
    const isBooked = before.books.subject.algorithm === job.algorithm;
    const binding = isBooked ? before : this.#bookUnder(job.algorithm, before, nowMs);
    const { completion } = binding;
    // EthProxy pools do not say it: every block of theirs voids the one before.
    const isClean = clean || (completion !== null && this.#block !== job.block);
    this.#block = job.block;
    // An epoch begins for the miner with seconds of work too; the cache is there before its first share.
    if (completion !== null) this.#isMixReady(job, binding.group, completion);
    const difficulty = this.difficulty.of(job, binding, nowMs);
    const isChanged = this.#sent.note(job, difficulty);
    this.#sentAtMs = nowMs;
    if (isChanged && binding.group.judges) this.difficulty.sent(difficulty, nowMs);
    binding.books.difficulty = difficulty;
    if (logins.waiting !== null && dialect.miner.loginCarriesJob) {
      this.#miner.grantLogin();
    } else {
      // cgminer applies one change per notify, so a difficulty only ever goes out directly before a job.
      dialogue.send(
        (isChanged ? this.#difficultyLine(job, isClean) : '') + lineOfJob(this.#miner, job, isClean),
      );
    }
    if (this.#requests?.isEmpty === false) this.#answerRequests(this.#requests, job);
  }

  #bookUnder(algorithm: string, before: Binding, nowMs: number): Binding {
    if (before.books.isUsed) this.difficulty.resume(nowMs);
    return this.#miner.where.bookUnder(algorithm, before);
  }

  #difficultyLine(job: IssuedJob, clean: boolean): string {
    const view = viewOfJob(this.#miner, job, clean);
    return view === null ? '' : this.#miner.dialect.miner.difficulty(view);
  }

  #answerRequests(requests: JobRequests, job: IssuedJob): void {
    const view = viewOfJob(this.#miner, job, true);
    if (view !== null) requests.answer(view);
  }

  // ---- the newest job once more

  #repeat(job: IssuedJob, clean: boolean): void {
    const { context } = this.#miner;
    const isTaken = (id: string): boolean => this.#miner.upstream?.findJob(id) != null;
    const repeated = this.#sent.repeat(job, context.jobs.next(), context.clock.monotonicMs(), isTaken);
    this.#send(repeated, clean);
    repeated.lines = null;
  }

  /** A share is valid, and says how fast the miner is. */
  noteProven(share: InFlightShare): void {
    const { binding, context } = this.#miner;
    if (share.books !== binding?.books) return;
    if (this.difficulty.share(share.difficulty, context.clock.monotonicMs())) this.#retarget();
  }

  /** Where the miner's shares come too fast or too slowly, the newest job is sent again at another difficulty. */
  #retarget(): void {
    const { binding, context, dialect, space, upstream } = this.#miner;
    const job = upstream?.job ?? null;
    if (job?.work == null || binding === null || !binding.group.judges || space.lane === null) return;
    // A difficulty that cannot be sent by itself goes with the next job, which asks for it.
    if (!dialect.miner.repeatsJobs) return;
    switch (this.difficulty.advice(job, binding, context.clock.monotonicMs())) {
      case 'keep':
        return;
      case 'follow':
        this.#resend(binding);
        return;
      case 'retarget':
        this.#repeat(job, true);
        return;
    }
  }

  /** Where the newest job would be sent at another difficulty by now, it is. */
  #resend(binding: Binding): void {
    const { context, dialect, space, upstream } = this.#miner;
    const job = upstream?.job ?? null;
    if (!dialect.miner.repeatsJobs || job === null || space.lane === null) return;
    if (this.difficulty.of(job, binding, context.clock.monotonicMs()) !== this.#sent.difficulty)
      this.#repeat(job, true);
  }

  sweep(nowMs: number): void {
    const { context, dialect, isMining, upstream } = this.#miner;
    const { jobPatienceMs = Infinity } = dialect.miner;
    const job = isMining && context.settings.upstream.refreshMs > 0 ? upstream?.job : null;
    // A miner that would give its pool up for sending no job is sent the newest again.
    if (job != null && nowMs - this.#sentAtMs >= jobPatienceMs) this.#repeat(job, false);
    if (nowMs < this.#retargetAtMs) return;
    this.#retargetAtMs = nowMs + RETARGET_EVERY_MS;
    this.#retarget();
  }

  // ---- what the miner wishes

  /** The miner asks for a difficulty. Granted at once where that is ours to choose; else it is the pool's to grant. */
  wish(wish: Wish): void {
    const { binding, context, wishes } = this.#miner;
    if (!wishes.note(wish)) return;
    if (binding?.group.judges !== true) {
      this.#relayWish(wish);
      return;
    }
    this.difficulty.wish(wish, binding);
    // One that changes its mind all the time has it with the next job.
    this.#wishPace ??= new SuggestionPace();
    if (this.#wishPace.take(wish.difficulty, context.clock.monotonicMs())) this.#resend(binding);
  }

  /** Another login at a pool begins with the pool's own difficulty: what the miner has wished before has to be said again. */
  renewWish(): void {
    const { wishes } = this.#miner;
    const floor = this.difficulty.rentalFloor;
    wishes.open ??= wishes.last ?? (floor === null ? null : { kind: 'difficulty', difficulty: floor });
  }

  /** What has still to be passed on to the pool is. */
  relayOpenWish(): void {
    const { open } = this.#miner.wishes;
    if (open !== null) this.#relayWish(open);
  }

  /** In dedicated mode the pool is asked for what the miner wishes, as it would be over a direct connection. Where others share it, it is not. */
  #relayWish(wish: Wish): void {
    const { binding, context, isMining, upstream, wishes } = this.#miner;
    if (binding?.group.mode === 'shared') {
      wishes.open = null;
      return;
    }
    const mayAsk = context.settings.upstream.suggestDifficulty !== 'never';
    if (binding === null || upstream === null || !isMining || !mayAsk) {
      wishes.open = wish;
      return;
    }
    wishes.open = null;
    const difficulty = wishedDifficulty(wish, binding.books.subject.divider);
    upstream.suggestDifficulty(Math.max(difficulty, this.difficulty.rentalFloor ?? 0));
  }
}
