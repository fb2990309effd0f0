/**
 * Variable difficulty of one session: how hard its shares must be so that a steady few of them come per minute.
 *
 * Whoever talks to the miner tells what happens ({@link noteShare}, {@link noteDifficulty}) and asks what the next job's difficulty should be
 * ({@link retarget}). No clock, timer or growing array in here: a session is a handful of numbers, a share and a question cost O(1).
 *
 * Difficulties are powers of two, below 1 too (1/2, 1/4, …): some firmware stumbles over other values, and a finer grid would only be noise. A pace that may
 * lie anywhere lands in one octave then, [0.995, 1.99) times the target. The band to keep is 0.9 to 2.2 times: its ends are a factor 2.44 apart, more than
 * the grid's 2, so every rate has a power of two inside, and a rate near an end of the octave has two. Those 10 % on either side are all
 * the error that an estimate may have, and the hysteresis.
 *
 * At 6 shares a minute, a pace within 10 % takes most of an hour to know. So a newcomer is measured at an easier difficulty first, a few shares a second,
 * until there are enough of them for its distance from the band's ends (50 to 900, in 20 to 150 s), and then put in its place. From there nothing moves
 * without evidence, which a CUSUM test gathers (E. S. Page, 1954): the log-likelihood of the settled pace against a fraction or a multiple of it, from the moment
 * on at which it began to rise. Too few shares lead to a new measurement, quicker than the first, since the miner may be far off already; too many are weighed
 * where they come, so that a burst of two minutes passes without a change.
 *
 * A false alarm costs two changes, a late one minutes of silence: a steady miner sees a change in 12 to 14 hours, one that falls to a tenth is back in
 * the band within three minutes in 98 of 100 cases. Each alarm that turns out false makes the session more patient, which wears off within a day.
 */

/** What a session's difficulty is fitted to. Plain data; null means no such bound. */
export interface VardiffPolicy {
  /** The pace to reach, in shares a minute: the session's expected pace settles between 0.9 and 2.2 times this. */
  readonly sharesPerMinute: number;
  /** The operator's or the miner's lower bound. Gives way where the cap is below it. */
  readonly minDifficulty: number | null;
  /** The cap: the upstream's difficulty, or less. A session above it would hold back shares that the pool pays for. */
  readonly maxDifficulty: number | null;
  /** A difficulty that the miner asked to have always: taken as it is, within the bounds above. */
  readonly fixedDifficulty: number | null;
  /** Least time between two changes, since some firmware stutters at each. A cap that falls is followed at once. */
  readonly minIntervalMs: number;
  /**
   * The pace at which a session is measured, in shares a minute: between one and two times this, after an alarm twice as much; never below `sharesPerMinute`.
   * To be kept while {@link isMeasuring}: another one would move the session again.
   */
  readonly measureSharesPerMinute: number;
}

export const DEFAULT_VARDIFF: VardiffPolicy = {
  sharesPerMinute: 6,
  minDifficulty: null,
  maxDifficulty: null,
  fixedDifficulty: null,
  minIntervalMs: 5000,
  measureSharesPerMinute: 192,
};

/**
 * Where a start value comes from, hence how far it is trusted. `rate`: the miner's own measured rate; `wish`: the miner asked for it; both are kept until
 * the shares speak against them. `agent`: what such a device usually does; `guess`: nothing is known. These two are measured first.
 */
export type StartBasis = 'rate' | 'wish' | 'agent' | 'guess';

export interface StartPoint {
  readonly difficulty: number;
  readonly basis: StartBasis;
  /** Below this difficulty the device reports no more shares than at it (a filter in its chips); null where there is none or none is known. */
  readonly leastReported: number | null;
}

/** `sampling`: measured at an easier difficulty. `weighing`: measured where it is, after too many shares. `settled`: in place. */
type Phase = 'sampling' | 'weighing' | 'settled';

/** Shares since a moment; one of an older, easier job counts by its work. */
interface Count {
  shares: number;
  sinceMs: number;
}

