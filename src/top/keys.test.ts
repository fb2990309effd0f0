import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FleetEvent } from './fleet.ts';
import { type Key, pressKey } from './keys.ts';
import { initialState, type TopState, withEvents } from './state.ts';

const PAGE = 10;

const START: TopState = {
  ...initialState({ source: '', sort: { key: 'hashrate', order: 'desc' }, filter: '' }),
  workers: { offset: 0, rows: [], total: 25 },
};

function keyOf(word: string): Key {
  return word.length === 1 ? { name: /[a-z]/.test(word) ? word : undefined, sequence: word } : { name: word };
}

/** What these keys make of it; none of them may end it. */
function pressed(state: TopState, ...words: readonly string[]): TopState {
  let now = state;
  for (const word of words) {
    const outcome = pressKey(now, keyOf(word), PAGE);
    assert.ok(typeof outcome !== 'string', word);
    now = outcome;
  }
  return now;
}

describe('pressKey', () => {
  test('scrolls by rows and pages, and neither before the first nor past the last', () => {
    const moves = [
      [['down'], 1],
      [['down', 'up', 'up'], 0],
      [['pagedown'], 10],
      [['pagedown', 'pagedown', 'pagedown'], 15],
      [['end'], 15],
      [['end', 'pageup', 'home'], 0],
    ] as const;
    for (const [words, scroll] of moves) assert.equal(pressed(START, ...words).scroll, scroll, words.join());
  });

  test('sorts by the next column, the other way round, from the first row', () => {
    const worker = pressed({ ...START, scroll: 5 }, 's');
    assert.deepEqual([worker.sort, worker.scroll], [{ key: 'worker', order: 'asc' }, 0]);
    assert.deepEqual(pressed(worker, 'r').sort, { key: 'worker', order: 'desc' });
    assert.deepEqual(pressed(START, ...Array.from({ length: 9 }, () => 's')).sort, START.sort);
  });

  test('switches between the views and back', () => {
    assert.equal(pressed(START, 'p').view, 'pools');
    assert.equal(pressed(START, 'p', 'p').view, 'workers');
    assert.equal(pressed(START, 'p', 'e').view, 'events');
    assert.equal(pressed(START, 'e', 'w').view, 'workers');
  });

  test('takes a filter letter by letter, or leaves the old one', () => {
    const typing = pressed(START, '/', 'r', 'i', 'q', 'backspace', 'g');
    assert.deepEqual([typing.typing, typing.filter], ['rig', '']);
    assert.deepEqual([pressed(typing, 'return').filter, pressed(typing, 'return').typing], ['rig', null]);
    assert.deepEqual([pressed(typing, 'escape').filter, pressed(typing, 'escape').typing], ['', null]);
    assert.equal(pressed(typing, 'return', 'escape').filter, '');
    // A filter is no place for what a key sends beside its letters.
    assert.equal(pressed(typing, '\u001b').typing, 'rig');
  });

  test('q and Ctrl-C end it, q within a filter does not', () => {
    assert.equal(pressKey(START, keyOf('q'), PAGE), 'quit');
    assert.equal(pressKey(pressed(START, '/'), { name: 'c', ctrl: true }, PAGE), 'quit');
    assert.equal(pressed(START, '/', 'q').typing, 'q');
    assert.equal(pressKey(START, { name: 'z', ctrl: true }, PAGE), 'suspend');
  });
});

function event(id: number): FleetEvent {
  return { id, atMs: 0, kind: '', severity: 'info', message: '' };
}

test('events are kept once each, in the order of their ids, the newest thousand', () => {
  const state = withEvents(withEvents(START, [event(2), event(3)]), [event(1), event(3)]);
  assert.deepEqual(
    state.events.map(({ id }) => id),
    [1, 2, 3],
  );
  const many = withEvents(
    state,
    Array.from({ length: 1500 }, (_, i) => event(i + 10)),
  );
  assert.deepEqual([many.events.length, many.events.at(-1)?.id], [1000, 1509]);
});
