import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { KeyName } from '../../src/config/schema.ts';
import type { CpuMiner } from '../../src/practice/cpu-miner.ts';
import { Farm } from './farm.ts';
import type { Message } from './line-peer.ts';
import type { Program } from './program.ts';
import type { ScriptedMiner } from './scripted-miner.ts';
import { notify, type ScriptedPool, setDifficulty } from './scripted-pool.ts';
import { until } from './until.ts';

/** Settings as flags. */
export type Flags = Readonly<Partial<Record<KeyName, string | number>>>;

/** Keys that an {@link effect} has been written for. */
export const seenKeys = new Set<string>();

/** A test of settings in the running program, whose clock can be turned. Every key that is given counts as seen, so each of them has to show. */
export function effect(name: string, flags: Flags, check: (farm: Farm) => Promise<void>): void {
  for (const key of Object.keys(flags)) seenKeys.add(key);
  test(`${Object.keys(flags).join(', ')}: ${name}`, async () => {
    await using farm = await Farm.open({
      hasTurnableClock: true,
      flags: Object.entries(flags).flatMap(([key, value]) => [`--${key}`, String(value)]),
    });
    await check(farm);
  });
}

/** Waits for a hashing miner's first job. */
export async function mining(miner: CpuMiner): Promise<void> {
  await miner.waitFor(({ authorized, jobs }) => authorized && jobs >= 1);
}

/** A scripted miner that has logged in, its jobs to be taken. */
export async function loggedIn(farm: Farm, account: string, sessionId?: string): Promise<ScriptedMiner> {
  const miner = await farm.scriptedMiner({
    user: account,
    ...(sessionId === undefined ? {} : { sessionId }),
  });
  await miner.subscribe();
  assert.equal((await miner.authorize())['result'], true);
  return miner;
}

/** A scripted miner with its first job from a pool that does nothing by itself. */
export async function onScriptedPool(
  farm: Farm,
): Promise<{ readonly pool: ScriptedPool; readonly miner: ScriptedMiner; readonly job: Message }> {
  const pool = await farm.scriptedPool();
  const miner = await farm.scriptedMiner({ user: await farm.account(pool, 'wallet') });
  await miner.subscribe();
  miner.sendAuthorize();
  const peer = await pool.login();
  peer.send(setDifficulty(1), notify());
  return { pool, miner, job: await miner.nextMethod('mining.notify') };
}

/** Connections refused or closed by the program, by reason. */
export async function refusals(program: Program): Promise<Readonly<Record<string, number>>> {
  const rows = (await program.metrics()).series('stratum_proxy_connections_refused_total');
  return Object.fromEntries(rows.map(({ labels, value }) => [labels['reason'] ?? '', value]));
}

/** Waits until they are these. */
export async function refused(program: Program, expected: Readonly<Record<string, number>>): Promise<void> {
  let last: Readonly<Record<string, number>> = {};
  await until(
    async () => {
      last = await refusals(program);
      return isDeepStrictEqual(last, expected);
    },
    () => `${JSON.stringify(expected)} refused, but ${JSON.stringify(last)}`,
  );
}