/** A difficulty and what comes into force with it. */
interface Advice {
  difficulty: number;
  phase: Phase;
  /** Steps in a row taken for silence (negative) or for a flood that no step has lessened (positive). */
  streak: number;
  /** Pace of the flood that the step is against; 0 without one. */
  floodPace: number;
  /** Between these the pace is expected once settled, in target paces. */
  leastPace: number;
  mostPace: number;
}

/** One session. Times are monotonic milliseconds. Owned by this module: read `difficulty`, leave the rest. */
export interface VardiffState {
  /** In force for the newest job sent. */
  difficulty: number;
  /** What {@link retarget} said last; {@link Advice.difficulty} sent makes it come true. */
  readonly advice: Advice;
  phase: Phase;
  streak: number;
  floodPace: number;
  leastPace: number;
  mostPace: number;
  /** The device or its rate is known, not guessed. */
  readonly isKnown: boolean;
  readonly leastReported: number | null;
  /** When the difficulty in force was sent; null while it is the start value. */
  changedAtMs: number | null;
  /** Sign of the last change, and how often it turned while unsettled: a miner that works in bursts must not be chased. */
  direction: number;
  reversals: number;
  /** When measuring must have come to a result. */
  deadlineMs: number;
  /** Where the session was settled last; 0 before. */
  home: number;
  hasShared: boolean;
  /** True once a share of the difficulty in force has come: that moment starts the counts, however late the miner took the change up. */
  isAdopted: boolean;
  /** Last share or change. */
  quietSinceMs: number;
  longestQuietMs: number;
  /** All shares of this difficulty, and those since the most suspicious moment for "too few" and "too many". */
  readonly all: Count;
  readonly low: Count;
  readonly high: Count;
  /** How much more evidence than usual is asked for: grows with each alarm that turns out false, and wears off. */
  patience: number;
}

/** What a policy means for a session: its pace in shares per millisecond, the paces in multiples of that, and the bounds. */
interface Aim {
  readonly perMs: number;
  readonly samplePace: number;
  /** More than this pace is a flood. */
  readonly floodPace: number;
  readonly lowest: number;
  readonly highest: number;
  readonly cap: number;
  readonly fixed: number | null;
}

/** At difficulty 2^-32 every hash of sha256d is a share; nothing is gained below. */
const LEAST_DIFFICULTY = 2 ** -32;
const MOST_DIFFICULTY = 2 ** 64;

/** The ends of the band to keep, in target paces. */
const BAND_LOW = 0.9;
const BAND_HIGH = 2.2;
/** Lower end of the octave that a measured pace is brought into, equally far from both ends of the band: √(0.9 × 2.2 / 2). */
const PLACE = 0.995;
/** A settled pace is out of place only outside of these: the next power of two is then inside the band for certain. */
const LOW_EDGE = 1;
const HIGH_EDGE = 2;

/**
 * The evidence (nats) for this part or multiple of the settled pace that makes an alarm. For too few shares it grows with that pace: where shares come more
 * often there is as much of it in the same time, and false alarms are rarer.
 */
const LOW_FACTOR = 0.25;
const LOW_EVIDENCE = 4.5;
const LOW_EVIDENCE_PER_PACE = 2.5;
const HIGH_FACTOR = 2.5;
const HIGH_EVIDENCE = 9;
/** Least time that a suspicion must cover, so that a miner that works in bursts within a minute is not chased. */
const LOW_LEAST_MS = 55_000;
const HIGH_LEAST_MS = 20_000;
/** With so many shares an alarm waits for no time to pass, and they are a fair measurement themselves. */
const MANY_SHARES = 48;
/** Surprise at which the count of a long time overrules the place that the measurement gave; older shares than that time count half. */
const LONG_SURPRISE = 6.5;
const LONG_SHARES = 100;
const LONG_MS = 3_600_000;
/**
 * What a false alarm multiplies the evidence by that the next one needs, and what an hour without one takes off again. A miner that works in bursts has
 * more from the start; one that has come to as much is taken for such a miner.
 */
