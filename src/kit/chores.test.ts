import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { HandClock } from '../../test/support/hand-clock.ts';
import { RecordingLog } from '../../test/support/http-fixtures.ts';
import { Chores } from './chores.ts';

test('chores are done at their times, never twice at once, and go on after a failure that is logged once', async () => {
  const clock = new HandClock();
  const log = new RecordingLog();
  let runs = 0;
  let run = Promise.withResolvers<void>();
  const chores = new Chores({ clock, log }, [
    {
      name: 'sweep',
      everyMs: 1000,
      run: () => {
        runs += 1;
        run = Promise.withResolvers();
        return run.promise;
      },
    },
  ]);
  const look = async (afterMs: number): Promise<void> => {
    clock.nowMs += afterMs;
    chores.look();
    await turn();
  };
  await look(999);
  assert.equal(runs, 0);
  await look(1);
  await look(5000);
  assert.equal(runs, 1, 'the first is under way still');
  for (const expected of [2, 3]) {
    run.reject(new Error('no'));
    await turn();
    await look(999);
    await look(1);
    assert.equal(runs, expected);
  }
  assert.equal(log.lines.filter((line) => line.startsWith('warn')).length, 1, log.text);
  run.resolve();
  await chores.stop();
  await look(5000);
  assert.equal(runs, 3);
});
