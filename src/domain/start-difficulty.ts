import { hashesOfDifficulty } from './difficulty.ts';
import {
  fixedDifficultyOf,
  isPositive,
  powerOfTwoAtMost,
  type StartBasis,
  type StartPoint,
  type VardiffPolicy,
  vardiffBounds,
} from './vardiff.ts';

/** What is known of a miner when it gets its first job. */
export interface StartFacts {
  /** Its rate when it was last seen, best over 15 minutes or more, in H/s. */
  readonly lastRateHs: number | null;
  /** Its user agent; empty where it gave none. */
  readonly agent: string;
  /** The difficulty that it asked for (`mining.suggest_difficulty`, a password's start value). */
  readonly wished: number | null;
  readonly policy: VardiffPolicy;
  /** Of the pool's algorithm: a share of difficulty 1 stands for 2^32 / divider hashes. */
  readonly divider: number;
}

/** What a kind of device does, in hashes per second; null where it does not mine that. */
interface Device {
  readonly agent: RegExp;
  readonly sha256dHs: number | null;
  readonly scryptHs: number | null;
  /** The name covers devices whose rates are decades apart. */
  readonly isRough?: true;
  /** Difficulty of the filter in its chips, below which they report nothing more. */
  readonly leastReported?: number;
}

/** The BM13xx chips of Bitaxe and its relatives report nonces of difficulty 256 and above (ESP-Miner main/device_config.h, `.difficulty`). */
const BM13XX_REPORTED = 256;

/**
 * The first entry that fits counts. Agents as seen in the field (the user agents that public-pool, ckpool-lhr and DATUM tell apart, docs/protocols); rates are makers' figures,
 * for chips of ESP-Miner `small_core_count × frequency` of main/device_config.h.
 */
const DEVICES: readonly Device[] = [
  // ESP32: 50–80 kH/s in software, up to 1 MH/s with the chip's SHA unit (NerdMiner_v2, NMMiner, BitsyMiner, SparkMiner, LeafMiner). NerdMiner wishes 0.00015: 65 kH/s.
  {
    agent:
      /^(?:nerd ?miner|han_solominer|nmminer|bitsyminer|sparkminer|leafminer|heliosminer|nerdnos|esp-?32)/i,
    sha256dHs: 200e3,
    scryptHs: null,
  },
  // Boards with several chips come before their chip: 4, 6 or 8 of them.
  { agent: /^nerdoctaxe|^zyber8/i, sha256dHs: 8e12, scryptHs: null, leastReported: BM13XX_REPORTED },
  { agent: /^nerdqaxe\+\+|^nerdqx/i, sha256dHs: 4.8e12, scryptHs: null, leastReported: BM13XX_REPORTED },
  { agent: /^nerdqaxe/i, sha256dHs: 2.5e12, scryptHs: null, leastReported: BM13XX_REPORTED },
  { agent: /^gekkoaxe-gt/i, sha256dHs: 2.1e12, scryptHs: null, leastReported: BM13XX_REPORTED },
  { agent: /\bbm1370\b/i, sha256dHs: 1.07e12, scryptHs: null, leastReported: BM13XX_REPORTED },
  { agent: /\bbm1368\b/i, sha256dHs: 625e9, scryptHs: null, leastReported: BM13XX_REPORTED },
  { agent: /\bbm1366\b/i, sha256dHs: 434e9, scryptHs: null, leastReported: BM13XX_REPORTED },
  { agent: /\bbm1397\b/i, sha256dHs: 286e9, scryptHs: null, leastReported: BM13XX_REPORTED },
  {
    agent: /^(?:bitaxe|nmaxe|nerdaxe|luckyminer)/i,
    sha256dHs: 600e9,
    scryptHs: null,
    leastReported: BM13XX_REPORTED,
  },
  // Rented hashrate: many devices behind one connection.
  {
    agent: /^(?:nicehash|excavator|mrr|miningrigrentals)/i,
    sha256dHs: 500e12,
    scryptHs: 50e9,
    isRough: true,
  },
  // Antminer, named by its stock firmware or by LuxOS.
  { agent: /antminer l11/i, sha256dHs: null, scryptHs: 20e9 },
  { agent: /antminer l9/i, sha256dHs: null, scryptHs: 16e9 },
  { agent: /antminer l7/i, sha256dHs: null, scryptHs: 9.5e9 },
  { agent: /antminer l3/i, sha256dHs: null, scryptHs: 504e6 },
  { agent: /antminer [st]21.*hyd/i, sha256dHs: 335e12, scryptHs: null },
  { agent: /antminer [st]21/i, sha256dHs: 200e12, scryptHs: null },
  { agent: /antminer [st]19|antminer bhb42/i, sha256dHs: 110e12, scryptHs: null },
  { agent: /antminer [st]17/i, sha256dHs: 50e12, scryptHs: null },
  { agent: /antminer [st]9|bosminer.*-s9\b/i, sha256dHs: 13.5e12, scryptHs: null },
  { agent: /^whatsminer/i, sha256dHs: 110e12, scryptHs: null },
  {
    agent: /^antminer|bmminer|bosminer|luxminer|^xminer|^btminer|^powerplay|vnish|sealminer|teraflux/i,
    sha256dHs: 100e12,
    scryptHs: 9.5e9,
    isRough: true,
  },
  { agent: /avalon ?nano/i, sha256dHs: 5e12, scryptHs: null },
  { agent: /avalon/i, sha256dHs: 80e12, scryptHs: null, isRough: true },
  // Scrypt devices that name themselves.
  { agent: /elphapex|volcminer/i, sha256dHs: null, scryptHs: 14e9 },
  { agent: /mini.?doge/i, sha256dHs: null, scryptHs: 300e6 },
  { agent: /goldshell|ibelink/i, sha256dHs: null, scryptHs: 2e9, isRough: true },
  // Programs. cgminer drives everything from a USB stick to an Avalon.
  { agent: /cpuminer|^minerd/i, sha256dHs: 50e6, scryptHs: 50e3, isRough: true },
  { agent: /ccminer/i, sha256dHs: 1e9, scryptHs: 500e3, isRough: true },
  { agent: /sgminer/i, sha256dHs: 500e6, scryptHs: 500e3, isRough: true },
  { agent: /bfgminer/i, sha256dHs: 100e9, scryptHs: 50e6, isRough: true },
  { agent: /cgminer/i, sha256dHs: 5e12, scryptHs: 500e6, isRough: true },
];