const PATIENCE_STEP = 1.5;
const PATIENCE_FADE = 1.03;
const BURSTY_PATIENCE = 2;
const MAX_PATIENCE = 4;

/** Standard deviations between a measurement and the nearer end of the band for it to be enough. */
const CONFIDENT = 3;
const LEAST_MEASURE_MS = 20_000;
const LEAST_MEASURE_SHARES = 8;
/** Measured long enough: with half a minute until the next job, a newcomer is in its place within three. */
const MOST_MEASURE_MS = 150_000;
/** Of a device that was silent before its first share. */
const WAKE_MEASURE_MS = 45_000;
/** After an alarm: so much since the suspicion began, or at least so long, at a multiple of the usual pace. The first difficulty is easier still, for want of a good estimate. */
const AGAIN_BY_MS = 150_000;
const AGAIN_MEASURE_MS = 30_000;
const AGAIN_BOOST = 2;
const AGAIN_FACTOR = 3;
/** Too many shares do no harm for as long as most bursts last: what is over by then was one. Its end shows by this evidence. */
const WEIGH_MS = 120_000;
const FALLEN_EVIDENCE = 4;
/** A gap of so many mean ones does not happen among a few hundred shares that come evenly; a minute then covers the bursts. */
const BURSTY_GAP = 12;
const BURSTY_MEASURE_MS = 60_000;

/** So many shares at so many times the measuring pace are a flood. */
const FLOOD_SHARES = 16;
const FLOOD_FACTOR = 4;
/** A flood whose rate is within this of the settled one is the miner as it was. */
const BACK_FACTOR = 2;
/** Surprise at which a sampled session counts as slower than half the measuring pace; as time goes by less has to do, since a step costs some itself. */
const SLOW_SURPRISE = 3;
const SLOW_HALVING_MS = 100_000;
const MAX_SLOW_HALVINGS = 3;

/** A silent miner that never had a share is unknown: quick, large steps (in powers of two). A known device gets time to start up. */
const NEWCOMER_QUIET_MS = 10_000;
const KNOWN_QUIET_MS = 30_000;
const NEWCOMER_LEVELS = 8;
const STREAK_LEVELS = 4;
/** One that had shares will come back as it was: small steps, ever slower. */
const ASLEEP_QUIET_MS = 60_000;
const MAX_QUIET_MS = 600_000;
/** Shares that silence must have cost to count as such, while sampled and at a start value that was trusted. */
const QUIET_SHARES = 8;
const FIRST_QUIET_SHARES = 3;

export function openVardiff(start: StartPoint, nowMs: number): VardiffState {
  const phase = start.basis === 'rate' || start.basis === 'wish' ? 'settled' : 'sampling';
  const { difficulty, leastReported } = start;
  return {
    difficulty,
    advice: { difficulty, phase, streak: 0, floodPace: 0, leastPace: LOW_EDGE, mostPace: HIGH_EDGE },
    phase,
    streak: 0,
    floodPace: 0,
    leastPace: LOW_EDGE,
    mostPace: HIGH_EDGE,
    isKnown: start.basis === 'rate' || start.basis === 'agent',
    leastReported,
    changedAtMs: null,
    direction: 0,
    reversals: 0,
    deadlineMs: nowMs + MOST_MEASURE_MS,
    home: phase === 'settled' ? difficulty : 0,
    hasShared: false,
    isAdopted: false,
    quietSinceMs: nowMs,
    longestQuietMs: 0,
    all: { shares: 0, sinceMs: nowMs },
    low: { shares: 0, sinceMs: nowMs },
    high: { shares: 0, sinceMs: nowMs },
    patience: 1,
  };
}

/** Whether its shares come, or are about to come, at the measuring pace. One that is silent is not: there is nothing of it to hear. */
export function isMeasuring(state: VardiffState): boolean {
  return state.phase === 'sampling' && (state.streak >= 0 || state.isAdopted);
}

