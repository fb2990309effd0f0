import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ethashJob, SEED } from '../../test/support/ethash-fixtures.ts';
import { MIX_COMPLETION } from '../wire/dialects/ethash/completion.ts';
import { MixReadiness } from './mix-readiness.ts';
import { NO_MIX, type ShareMix } from './share-mix.ts';

test('what shares of an epoch take is asked for until it is there, and then not again', () => {
  const asked: string[] = [];
  const waiting: (() => void)[] = [];
  const slow: ShareMix = {
    ...NO_MIX,
    prepare: (algorithm, seed, then) => {
      asked.push(`${algorithm} ${seed}`);
      waiting.push(then);
      return false;
    },
  };
  let readyAgain = 0;
  const readiness = new MixReadiness(slow, () => {
    readyAgain += 1;
  });
  const isReady = (): boolean => readiness.isReadyFor('ethash', MIX_COMPLETION, ethashJob);
  assert.deepEqual([isReady(), isReady()], [false, false]);
  waiting.pop()?.();
  assert.equal(readyAgain, 1);
  assert.equal(isReady(), true);
  assert.deepEqual(asked, [`ethash ${SEED}`, `ethash ${SEED}`]);
});

test('where nothing has to be waited for it is ready at once, as it is for a job that names no epoch', () => {
  const readiness = new MixReadiness(NO_MIX, () => assert.fail('nobody waits'));
  assert.equal(readiness.isReadyFor('ethash', MIX_COMPLETION, ethashJob), true);
  const { seed: _, ...parts } = ethashJob.parts;
  assert.equal(readiness.isReadyFor('ethash', MIX_COMPLETION, { ...ethashJob, parts }), true);
});
