import type { Clock } from '../kit/clock.ts';
import type { Histogram } from '../kit/histogram.ts';
import type { PoolDialect, PoolShare } from '../wire/dialect.ts';
import type { PoolRefusal } from '../wire/messages.ts';
import type { CallIds } from './call-ids.ts';
import type { InFlightShare, PoolVerdict } from './in-flight-share.ts';
import { type InFlightShares, LOST } from './in-flight-shares.ts';
import type { NamesAtPool } from './names-at-pool.ts';
import type { PoolExtranonce } from './pool-extranonce.ts';
import type { PoolLink } from './pool-link.ts';
import type { PoolNews } from './pool-news.ts';
import type { VersionRolling } from './version-rolling.ts';

export interface SubmissionsParts {
  readonly clock: Clock;
  readonly dialect: PoolDialect;
  readonly ids: Pick<CallIds, 'next'>;
  readonly link: Pick<PoolLink, 'call' | 'send'>;
  readonly inFlight: InFlightShares;
  readonly names: NamesAtPool;
  readonly extranonce: PoolExtranonce;
  readonly rolling: VersionRolling;
  readonly news: Pick<PoolNews, 'takesOneName'>;
}

export interface SubmissionsOptions {
  /** The name that the connection is logged in with. */
  readonly login: string;
  /** As the pool is sent it. */
  readonly password: string;
}

/** Version bits of a share whose version is the job's. */
const UNROLLED = '00000000';

const ACCEPTED: PoolVerdict = { kind: 'accepted' };

/** What one upstream hands in at its pool: each share under a name that the pool takes, as the connection of now has it, until its verdict is there. */
export class Submissions {
  readonly #parts: SubmissionsParts;
  readonly #inFlight: InFlightShares;
  readonly #login: string;
  readonly #password: string;

  constructor(parts: SubmissionsParts, { login, password }: SubmissionsOptions) {
    this.#parts = parts;
    this.#inFlight = parts.inFlight;
    this.#login = login;
    this.#password = password;
  }

  /** Takes a share while the connection is not live: it waits to be sent when it is. */
  hold(share: InFlightShare): void {
    this.#inFlight.add(this.#parts.ids.next(), share);
  }

  /** Sends a share on a live connection; its owner hears the verdict once. */
  send(share: InFlightShare): void {
    const { ids, extranonce, link, dialect } = this.#parts;
    const id = ids.next();
    this.#inFlight.add(id, share);
    const { subscription } = extranonce;
    if (subscription === null) return;
    // A hash computed off the event loop may come when the extranonce it was found under is gone.
    const sent = extranonce.covers(share) ? this.#asOfNow(share.share) : null;
    if (sent === null) {
      this.#inFlight.remove(id);
      share.owner.onVerdict(share, LOST);
    } else {
      link.call(dialect.submit(id, sent, subscription), share.sentAtMs);
    }
  }

  /**
   * The share as the connection of now takes it, which may be another than that of its job: the name may not be authorised on it yet, and version rolling
   * negotiated there or not. Null where the version was rolled and cannot be told any more.
   */
  #asOfNow(share: PoolShare): PoolShare | null {
    const user = this.nameFor(share.user);
    if (share.family !== 'bitcoin') return user === share.user ? share : { ...share, user };
    const { isRolling } = this.#parts.rolling;
    if (user === share.user && (share.versionBits !== null) === isRolling) return share;
    if (isRolling) return { ...share, user, versionBits: share.versionBits ?? UNROLLED };
    return share.versionBits === null || share.versionBits === UNROLLED
      ? { ...share, user, versionBits: null }
      : null;
  }

  /** The name to submit under on a live connection: another than the login's has to be authorised on it first, and goes under the login's until then. */
  nameFor(wanted: string): string {
    if (this.mayName(wanted)) return wanted;
    const { names, ids, link, dialect } = this.#parts;
    if (dialect.furtherName !== null && names.mayAsk(wanted)) {
      const id = ids.next();
      names.asked(wanted, id);
      link.send(dialect.furtherName(id, wanted, this.#password));
    }
    return this.#login;
  }

  /** True where a share may be submitted under this name without asking for it. */
  mayName(name: string): boolean {
    return name === this.#login || this.#parts.names.isGranted(name);
  }

  /** The pool's answer to a call that is none of the login. `roundTrip`: where the time that a verdict takes is counted, in seconds. */
  onReply(id: number, result: unknown, refusal: PoolRefusal | null, roundTrip: Histogram): void {
    const share = this.#inFlight.peek(id);
    if (share === undefined) {
      const { names, dialect, news } = this.#parts;
      if (names.onReply(id, refusal === null && dialect.isYes(result))) news.takesOneName();
      return;
    }
    // [quirk: ethermine and nanopool push jobs as replies, under an id that may be a share's]
    if (refusal === null && Array.isArray(result)) return;
    this.#inFlight.answered(id);
    roundTrip.observe((this.#parts.clock.monotonicMs() - share.sentAtMs) / 1000);
    share.owner.onVerdict(share, this.#verdictOf(result, refusal));
  }

  /** Whatever the dialect does not read as a yes is no acceptance, error or not. */
  #verdictOf(result: unknown, refusal: PoolRefusal | null): PoolVerdict {
    const { dialect } = this.#parts;
    if (refusal === null && dialect.isYes(result)) return ACCEPTED;
    const words = refusal ?? { code: null, message: 'Rejected by the pool' };
    return { kind: 'refused', refusal: words, reason: dialect.classify(words) };
  }
}