/** A valid share came, found on a job of this difficulty. */
export function noteShare(state: VardiffState, difficulty: number, nowMs: number): void {
  if (!state.isAdopted) {
    // A device that was long in starting up, or asleep, has still not been measured, and its silence was no burst's end.
    if (!state.hasShared || state.streak < 0) {
      state.deadlineMs = Math.max(state.deadlineMs, nowMs + WAKE_MEASURE_MS);
      state.reversals = 0;
    }
    state.hasShared = true;
    // A share of an older job tells that the miner lives, not how fast it is at the new difficulty.
    state.isAdopted = difficulty === state.difficulty;
    restartCounts(state, nowMs);
    return;
  }
  const weight = Math.min(1, difficulty / state.difficulty);
  if (!(weight > 0)) return;
  state.longestQuietMs = Math.max(state.longestQuietMs, nowMs - state.quietSinceMs);
  state.quietSinceMs = nowMs;
  state.all.shares += weight;
  state.low.shares += weight;
  state.high.shares += weight;
}

/** The first job of this difficulty went out to the miner. */
export function noteDifficulty(state: VardiffState, difficulty: number, nowMs: number): void {
  if (difficulty === state.advice.difficulty) follow(state, nowMs);
  const direction = Math.sign(difficulty - state.difficulty);
  if (state.phase === 'settled') state.reversals = 0;
  else if (direction * state.direction < 0) state.reversals += 1;
  state.direction = direction;
  state.difficulty = difficulty;
  state.changedAtMs = nowMs;
  state.isAdopted = false;
  restartCounts(state, nowMs);
}

/** The miner works again after a time that says nothing of its rate: it had no job, or its connection was lost. */
export function resumeVardiff(state: VardiffState, nowMs: number): void {
  if (state.phase === 'weighing') state.phase = 'settled';
  state.isAdopted = false;
  state.deadlineMs = nowMs + MOST_MEASURE_MS;
  restartCounts(state, nowMs);
}

/**
 * The difficulty that the next job should have, or null where the present one stays. To be asked after each share and every few seconds; what it
 * says may change until one is sent and reported to {@link noteDifficulty}.
 */
export function retarget(state: VardiffState, policy: VardiffPolicy, nowMs: number): number | null {
  const aim = aimOf(policy, state);
  const { advice } = state;
  const isHeld = state.changedAtMs !== null && nowMs - state.changedAtMs < policy.minIntervalMs;
  stay(state);
  advice.difficulty = aim.fixed ?? clamp(state.difficulty, aim.lowest, aim.highest);
  if (aim.fixed === null && !isHeld && advice.difficulty === state.difficulty) {
    if (state.phase === 'settled') watch(state, aim, nowMs);
    else measure(state, aim, nowMs);
  }
  if (advice.difficulty === state.difficulty || (isHeld && state.difficulty <= aim.cap)) return null;
  return advice.difficulty;
}

/** Looks whether a settled session still is in its place. */
function watch(state: VardiffState, aim: Aim, nowMs: number): void {
  if (watchLow(state, aim, nowMs) || watchHigh(state, aim, nowMs)) return;
  const { all } = state;
  if (isOutOfPlace(state, aim, nowMs)) place(state, aim, all, nowMs);
  else if (nowMs - all.sinceMs > LONG_MS) {
    all.shares /= 2;
    all.sinceMs += (nowMs - all.sinceMs) / 2;
    state.patience = Math.max(state.patience / PATIENCE_FADE, 1);
  }
}

/** True where too few shares came. */
function watchLow(state: VardiffState, aim: Aim, nowMs: number): boolean {
  const { low, patience } = state;
  const ms = nowMs - low.sinceMs;
  const evidence = suspect(low, aim.perMs * ms * state.leastPace, LOW_FACTOR, nowMs);
  const isUnheard = !state.hasShared && ms >= KNOWN_QUIET_MS && aim.perMs * ms >= FIRST_QUIET_SHARES;
  const isAlarm =
    state.difficulty > aim.lowest &&
    ms >= LOW_LEAST_MS * patience &&
    evidence >= (LOW_EVIDENCE + LOW_EVIDENCE_PER_PACE * state.leastPace) * patience;
  if (!isUnheard && !isAlarm) return false;
  if (low.shares >= MANY_SHARES) place(state, aim, low, nowMs);
  else sample(state, aim, (low.shares + 1) / (aim.perMs * ms * AGAIN_FACTOR));
  return true;
}

