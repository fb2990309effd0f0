import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChaosFarm } from '../support/chaos-farm.ts';
import { chaosScript } from '../support/chaos-script.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? 1);
const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 12);

const SHAPE = { pools: 6, accounts: 6, restlessMiners: [3, 5, 8], rubbish: 10 };

test('the same seed is the same script, another seed another', () => {
  const script = chaosScript(7, 60_000, SHAPE);
  assert.deepEqual(chaosScript(7, 60_000, SHAPE), script);
  assert.notDeepEqual(chaosScript(8, 60_000, SHAPE), script);
  assert.ok(script.length > 150);
});

test(`whatever pools do for ${SECONDS} s, no miner loses its socket and every share is in one bucket (CHAOS_SEED=${SEED})`, async (t) => {
  await using farm = await ChaosFarm.open();
  try {
    await farm.run(chaosScript(SEED, SECONDS * 1000, farm.shape), (story) => t.diagnostic(story));
    await farm.recover();
    await farm.balance();
    t.diagnostic(farm.summary());
    await farm.close();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `CHAOS_SEED=${SEED} CHAOS_SECONDS=${SECONDS} does it again: ${reason}\n\n${farm.story()}`,
      { cause: error },
    );
  }
});
