import { seededRandom } from './seeded-random.ts';

/** What befalls a pool. Whatever lasts is ended by a step of kind `well`. */
export type Trouble =
  /** Every connection ends, by RST or by FIN. */
  | { readonly kind: 'cut'; readonly resets: boolean }
  /** Nobody gets in; those who are in stay, or not. */
  | { readonly kind: 'close-port'; readonly cuts: boolean; readonly forMs: number }
  | {
      readonly kind: 'restart';
      readonly forgets: boolean;
      readonly extranonce2Bytes: number;
      readonly forMs: number;
    }
  /** Accepts and keeps silent; what came in meanwhile is answered afterwards, or lost. */
  | { readonly kind: 'hang'; readonly keeps: boolean; readonly forMs: number }
  /** Answers everything but submits. */
  | { readonly kind: 'no-verdicts'; readonly judges: boolean; readonly forMs: number }
  | { readonly kind: 'no-jobs'; readonly forMs: number }
  | { readonly kind: 'slow'; readonly replyDelayMs: number; readonly forMs: number }
  | { readonly kind: 'refuse-logins'; readonly forMs: number }
  /** Sends what is no Stratum, the entry of this number of whoever runs the script; and then ends the connections, or not. */
  | { readonly kind: 'rubbish'; readonly number: number; readonly cuts: boolean }
  /** `mining.set_extranonce` to everyone, asked for or not. */
  | { readonly kind: 'set-extranonce'; readonly extranonce2Bytes: number }
  /** `levels`: powers of two up or down. Told at once or with the next job, which comes now or later. */
  | {
      readonly kind: 'difficulty';
      readonly levels: number;
      readonly tellsNow: boolean;
      readonly hasJob: boolean;
    }
  | { readonly kind: 'job'; readonly clean: boolean; readonly sameBlock: boolean }
  /** `client.reconnect` to where it is. */
  | { readonly kind: 'redirect' };

export type ChaosStep =
  | { readonly atMs: number; readonly what: 'pool'; readonly pool: number; readonly trouble: Trouble }
  /** The trouble that lasted is over. */
  | { readonly atMs: number; readonly what: 'well'; readonly pool: number }
  /** An operator changes an account: its pools in another order, and its mode the other one where the account bears it. */
  | {
      readonly atMs: number;
      readonly what: 'account';
      readonly account: number;
      readonly rotation: number;
      readonly switchesMode: boolean;
    }
  /** A miner's connection ends by the miner's doing; it comes back. */
  | { readonly atMs: number; readonly what: 'miner'; readonly miner: number };

/** How much there is to choose from. Only the miners at these places disconnect. */
export interface ChaosShape {
  readonly pools: number;
  readonly accounts: number;
  readonly restlessMiners: readonly number[];
  readonly rubbish: number;
}

const MEAN_GAP_MS = 120;
/** Between two troubles of one pool. */
const REST_MS = 300;
/** All that fit the default lane of four bytes. */
const EXTRANONCE2_BYTES = [4, 5, 6, 8] as const;
/** The proxy leaves a login that was refused alone for five seconds; two pools of an account must not be so at once, nor one twice in a row. */
const REFUSAL_REST_MS = 12_000;

/**
 * All that happens in `durationMs`, in order. A pure function of its arguments: the same seed is the same script, though not the same run, since what
 * it meets is a matter of timing.
 */
export function chaosScript(seed: number, durationMs: number, shape: ChaosShape): readonly ChaosStep[] {
  const random = seededRandom(seed);
  const below = (bound: number): number => Math.floor(random() * bound);
  const chance = (part: number): boolean => random() < part;
  const between = (least: number, most: number): number => Math.round(least + random() * (most - least));
  const size = (): number => EXTRANONCE2_BYTES[below(EXTRANONCE2_BYTES.length)] ?? 4;
  let refusedUntilMs = 0;

  const troubles: readonly ((atMs: number) => Trouble | null)[] = [
    () => ({ kind: 'cut', resets: chance(0.5) }),
    () => ({ kind: 'close-port', cuts: chance(0.8), forMs: between(200, 2500) }),
    () => ({
      kind: 'restart',
      forgets: chance(0.6),
      extranonce2Bytes: size(),
      forMs: between(50, 2000),
    }),
    () => ({ kind: 'hang', keeps: chance(0.5), forMs: between(300, 5000) }),
    () => ({ kind: 'no-verdicts', judges: chance(0.5), forMs: between(500, 4000) }),
    () => ({ kind: 'no-jobs', forMs: between(500, 5000) }),
    () => ({ kind: 'slow', replyDelayMs: between(20, 700), forMs: between(500, 3000) }),
    (atMs) => {
      if (atMs < refusedUntilMs) return null;
      const forMs = between(200, 1500);
      refusedUntilMs = atMs + forMs + REFUSAL_REST_MS;
      return { kind: 'refuse-logins', forMs };
    },
    () => ({ kind: 'rubbish', number: below(shape.rubbish), cuts: chance(0.3) }),
    () => ({ kind: 'set-extranonce', extranonce2Bytes: size() }),
    () => ({
      kind: 'difficulty',
      levels: (chance(0.5) ? 1 : -1) * (1 + below(2)),
      tellsNow: chance(0.5),
      hasJob: chance(0.7),
    }),
    () => ({ kind: 'job', clean: chance(0.6), sameBlock: chance(0.3) }),
    () => ({ kind: 'redirect' }),
  ];

  const steps: ChaosStep[] = [];
  const busyUntilMs = Array.from({ length: shape.pools }, () => 0);
  for (let atMs = 0; ; ) {
    atMs += Math.ceil(-Math.log(1 - random()) * MEAN_GAP_MS);
    if (atMs >= durationMs) break;
    const dice = random();
    if (dice < 0.08) {
      const account = below(shape.accounts);
      steps.push({
        atMs,
        what: 'account',
        account,
        rotation: below(3),
        switchesMode: chance(0.4),
      });
    } else if (dice < 0.2) {
      const miner = shape.restlessMiners[below(shape.restlessMiners.length)];
      if (miner !== undefined) steps.push({ atMs, what: 'miner', miner });
    } else {
      const pool = below(shape.pools);
      if ((busyUntilMs[pool] ?? 0) > atMs) continue;
      const trouble = troubles[below(troubles.length)]?.(atMs) ?? null;
      if (trouble === null) continue;
      steps.push({ atMs, what: 'pool', pool, trouble });
      const forMs = 'forMs' in trouble ? trouble.forMs : 0;
      busyUntilMs[pool] = atMs + forMs + REST_MS;
      if (forMs > 0) steps.push({ atMs: atMs + forMs, what: 'well', pool });
    }
  }
  return steps.toSorted((a, b) => a.atMs - b.atMs);
}