/** True where too many shares came. */
function watchHigh(state: VardiffState, aim: Aim, nowMs: number): boolean {
  const { high, patience } = state;
  const ms = nowMs - high.sinceMs;
  const evidence = suspect(high, aim.perMs * ms * state.mostPace, HIGH_FACTOR, nowMs);
  const isAlarm =
    state.difficulty < aim.highest &&
    (high.shares >= MANY_SHARES || ms >= HIGH_LEAST_MS * patience) &&
    evidence >= HIGH_EVIDENCE * patience;
  if (!isAlarm) return false;
  const pace = paceOf(high, aim, nowMs);
  if (pace > aim.floodPace) sample(state, aim, pace);
  else weigh(state, nowMs);
  return true;
}

/**
 * The evidence (nats) of a count for `factor` times the mean against the mean: Poisson's log-likelihood ratio, the sum of the CUSUM test. Where there is
 * none the count begins again.
 */
function suspect(count: Count, mean: number, factor: number, nowMs: number): number {
  const evidence = count.shares * Math.log(factor) + (1 - factor) * mean;
  if (evidence > 0) return evidence;
  restart(count, nowMs);
  return 0;
}

/** Whether all shares of this difficulty together say that it is wrong, and there is room for another. */
function isOutOfPlace(state: VardiffState, aim: Aim, nowMs: number): boolean {
  const { shares, sinceMs } = state.all;
  if (shares < LONG_SHARES) return false;
  const low = aim.perMs * (nowMs - sinceMs) * LOW_EDGE;
  const high = aim.perMs * (nowMs - sinceMs) * HIGH_EDGE;
  if (shares < low) return state.difficulty > aim.lowest && surprise(shares, low) >= LONG_SURPRISE;
  return shares > high && state.difficulty < aim.highest && surprise(shares, high) >= LONG_SURPRISE;
}

/** Measures a session that has no place yet: brings it to a pace at which shares are many, then waits for enough of them. */
function measure(state: VardiffState, aim: Aim, nowMs: number): void {
  if (!state.isAdopted) {
    waitForFirst(state, aim, nowMs);
    return;
  }
  const isWeighed = state.phase === 'weighing';
  const count = isWeighed ? state.high : state.all;
  const pace = paceOf(count, aim, nowMs);
  if (isFlood(state, aim, count, pace)) {
    if (isAsBefore(state, pace) && advise(state, aim, state.home, 'settled')) return;
    // A step that left the flood as it was shows that it is no more than the device or the line can carry: the true pace is unknown, so larger steps.
    const isSaturated = state.floodPace > 0 && pace * 2 > state.floodPace;
    const streak = isSaturated ? Math.max(state.streak, 0) + 1 : 0;
    // A miner that slept floods the line: its rate of before is the better guess.
    const isAwake = state.streak < 0 && state.home > 0;
    const wanted = isAwake
      ? (state.home * state.leastPace) / aim.samplePace
      : state.difficulty * (pace / aim.samplePace) * 2 ** (streak * STREAK_LEVELS);
    if (advise(state, aim, wanted, 'sampling')) {
      state.advice.streak = streak;
      state.advice.floodPace = pace;
      return;
    }
  }
  if (isWeighed) {
    const isOver = hasFallen(state, aim, pace, nowMs);
    if (nowMs - count.sinceMs < WEIGH_MS) return;
    if (isOver) settle(state, nowMs);
    else place(state, aim, count, nowMs);
    return;
  }
  if (isSlow(state, aim, nowMs) && sample(state, aim, pace)) return;
  if (isMeasured(state, aim, nowMs)) place(state, aim, count, nowMs);
}