/** Of an unknown miner. Rather low: a start too easy shows with the first shares, one too hard only by waiting. */
const UNKNOWN_SHA256D_HS = 500e9;
const UNKNOWN_SCRYPT_HS = 100e6;
/** Families with at least this divider hash about as slowly as scrypt, the others are taken as sha256d. */
const SCRYPT_DIVIDER = 65_536;

/** What a miner may ask for beside a start value. */
export interface MinerWishes {
  /** BIP310 `minimum-difficulty`, a password's `md=`. */
  readonly floor: number | null;
  /** A password's `d=`. */
  readonly fixed: number | null;
}

/** The policy of a session whose miner has wishes: its floor raises the operator's, never the cap. */
export function withWishes(policy: VardiffPolicy, wishes: MinerWishes): VardiffPolicy {
  const floor = Math.max(policy.minDifficulty ?? 0, wishes.floor ?? 0);
  return {
    ...policy,
    minDifficulty: floor > 0 ? floor : null,
    fixedDifficulty: wishes.fixed ?? policy.fixedDifficulty,
  };
}

/**
 * The difficulty of a session's first job: a fixed one, else the place of the rate it had before, else what it wishes, else the pace at which such a device
 * is measured. Within the policy's bounds always.
 */
export function startDifficulty(facts: StartFacts): StartPoint {
  const { policy, divider } = facts;
  const { lowest, highest } = vardiffBounds(policy);
  const device = DEVICES.find((known) => known.agent.test(facts.agent));
  const leastReported = device?.leastReported ?? null;
  const fixed = fixedDifficultyOf(policy);
  if (fixed !== null) return { difficulty: fixed, basis: 'wish', leastReported };
  const start = (wanted: number, basis: StartBasis): StartPoint => {
    const difficulty = Math.min(Math.max(powerOfTwoAtMost(wanted), lowest), highest);
    return { difficulty, basis, leastReported };
  };
  /** At this difficulty a miner of this rate has so many shares a minute. */
  const difficultyOf = (rateHs: number, perMinute: number): number =>
    (rateHs * 60) / (perMinute * hashesOfDifficulty(1, divider));

  if (isPositive(facts.lastRateHs))
    return start(difficultyOf(facts.lastRateHs, policy.sharesPerMinute), 'rate');
  if (isPositive(facts.wished)) return start(facts.wished, 'wish');
  const isScrypt = divider >= SCRYPT_DIVIDER;
  const usualHs = (isScrypt ? device?.scryptHs : device?.sha256dHs) ?? null;
  const rateHs = usualHs ?? (isScrypt ? UNKNOWN_SCRYPT_HS : UNKNOWN_SHA256D_HS);
  const measured = difficultyOf(rateHs, Math.max(policy.measureSharesPerMinute, policy.sharesPerMinute));
  const place = difficultyOf(rateHs, policy.sharesPerMinute);
  const isKnown = usualHs !== null && device?.isRough !== true;
  return start(Math.max(measured, Math.min(leastReported ?? 0, place)), isKnown ? 'agent' : 'guess');
}
