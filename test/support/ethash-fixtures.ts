import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { RelayedWork } from '../../src/domain/job.ts';
import type { Assembled, JobView, RelayedShare, ShareFacts } from '../../src/wire/dialect.ts';

const vector = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));

/** The share of the NiceHash specification, recomputed. */
export const nicehash = vector('ethash-nicehash-v1') as {
  readonly seedhash: string;
  readonly epoch: number;
  readonly headerhash: string;
  readonly extranonce: string;
  readonly miner_nonce: string;
  readonly full_nonce: string;
  readonly mix_hash: string;
  readonly result: string;
  readonly share_difficulty: string;
  readonly lines: readonly string[];
  readonly cross_flavour: {
    readonly eth_proxy_submit_params: readonly string[];
    readonly ethereum_stratum_2_submit_params_when_extranonce_is_a2eea0: readonly string[];
  };
};

/** Difficulties of the family with their targets and expected hashes. */
export const difficulties = (
  vector('other-targets') as {
    readonly families: readonly {
      readonly name: string;
      readonly values: readonly {
        readonly difficulty: string;
        readonly target: string;
        readonly expected_hashes_per_share: string;
      }[];
    }[];
  }
).families.find(({ name }) => name.startsWith('ethash family'));

export const HEADER = nicehash.headerhash;
export const SEED = nicehash.seedhash;
export const MIX = nicehash.mix_hash;
/** Difficulty 1. */
export const TARGET = `00000000ffff${'0'.repeat(52)}`;

export const ethashJob: RelayedWork = {
  family: 'ethash',
  poolJobId: 'pool-7',
  block: '6526d5',
  clean: true,
  target: null,
  algorithm: null,
  parts: { header: HEADER, seed: SEED, height: '6526d5' },
};

export const ethashView: JobView = {
  jobId: '2a',
  work: ethashJob,
  coinb1Insert: '',
  lane: '',
  ntime: 0,
  clean: true,
  difficulty: 1,
  target: null,
  scale: 1,
  divider: 1,
  sessionId: '6351117f64',
};

export const ethashFacts: ShareFacts = {
  user: 'account.rig',
  work: ethashJob,
  poolJobId: 'pool-7',
  version: 0,
  ntime: 0,
  extranonce1: '',
  extranonce2Bytes: 0,
  lane: '',
  versionMask: 0,
  isRolling: false,
  judges: false,
};

// oxlint-disable-next-line no-control-regex
const ASCII_LINE = /^[\u0020-\u007e]+\n$/;

/** One line, ASCII, JSON: what it says. */
export function parseLine(line: string): Record<string, unknown> {
  assert.match(line, ASCII_LINE);
  return JSON.parse(line) as Record<string, unknown>;
}

/** The share of an assembly that has to have worked. */
export function shareOf(assembled: Assembled): RelayedShare {
  assert.ok(assembled.kind === 'share' && assembled.share.family === 'ethash', JSON.stringify(assembled));
  return assembled.share;
}