/** No share of this difficulty came yet. */
function waitForFirst(state: VardiffState, aim: Aim, nowMs: number): void {
  const steps = Math.max(-state.streak, 0);
  let limitMs = Math.min(ASLEEP_QUIET_MS * 2 ** steps, MAX_QUIET_MS);
  let levels = STREAK_LEVELS;
  // Silence after a step against a flood is that step's doing.
  if (!state.hasShared || state.floodPace > 0) {
    limitMs = state.isKnown && !state.hasShared ? KNOWN_QUIET_MS : NEWCOMER_QUIET_MS;
    levels = steps === 0 ? NEWCOMER_LEVELS : NEWCOMER_LEVELS + STREAK_LEVELS;
  }
  limitMs = Math.max(limitMs, QUIET_SHARES / (aim.perMs * aim.samplePace), restMs(state));
  if (nowMs - state.quietSinceMs < limitMs) return;
  if (advise(state, aim, state.difficulty * 2 ** -levels, 'sampling')) state.advice.streak = -steps - 1;
}

function isFlood(state: VardiffState, aim: Aim, count: Count, pace: number): boolean {
  return count.shares >= FLOOD_SHARES && pace > aim.floodPace * 2 ** restraint(state);
}

/** Whether a flood is a miner at the rate it was settled at: its alarm was false or is over, or it slept between its bursts. */
function isAsBefore(state: VardiffState, pace: number): boolean {
  if (state.phase !== 'sampling' || state.home === 0) return false;
  const hasRhythm = state.patience >= BURSTY_PATIENCE;
  if (state.streak < 0) return hasRhythm;
  const homePace = (pace * state.difficulty) / state.home;
  return !hasRhythm && homePace * BACK_FACTOR >= state.leastPace && homePace <= state.mostPace * BACK_FACTOR;
}

/** Whether the pace of a weighed session is no longer what its count says. */
function hasFallen(state: VardiffState, aim: Aim, pace: number, nowMs: number): boolean {
  const mean = aim.perMs * (nowMs - state.low.sinceMs) * pace;
  return suspect(state.low, mean, LOW_FACTOR, nowMs) >= FALLEN_EVIDENCE;
}

function isSlow(state: VardiffState, aim: Aim, nowMs: number): boolean {
  const { all } = state;
  const ms = nowMs - all.sinceMs;
  if (state.difficulty <= (state.leastReported ?? 0) || ms < restMs(state)) return false;
  const goneMs = nowMs + MOST_MEASURE_MS - state.deadlineMs;
  const halvings = clamp(1 + goneMs / SLOW_HALVING_MS, 1, MAX_SLOW_HALVINGS);
  const enough = aim.perMs * ms * aim.samplePace * 2 ** -halvings;
  return all.shares < enough && surprise(all.shares, enough) >= SLOW_SURPRISE;
}

/** One change back and forth is part of the search; more of them are the miner's own rhythm. */
function restraint(state: VardiffState): number {
  return clamp(state.reversals - 1, 0, MAX_PATIENCE);
}

function restMs(state: VardiffState): number {
  return restraint(state) * BURSTY_MEASURE_MS;
}

/** Whether the shares since the last change tell the session's place. */
function isMeasured(state: VardiffState, aim: Aim, nowMs: number): boolean {
  const { all } = state;
  const ms = nowMs - all.sinceMs;
  if (ms >= MOST_MEASURE_MS) return true;
  if (ms < LEAST_MEASURE_MS || all.shares < LEAST_MEASURE_SHARES) return false;
  if (isBursty(state, nowMs) || state.patience >= BURSTY_PATIENCE) return ms >= BURSTY_MEASURE_MS;
  if (nowMs >= state.deadlineMs) return true;
  const pace = paceOf(all, aim, nowMs);
  const placed = pace / powerOfTwoAtMost(pace / PLACE);
  const margin = Math.min(Math.log(placed / BAND_LOW), Math.log(BAND_HIGH / placed));
  return margin * Math.sqrt(all.shares) >= CONFIDENT;
}

