import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { sumOf } from '../exposition.ts';
import type { Rig } from '../rig.ts';
import type { Metric, Scenario } from '../scenario.ts';
import type { TargetKind, TargetName } from '../targets/target.ts';

const MINERS = 1_000;
const RATE = 1_000;
const WARM_UP_MS = 1_000;
const DURATION_MS = 3_000;
const KILL_AFTER_MS = 1_000;
const POLL_MS = 100;
/** So many readings in a row without a further login make a standby complete. */
const CALM_READINGS = 5;
const SETTLE_LIMIT_MS = 10_000;

/** How long the proxy waits for a verdict, shorter than usual so that what it holds back for the dead pool is settled while the bench looks. */
const SUBMIT_TIMEOUT_MS = 5_000;

const STANDBYS = ['cold', 'warm'] as const;
type Standby = (typeof STANDBYS)[number];
/** The others have a single pool. */
const TAKING_PART: ReadonlySet<TargetName> = new Set(['proxy', 'shared']);

/** The pool dies under load: how soon the miners work for the backup, and what has become of every share. */
export const failover: Scenario = {
  name: 'failover',
  title: 'Failover to the backup pool under load',
  metrics: () => STANDBYS.flatMap(metricsFor),
  // A dedicated miner may have connections to both pools while it changes over.
  openFiles: () => 3 * MINERS + 500,
  run: async (bench) => {
    for (let round = 0; round < bench.size.freshRounds; round++)
      for (const standby of STANDBYS)
        for (const kind of bench.kinds) if (TAKING_PART.has(kind.name)) await measure(bench, kind, standby);
  },
};

function metricsFor(standby: Standby): readonly Metric[] {
  const info = { goal: null };
  const second = { goal: { max: 1_000 }, variantGoals: { shared: { max: 1_000 } } };
  const none = { unit: '', decimals: 0, goal: { max: 0 }, variantGoals: { shared: { max: 0 } } };
  const ms = { unit: 'ms', decimals: 0 };
  return [
    {
      id: `failover.${standby}.first`,
      label: `pool dies, ${standby} standby: the first of ${MINERS} miners has the backup's job after`,
      ...ms,
      ...info,
    },
    {
      id: `failover.${standby}.last`,
      label: `the same, ${standby}: the last has it after`,
      ...ms,
      ...second,
    },
    { id: `failover.${standby}.sockets`, label: `the same, ${standby}: miners' sockets lost`, ...none },
    { id: `failover.${standby}.shares`, label: `the same, ${standby}: shares unaccounted for`, ...none },
    {
      id: `failover.${standby}.refused`,
      label: `the same, ${standby}: shares refused with a reason`,
      unit: '',
      decimals: 0,
      ...info,
    },
    {
      id: `failover.${standby}.wait`,
      label: `the same, ${standby}: longest wait for the answer to a share`,
      unit: 's',
      decimals: 2,
      ...info,
    },
  ];
}

async function measure(bench: Bench, kind: TargetKind, standby: Standby): Promise<void> {
  const where = `failover, ${standby} standby`;
  const proxyArguments = [
    '--failover.standby',
    standby,
    '--upstream.submitTimeoutMs',
    String(SUBMIT_TIMEOUT_MS),
  ];
  const options = { connections: MINERS, cpus: null, proxyArguments, withBackup: true };
  await bench.withOne(kind, options, async (rig) => {
    const { group } = await rig.connect(where, MINERS, 50);
    const warmUp = await rig.load(where, group, RATE, WARM_UP_MS);
    if (standby === 'warm') await standbyLogins(rig, Math.min(bench.options.accounts, MINERS));
    const { ran, killedUs, seen } = await rig.loadThroughFailover(where, group, {
      rate: RATE,
      durationMs: DURATION_MS,
      killAfterMs: KILL_AFTER_MS,
    });
    const gap = await gapOfBooks(rig, warmUp.sent + ran.sent);
    if (gap > 0)
      bench.fail(`${where}, ${kind.label}`, `the proxy's books differ by ${gap} shares from what was sent`);
    const record = (what: string, value: number): void =>
      bench.record(`failover.${standby}.${what}`, kind.name, value);
    if (seen.received > 0) record('first', (seen.firstUs - killedUs) / 1000);
    // Without the last of them there is no such time; that has failed the bench already.
    if (seen.missing === 0) record('last', (seen.lastUs - killedUs) / 1000);
    record('sockets', ran.gone);
    // A share that is missing in the books has not been answered either.
    record('shares', Math.max(ran.unanswered, gap));
    record('refused', ran.refused);
    record('wait', ran.slowestMs / 1000);
  });
}

/** Waits until the connections kept ready at the backup pool have logged in: one per account at the least, and no more coming. */
async function standbyLogins(rig: Rig, least: number): Promise<void> {
  const until = performance.now() + SETTLE_LIMIT_MS;
  let last = 0;
  for (let calm = 0; calm < CALM_READINGS; ) {
    if (performance.now() >= until)
      throw new Error(`${last} standby connections have logged in, not ${least}`);
    const { authorized } = await rig.backupCounts();
    calm = authorized === last && authorized >= least ? calm + 1 : 0;
    last = authorized;
    await sleep(POLL_MS);
  }
}

/** Shares that the proxy did not receive, has not settled, or settled more or less than once, by its own totals over all accounts. */
async function gapOfBooks(rig: Rig, sent: number): Promise<number> {
  const url = rig.target.metricsUrl;
  if (url === null) throw new Error(`${rig.target.kind.label} has no metrics to read`);
  const until = performance.now() + SETTLE_LIMIT_MS;
  for (;;) {
    const text = await (await fetch(url)).text();
    const received = sumOf(text, 'stratum_proxy_shares_received_total');
    const settled = sumOf(text, 'stratum_proxy_shares_total');
    const inFlight = sumOf(text, 'stratum_proxy_shares_in_flight');
    const gap = Math.abs(sent - received) + Math.abs(received - settled - inFlight) + inFlight;
    if (gap === 0 || performance.now() >= until) return gap;
    await sleep(POLL_MS);
  }
}
