import type { Bench } from '../bench.ts';
import type { Rig } from '../rig.ts';
import type { Scenario } from '../scenario.ts';
import { fitLine } from '../statistics.ts';
import type { TargetKind, TargetName } from '../targets/target.ts';

const MINERS = 200;
const AT_ONCE = 50;
/** So many of them come back in the next cycle with the session id they had. */
const RETURNING = MINERS / 4;
const SHARES_MS = 50;
/** A part of the nonce space that a miner has left rests until the next block, so there have to be blocks. */
const BLOCK_MS = 3_000;
/** The books of an ended session are kept for a minute on purpose; until then they can only grow. */
const JUDGED_AFTER_MS = 70_000;
const TAKING_PART: ReadonlySet<TargetName> = new Set(['proxy', 'shared']);
/** What else is kept for a miner that may come back is kept for a second. */
const SHORT_MEMORY = ['--session.resumeSeconds', '1', '--upstream.lingerMs', '1000'];

/** Miners come, mine and go for minutes: what is left behind of each. */
export const soak: Scenario = {
  name: 'soak',
  title: 'Miners that come and go',
  metrics: () => [
    {
      id: 'soak.rss',
      label: 'coming and going: growth of RSS per 1,000 connections',
      unit: 'KB',
      decimals: 0,
      goal: null,
    },
    {
      id: 'soak.rssSure',
      label: 'the same, less twice its standard error',
      unit: 'KB',
      decimals: 0,
      goal: { max: 100 },
      variantGoals: { shared: { max: 100 } },
    },
    {
      id: 'soak.files',
      label: 'coming and going: growth of open files per 1,000 connections',
      unit: '',
      decimals: 2,
      goal: { max: 0.5 },
      variantGoals: { shared: { max: 0.5 } },
    },
    {
      id: 'soak.connections',
      label: 'connections made meanwhile',
      unit: '',
      decimals: 0,
      goal: null,
    },
  ],
  // The pool's connections of a dedicated miner outlive it by a second.
  openFiles: () => 20 * MINERS + 500,
  run: async (bench) => {
    if (bench.size.soakSeconds === 0) return;
    for (const kind of bench.kinds) if (TAKING_PART.has(kind.name)) await measure(bench, kind);
  },
};

async function measure(bench: Bench, kind: TargetKind): Promise<void> {
  const options = { connections: 2 * MINERS, cpus: null, proxyArguments: SHORT_MEMORY };
  await bench.withOne(kind, options, async (rig) => {
    const rssKb: Point[] = [];
    const files: Point[] = [];
    const { judged, connections } = await cycles(rig, bench.size.soakSeconds * 1_000);
    for (const reading of judged) {
      const x = reading.connections / 1_000;
      rssKb.push({ x, y: reading.rssKb });
      files.push({ x, y: reading.files });
    }
    bench.record('soak.connections', kind.name, connections);
    const rss = fitLine(rssKb);
    const open = fitLine(files);
    if (rss === null || open === null) throw new Error('too few cycles to fit a line to');
    bench.record('soak.rss', kind.name, rss.slope);
    bench.record('soak.rssSure', kind.name, Math.max(0, rss.slope - 2 * rss.slopeError));
    bench.record('soak.files', kind.name, open.slope);
  });
}

interface Point {
  readonly x: number;
  readonly y: number;
}

interface Reading {
  /** Made since the start. */
  readonly connections: number;
  readonly rssKb: number;
  readonly files: number;
}

/** Each cycle ends with a reading, taken when all its miners have gone. */
async function cycles(
  rig: Rig,
  durationMs: number,
): Promise<{ readonly judged: readonly Reading[]; readonly connections: number }> {
  const users = await rig.enrol(MINERS);
  const started = performance.now();
  const judged: Reading[] = [];
  let connections = 0;
  let blockAtMs = started + BLOCK_MS;
  let resume: readonly string[] = [];
  while (performance.now() < started + durationMs) {
    const { group } = await rig.connect('soak', MINERS, AT_ONCE, { users, resume });
    await rig.load('soak', group, null, SHARES_MS);
    if (performance.now() >= blockAtMs) {
      blockAtMs = performance.now() + BLOCK_MS;
      await rig.sendJob('soak', group);
    }
    resume = (await rig.leave('soak', group)).slice(0, RETURNING);
    connections += MINERS;
    if (performance.now() >= started + JUDGED_AFTER_MS)
      judged.push({ connections, rssKb: rig.memory().rssKb, files: rig.openFiles() });
  }
  return { judged, connections };
}