function isBursty(state: VardiffState, nowMs: number): boolean {
  const longestMs = Math.max(state.longestQuietMs, nowMs - state.quietSinceMs);
  return longestMs * state.all.shares > BURSTY_GAP * (nowMs - state.all.sinceMs);
}

/** Puts the session in its place by this count. */
function place(state: VardiffState, aim: Aim, count: Count, nowMs: number): void {
  const { advice } = state;
  if (isBursty(state, nowMs)) state.patience = Math.max(state.patience, BURSTY_PATIENCE);
  const pace = paceOf(count, aim, nowMs);
  const error = 1 / Math.sqrt(count.shares + 1);
  // An alarm for too many shares is rung by chance as well: what followed it must hold with the estimate's error taken off.
  const isAlarm = state.phase === 'weighing' || count === state.high;
  const isChance = isAlarm && pace * (1 - error) < PLACE * 2;
  if (!isChance) advise(state, aim, (state.difficulty * pace) / PLACE, 'settled');
  const placed = (pace * state.difficulty) / advice.difficulty;
  advice.phase = 'settled';
  advice.leastPace = clamp(placed * (1 - error), LOW_EDGE, HIGH_EDGE);
  advice.mostPace = clamp(placed * (1 + error), LOW_EDGE, HIGH_EDGE);
  if (advice.difficulty === state.difficulty) settle(state, nowMs);
}

/** Leaves the session where it is. What was counted there goes on. */
function settle(state: VardiffState, nowMs: number): void {
  state.advice.phase = 'settled';
  follow(state, nowMs);
  restart(state.low, nowMs);
  restart(state.high, nowMs);
}

/** Brings a session of this pace to the pace at which it is measured. False where it is there, as near as the bounds let it. */
function sample(state: VardiffState, aim: Aim, pace: number): boolean {
  const wanted = (state.difficulty * pace) / aim.samplePace;
  const least = state.leastReported ?? 0;
  return advise(state, aim, state.difficulty > least ? Math.max(wanted, least) : wanted, 'sampling');
}

/** Measures a session where it is: it has shares enough, and a change would be one too many if the alarm is false or the rate soon as before. */
function weigh(state: VardiffState, nowMs: number): void {
  state.advice.phase = 'weighing';
  follow(state, nowMs);
  restart(state.low, nowMs);
  restart(state.high, nowMs);
}

/** Advises the power of two at or below `wanted`, within bounds. False where that is what the session has. */
function advise(state: VardiffState, aim: Aim, wanted: number, phase: Phase): boolean {
  const difficulty = clamp(powerOfTwoAtMost(wanted), aim.lowest, aim.highest);
  if (difficulty === state.difficulty) return false;
  state.advice.difficulty = difficulty;
  state.advice.phase = phase;
  return true;
}

/** Advises no change. */
function stay(state: VardiffState): void {
  const { advice } = state;
  advice.difficulty = state.difficulty;
  advice.phase = state.phase;
  advice.streak = 0;
  advice.floodPace = 0;
  advice.leastPace = state.leastPace;
  advice.mostPace = state.mostPace;
}

/** The advice comes true. */
function follow(state: VardiffState, nowMs: number): void {
  const { advice } = state;
  if (state.phase === 'settled' && advice.phase !== 'settled') {
    state.deadlineMs = Math.max(state.low.sinceMs + AGAIN_BY_MS, nowMs + AGAIN_MEASURE_MS);
    // A start value that was trusted and never had a share.
    if (!state.hasShared) state.home = 0;
  }
  if (state.phase !== 'settled' && advice.phase === 'settled' && state.home > 0) {
    const isFalseAlarm = advice.difficulty === state.home;
    state.patience = clamp(
      state.patience * (isFalseAlarm ? PATIENCE_STEP : 1 / PATIENCE_STEP),
      1,
      MAX_PATIENCE,
    );
  }
  if (advice.phase === 'settled') state.home = advice.difficulty;
  state.phase = advice.phase;
  state.streak = advice.streak;
  state.floodPace = advice.floodPace;
  state.leastPace = advice.leastPace;
  state.mostPace = advice.mostPace;
}

