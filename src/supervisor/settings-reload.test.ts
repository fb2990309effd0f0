import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HandClock } from '../../test/support/hand-clock.ts';
import { buildConfig } from '../config/schema.ts';
import { silentLog } from '../kit/log.ts';
import { type LoadAgain, SettingsReload } from './settings-reload.ts';

describe('settings that are read again', () => {
  test('how the last attempt went is known, and faults are told a few at a time, shortened', async () => {
    const clock = new HandClock();
    const config = buildConfig(new Map());
    const refusals: (readonly string[])[] = [];
    let next: LoadAgain = { kind: 'ok', config };
    const settings = new SettingsReload(
      {
        log: silentLog,
        clock,
        load: () => next,
        prepare: () => [],
        apply() {},
        onReloaded() {},
        onRefused: (problems) => refusals.push(problems),
      },
      config,
    );
    const startedMs = clock.wallMs();
    assert.deepEqual(settings.lastReload, { isSuccessful: true, succeededAtMs: startedMs });
    clock.nowMs += 1000;
    next = { kind: 'invalid', problems: ['x'.repeat(5000), 'b', 'c', 'd', 'e', 'f', 'g', 'h'] };
    await settings.reload();
    assert.deepEqual(settings.lastReload, { isSuccessful: false, succeededAtMs: startedMs });
    assert.deepEqual(
      refusals.map((problems) => problems.map(({ length }) => length)),
      [[300, 1, 1, 1, 1, 29]],
    );
    assert.equal(refusals[0]?.at(-1), 'and 3 more, which the log has');
    next = { kind: 'ok', config };
    await settings.reload();
    assert.deepEqual(settings.lastReload, { isSuccessful: true, succeededAtMs: startedMs + 1000 });
  });
});
