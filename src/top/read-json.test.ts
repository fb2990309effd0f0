import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFleet, readPools } from './read-json.ts';

function states(pools: readonly unknown[]): readonly string[] {
  return readPools({ pools }).map(({ state }) => state);
}

describe('what the API says', () => {
  test('of the efficiency is that of the last hour with its error, of an older proxy that since its start', () => {
    const all = { efficiency: 0.9, efficiency1h: 0.99, efficiency1hError: 0.03 };
    assert.deepEqual(readFleet(all).efficiency, { span: '1h', share: 0.99, error: 0.03 });
    const none = { efficiency: 0.9, efficiency1h: null, efficiency1hError: null };
    assert.deepEqual(readFleet(none).efficiency, { span: '1h', share: null, error: null });
    assert.deepEqual(readFleet({ efficiency: 0.9 }).efficiency, {
      span: 'since-start',
      share: 0.9,
      error: null,
    });
  });

  test('of pools is their state, of an older proxy, or one with more words, only whether they are up', () => {
    const told = [{ state: 'idle' }, { state: 'refused' }, { state: 'connecting' }];
    assert.deepEqual(states(told), ['idle', 'refused', 'connecting']);
    assert.deepEqual(states([{ up: true }, { up: false }, { up: true, state: 'new' }]), ['up', 'down', 'up']);
    assert.equal(readFleet({ pools: { up: 1, down: 2, refused: 3 } }).poolsRefused, 3);
  });

  test('of a proxy that is not ready is why, in its words, and of an older one nothing', () => {
    const notReady = ['store: the disk is full', 'work: no jobs'];
    assert.deepEqual(readFleet({ ready: false, notReady }).notReady, notReady);
    assert.deepEqual(readFleet({}).notReady, []);
  });
});