function restart(count: Count, nowMs: number): void {
  count.shares = 0;
  count.sinceMs = nowMs;
}

function restartCounts(state: VardiffState, nowMs: number): void {
  state.quietSinceMs = nowMs;
  state.longestQuietMs = 0;
  restart(state.all, nowMs);
  restart(state.low, nowMs);
  restart(state.high, nowMs);
}

/** Pace of a count in target paces. Half a share is added, since none at all yet is not a pace of zero. */
function paceOf(count: Count, aim: Aim, nowMs: number): number {
  return (count.shares + 0.5) / (aim.perMs * Math.max(nowMs - count.sinceMs, 1));
}

/**
 * How unlikely a count is where `mean` was expected, in nats: the log-likelihood of the count's own mean against that one. By Chernoff's bound a Poisson
 * variable goes so far to that side with a probability of at most e^-surprise.
 */
function surprise(count: number, mean: number): number {
  return count <= 0 ? mean : count * Math.log(count / mean) - count + mean;
}

function aimOf(policy: VardiffPolicy, state: VardiffState): Aim {
  const measurePace = Math.max(policy.measureSharesPerMinute / policy.sharesPerMinute, 1);
  const samplePace = measurePace * (state.home === 0 ? 1 : AGAIN_BOOST);
  return {
    perMs: policy.sharesPerMinute / 60_000,
    samplePace,
    floodPace: (state.phase === 'sampling' ? samplePace : measurePace) * FLOOD_FACTOR,
    ...vardiffBounds(policy),
    cap: isPositive(policy.maxDifficulty) ? policy.maxDifficulty : MOST_DIFFICULTY,
    fixed: fixedDifficultyOf(policy),
  };
}

/** The difficulty that the session has always, by the policy; null where it varies. */
export function fixedDifficultyOf(policy: VardiffPolicy): number | null {
  const cap = isPositive(policy.maxDifficulty) ? policy.maxDifficulty : MOST_DIFFICULTY;
  const floor = isPositive(policy.minDifficulty) ? policy.minDifficulty : 0;
  return isPositive(policy.fixedDifficulty) ? clamp(policy.fixedDifficulty, Math.min(floor, cap), cap) : null;
}

/**
 * The difficulties between which a session of this policy moves: powers of two, the cap rounded down and the floor rounded up. Where none lies between
 * floor and cap, the floor itself is the one value that keeps both.
 */
export function vardiffBounds(policy: VardiffPolicy): { readonly lowest: number; readonly highest: number } {
  const cap = isPositive(policy.maxDifficulty) ? policy.maxDifficulty : MOST_DIFFICULTY;
  const floor = isPositive(policy.minDifficulty) ? policy.minDifficulty : 0;
  const highest = powerOfTwoAtMost(Math.min(cap, MOST_DIFFICULTY));
  const lowest = Math.max(powerOfTwoAtLeast(floor), LEAST_DIFFICULTY);
  if (lowest <= highest) return { lowest, highest };
  return floor <= cap && floor > highest ? { lowest: floor, highest: floor } : { lowest: highest, highest };
}

/** True for a bound that is one: a finite number above zero. */
export function isPositive(value: number | null): value is number {
  return value !== null && value > 0 && value < Infinity;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** The greatest power of two that is not above `value`, exact below 1 as well. Beyond 2^±1000, and for what is no number, the nearest of those. */
export function powerOfTwoAtMost(value: number): number {
  if (!(value >= 2 ** -1000)) return 2 ** -1000;
  if (value >= 2 ** 1000) return 2 ** 1000;
  const power = 2 ** Math.floor(Math.log2(value));
  if (power > value) return power / 2;
  return power * 2 <= value ? power * 2 : power;
}

function powerOfTwoAtLeast(value: number): number {
  const power = powerOfTwoAtMost(value);
  return power < value ? power * 2 : power;
}
