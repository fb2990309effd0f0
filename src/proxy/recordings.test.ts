import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import { LineRecorder } from './line-recorder.ts';
import { Recordings } from './recordings.ts';

const OF = { address: '192.0.2.7:4000', account: '00112233445566aa', worker: 'rig1' };

describe('a recording', () => {
  test('keeps the newest 500 lines, and 256 KB', () => {
    const recorder = new LineRecorder(new HandClock(), 10, OF);
    for (let i = 0; i < 700; i += 1) recorder.received(`{"id":${i}}`);
    assert.deepEqual([recorder.lines.length, recorder.lines[0]?.text], [500, '{"id":200}']);
    for (let i = 0; i < 500; i += 1) recorder.sent(`${'a'.repeat(5000)}\nshort\n`, '');
    const size = recorder.lines.reduce((sum, { text }) => sum + text.length, 0);
    assert.ok(size <= 262_144 && size > 200_000, String(size));
    recorder.sent('b'.repeat(1_000_000), '');
    assert.ok((recorder.lines.at(-1)?.text.length ?? 0) < 9000);
  });

  test('ends by itself, is kept for a while, and forgotten', () => {
    const clock = new HandClock();
    const recordings = new Recordings(clock);
    recordings.start('a', 60, OF);
    recordings.running('a')?.received('{"id":1}');
    clock.nowMs += 59_000;
    assert.deepEqual(recordings.sweep(clock.nowMs), []);
    recordings.start('a', 60, OF);
    clock.nowMs += 59_000;
    assert.deepEqual(recordings.sweep(clock.nowMs), [], 'it was prolonged');
    clock.nowMs += 1000;
    assert.deepEqual(recordings.sweep(clock.nowMs), ['a']);
    assert.equal(recordings.running('a'), null);
    assert.deepEqual([recordings.show('a')?.sinceMs, recordings.show('a')?.lines.length], [null, 1]);
    const untilMs = clock.wallMs();
    assert.deepEqual(recordings.list(), [
      { id: 'a', ...OF, sinceMs: untilMs - 119_000, untilMs, isRunning: false, lines: 1 },
    ]);
    clock.nowMs += 3_600_001;
    recordings.sweep(clock.nowMs);
    assert.deepEqual([recordings.show('a'), recordings.list()], [null, []]);
  });

  test('is one of sixteen at most, and as many that have ended', () => {
    const clock = new HandClock();
    const recordings = new Recordings(clock);
    for (let i = 0; i < 16; i += 1) assert.ok(recordings.start(`a${i}`, 60, OF) !== null);
    assert.equal(recordings.start('more', 60, OF), null);
    assert.equal(recordings.stop('a0'), true);
    assert.equal(recordings.stop('a0'), false);
    assert.ok(recordings.start('more', 60, OF) !== null);
    clock.nowMs += 60_000;
    recordings.sweep(clock.nowMs);
    for (let i = 0; i < 16; i += 1) assert.ok(recordings.start(`b${i}`, 60, OF) !== null);
    const kept = Array.from({ length: 16 }, (_, i) => recordings.show(`a${i}`)).filter((one) => one !== null);
    assert.ok(kept.length <= 16);
    assert.equal(recordings.show('a0'), null, 'the oldest made room');
  });
});
